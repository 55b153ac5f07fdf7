/* activation_isa.h - the code paths behind the table in activation_variants.c, one file each. */
#ifndef KERNELS_ACTIVATION_ACTIVATION_ISA_H
#define KERNELS_ACTIVATION_ACTIVATION_ISA_H

#include "kernels/activation/activation.h"

#define ACTIVATION_ISA(isa)                                                                \
    void activation_##isa(enum activation a, const float *gate, const float *up, float *y, \
                          size_t n);
ACTIVATION_ISA(scalar)
ACTIVATION_ISA(avx2)
ACTIVATION_ISA(avx512)
ACTIVATION_ISA(neon)
#undef ACTIVATION_ISA

#endif
