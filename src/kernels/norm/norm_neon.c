/* norm_neon.c - norm_body.h for NEON. */
#include "kernels/norm/norm_isa.h"

#include "kernels/norm/norm_body.h"

void norm_neon_rms(const float *x, const float *g, float eps, float *y, size_t n)
{
    norm_body_rms(x, g, eps, y, n);
}

void norm_neon_layer(const float *x, const float *g, const float *b, float eps, float *y, size_t n)
{
    norm_body_layer(x, g, b, eps, y, n);
}
