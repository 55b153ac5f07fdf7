/* attention_isa.h - the code paths behind the table in attention_variants.c, one file each. */
#ifndef KERNELS_ATTENTION_ATTENTION_ISA_H
#define KERNELS_ATTENTION_ATTENTION_ISA_H

#include "kernels/attention/attention.h"

#define ATTENTION_ISA(isa)                                                  \
    void attention_##isa##_store(const struct attention_args *a, int item); \
    void attention_##isa##_run(const struct attention_args *a, int item);   \
    void attention_##isa##_merge(const struct attention_args *a, int item);
ATTENTION_ISA(scalar)
ATTENTION_ISA(avx2)
ATTENTION_ISA(avx512)
ATTENTION_ISA(neon)
#undef ATTENTION_ISA

#endif
