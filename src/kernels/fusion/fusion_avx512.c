/* fusion_avx512.c - fusion_body.h for AVX-512. */
#include "kernels/fusion/fusion_isa.h"

#include "kernels/fusion/fusion_body.h"

void fusion_avx512_add(const float *x, const float *add, float *y, size_t n)
{
    fusion_body_add(x, add, y, n);
}
