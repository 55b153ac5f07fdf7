/* fusion_avx2.c - fusion_body.h for AVX2 with FMA and F16C. */
#include "kernels/fusion/fusion_isa.h"

#include "kernels/fusion/fusion_body.h"

void fusion_avx2_add(const float *x, const float *add, float *y, size_t n)
{
    fusion_body_add(x, add, y, n);
}
