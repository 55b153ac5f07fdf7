/* softmax_isa.h - the code paths behind the table in softmax_variants.c, one file each. */
#ifndef KERNELS_SOFTMAX_SOFTMAX_ISA_H
#define KERNELS_SOFTMAX_SOFTMAX_ISA_H

#include <stddef.h>

#define SOFTMAX_ISA(isa)                                                       \
    void softmax_##isa##_run(const float *x, float scale, float *y, size_t n); \
    double softmax_##isa##_log_sum_exp(const float *x, size_t n);
SOFTMAX_ISA(scalar)
SOFTMAX_ISA(avx2)
SOFTMAX_ISA(avx512)
SOFTMAX_ISA(neon)
#undef SOFTMAX_ISA

#endif
