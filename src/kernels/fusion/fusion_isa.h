/* fusion_isa.h - y = x + add for n floats, a file an instruction set; y may be x or add. */
#ifndef KERNELS_FUSION_FUSION_ISA_H
#define KERNELS_FUSION_FUSION_ISA_H

#include <stddef.h>

#define FUSION_ISA(isa) \
    void fusion_##isa##_add(const float *x, const float *add, float *y, size_t n);
FUSION_ISA(scalar)
FUSION_ISA(avx2)
FUSION_ISA(avx512)
FUSION_ISA(neon)
#undef FUSION_ISA

#endif
