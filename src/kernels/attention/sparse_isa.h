/* sparse_isa.h - the code paths behind the table in sparse_variants.c, one file each. */
#ifndef KERNELS_ATTENTION_SPARSE_ISA_H
#define KERNELS_ATTENTION_SPARSE_ISA_H

#include "kernels/attention/sparse_cpu.h"

#define SPARSE_ISA(isa) \
    void sparse_cpu_##isa(const struct sparse_pattern *p, const struct sparse_args *a, int list);
SPARSE_ISA(scalar)
SPARSE_ISA(avx2)
SPARSE_ISA(avx512)
SPARSE_ISA(neon)
#undef SPARSE_ISA

#endif
