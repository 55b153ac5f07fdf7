/* ternary_sweep.h - the one pass over x of the fused form: x g, and the sum of squares of x. */
#ifndef KERNELS_TERNARY_TERNARY_SWEEP_H
#define KERNELS_TERNARY_TERNARY_SWEEP_H

#include <stddef.h>
#include <stdint.h>

/* xg[i] = x[i] g[i]; the sum as ternary_math.h says.  n is a multiple of 64.  All give the same
 * bits. */
typedef float ternary_sweep_fn(const float *x, const float *g, float *xg, size_t n);

ternary_sweep_fn ternary_sweep_scalar, ternary_sweep_avx2, ternary_sweep_avx512, ternary_sweep_neon;

struct ternary_sweep {
    const char *name;
    uint64_t needs;
    ternary_sweep_fn *run;
};

/* The table, scalar first, then in the order of preference. */
const struct ternary_sweep *ternary_sweeps(int *n);

#endif
