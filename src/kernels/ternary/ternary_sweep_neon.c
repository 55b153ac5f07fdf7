/* ternary_sweep_neon.c - ternary_sweep_body.h for NEON. */
#include "kernels/ternary/ternary_sweep_body.h"

float ternary_sweep_neon(const float *x, const float *g, float *xg, size_t n)
{
    return ternary_sweep_body(x, g, xg, n);
}
