/* norm_isa.h - the code paths behind the table in norm_variants.c, one file each. */
#ifndef KERNELS_NORM_NORM_ISA_H
#define KERNELS_NORM_NORM_ISA_H

#include <stddef.h>

#define NORM_ISA(isa)                                                                            \
    void norm_##isa##_rms(const float *x, const float *g, float eps, float *y, size_t n);        \
    void norm_##isa##_layer(const float *x, const float *g, const float *b, float eps, float *y, \
                            size_t n);
NORM_ISA(scalar)
NORM_ISA(avx2)
NORM_ISA(avx512)
NORM_ISA(neon)
#undef NORM_ISA

#endif
