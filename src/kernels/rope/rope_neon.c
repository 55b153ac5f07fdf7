/* rope_neon.c - rope_body.h for NEON. */
#include "kernels/rope/rope_isa.h"

#include "kernels/rope/rope_body.h"

void rope_neon(const struct rope_args *a, float *x)
{
    rope_body(a, x);
}
