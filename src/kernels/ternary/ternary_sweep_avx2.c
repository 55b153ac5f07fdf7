/* ternary_sweep_avx2.c - ternary_sweep_body.h for AVX2. */
#include "kernels/ternary/ternary_sweep_body.h"

float ternary_sweep_avx2(const float *x, const float *g, float *xg, size_t n)
{
    return ternary_sweep_body(x, g, xg, n);
}
