/* rope_avx2.c - rope_body.h for AVX2 with FMA and F16C. */
#include "kernels/rope/rope_isa.h"

#include "kernels/rope/rope_body.h"

void rope_avx2(const struct rope_args *a, float *x)
{
    rope_body(a, x);
}
