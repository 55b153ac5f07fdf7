/* rope_avx512.c - rope_body.h for AVX-512. */
#include "kernels/rope/rope_isa.h"

#include "kernels/rope/rope_body.h"

void rope_avx512(const struct rope_args *a, float *x)
{
    rope_body(a, x);
}
