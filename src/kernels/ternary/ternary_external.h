/* ternary_external.h - a point of kernels.ternary by a library that the user names (external.h).
 *
 * Only op=matvec fused=fused: what headroom.h promises. */
#ifndef KERNELS_TERNARY_TERNARY_EXTERNAL_H
#define KERNELS_TERNARY_TERNARY_EXTERNAL_H

#include "kernels/ternary/ternary_bench.h"
#include "kernels/variant/external.h"

struct ternary_external {
    struct external theirs;
    struct headroom_ternary *handle; /* NULL: ours is measured */
};

/* Does the point exist?  true where no library is asked for. */
bool ternary_external_exists(const struct params *p);

/* Take the case's weights to it.  device, threads: as in headroom.h; stream: of a GPU, or NULL. */
int ternary_external_open(struct ternary_external *x, const char *path,
                          const struct ternary_case *t, int device, int threads, void *stream,
                          struct err *e);
void ternary_external_close(struct ternary_external *x); /* accepts a zeroed struct */

/* y [tokens][rows] from in [tokens][cols], on the device opened for. */
int ternary_external_run(const struct ternary_external *x, const float *in, float *y, size_t tokens,
                         void *stream, struct err *e);

/* Is y [tokens][rows] right?  want: the case's answer.  Another order of F32's operations in norm
 * and quantisation may move a value that lies between two integers to the other one, and scales by
 * their rounding; nothing else may differ.  Fills `check`; ERR_MISMATCH says where. */
int ternary_external_check(const struct ternary_case *t, const float *y, const float *want,
                           struct check *check, struct err *e);

#endif
