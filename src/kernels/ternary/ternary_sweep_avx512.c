/* ternary_sweep_avx512.c - ternary_sweep_body.h for AVX-512. */
#include "kernels/ternary/ternary_sweep_body.h"

float ternary_sweep_avx512(const float *x, const float *g, float *xg, size_t n)
{
    return ternary_sweep_body(x, g, xg, n);
}
