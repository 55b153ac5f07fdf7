/* rope_scalar.c - rope_body.h in plain C. */
#define KERNELS_VECTOR_SCALAR
#include "kernels/rope/rope_isa.h"

#include "kernels/rope/rope_body.h"

void rope_scalar(const struct rope_args *a, float *x)
{
    rope_body(a, x);
}
