/* ternary_sweep_scalar.c - ternary_sweep_body.h for plain C. */
#define KERNELS_VECTOR_SCALAR
#include "kernels/ternary/ternary_sweep_body.h"

float ternary_sweep_scalar(const float *x, const float *g, float *xg, size_t n)
{
    return ternary_sweep_body(x, g, xg, n);
}
