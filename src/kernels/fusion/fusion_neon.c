/* fusion_neon.c - fusion_body.h for NEON. */
#include "kernels/fusion/fusion_isa.h"

#include "kernels/fusion/fusion_body.h"

void fusion_neon_add(const float *x, const float *add, float *y, size_t n)
{
    fusion_body_add(x, add, y, n);
}
