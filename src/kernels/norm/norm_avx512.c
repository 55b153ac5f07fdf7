/* norm_avx512.c - norm_body.h for AVX-512. */
#include "kernels/norm/norm_isa.h"

#include "kernels/norm/norm_body.h"

void norm_avx512_rms(const float *x, const float *g, float eps, float *y, size_t n)
{
    norm_body_rms(x, g, eps, y, n);
}

void norm_avx512_layer(const float *x, const float *g, const float *b, float eps, float *y,
                       size_t n)
{
    norm_body_layer(x, g, b, eps, y, n);
}
