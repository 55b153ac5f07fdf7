/* api_cpu_ternary.h - ternary weights of headroom.h on the CPU, with threads of their own. */
#ifndef API_API_CPU_TERNARY_H
#define API_API_CPU_TERNARY_H

#include <headroom.h>

#include "kernels/ternary/ternary.h"

/* The weights, checked, in the canonical form; *out is the caller's to release.  For GPUs too. */
int api_cpu_ternary_take(struct ternary *out, const struct headroom_ternary_weights *w,
                         struct err *e);

struct api_cpu_ternary;

/* m: taken on success.  norm [cols] (or NULL) is copied. */
int api_cpu_ternary_open(struct api_cpu_ternary **out, struct ternary *m, const float *norm,
                         float eps, const struct headroom_ternary_options *o, struct err *e);
void api_cpu_ternary_run(struct api_cpu_ternary *t, const float *x, float *y, int64_t n);
void api_cpu_ternary_close(struct api_cpu_ternary *t); /* NULL is fine */
const char *api_cpu_ternary_name(const struct api_cpu_ternary *t);

/* Name i of the variants that this CPU can run; NULL: there are no more. */
const char *api_cpu_ternary_variant(int i);

#endif
