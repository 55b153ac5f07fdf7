/* norm_scalar.c - norm_body.h in plain C. */
#define KERNELS_VECTOR_SCALAR
#include "kernels/norm/norm_isa.h"

#include "kernels/norm/norm_body.h"

void norm_scalar_rms(const float *x, const float *g, float eps, float *y, size_t n)
{
    norm_body_rms(x, g, eps, y, n);
}

void norm_scalar_layer(const float *x, const float *g, const float *b, float eps, float *y,
                       size_t n)
{
    norm_body_layer(x, g, b, eps, y, n);
}
