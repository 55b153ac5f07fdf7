/* api_cpu_sparse.h - lists of headroom.h on the CPU, with threads of their own. */
#ifndef API_API_CPU_SPARSE_H
#define API_API_CPU_SPARSE_H

#include <headroom.h>

#include "kernels/attention/sparse.h"

struct api_cpu_sparse;

/* The pattern, which has passed sparse_check, is copied. */
int api_cpu_sparse_open(struct api_cpu_sparse **out, const struct sparse_pattern *p,
                        const struct headroom_sparse_options *o, struct err *e);
void api_cpu_sparse_run(struct api_cpu_sparse *s, const struct sparse_args *a);
void api_cpu_sparse_close(struct api_cpu_sparse *s); /* NULL is fine */
const char *api_cpu_sparse_name(const struct api_cpu_sparse *s);

/* Name i of the variants that this CPU can run; NULL: there are no more. */
const char *api_cpu_sparse_variant(int i);

#endif
