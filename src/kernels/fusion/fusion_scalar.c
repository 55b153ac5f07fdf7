/* fusion_scalar.c - fusion_body.h of one lane. */
#include "kernels/fusion/fusion_isa.h"

#define KERNELS_VECTOR_SCALAR
#include "kernels/fusion/fusion_body.h"

void fusion_scalar_add(const float *x, const float *add, float *y, size_t n)
{
    fusion_body_add(x, add, y, n);
}
