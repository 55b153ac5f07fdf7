/* rope_isa.h - the code paths behind the table in rope_variants.c, one file each. */
#ifndef KERNELS_ROPE_ROPE_ISA_H
#define KERNELS_ROPE_ROPE_ISA_H

#include "kernels/rope/rope.h"

void rope_scalar(const struct rope_args *a, float *x);
void rope_avx2(const struct rope_args *a, float *x);
void rope_avx512(const struct rope_args *a, float *x);
void rope_neon(const struct rope_args *a, float *x);

#endif
