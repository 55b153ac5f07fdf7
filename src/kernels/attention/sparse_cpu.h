/* sparse_cpu.h - block-sparse attention on a CPU: the table of variants. */
#ifndef KERNELS_ATTENTION_SPARSE_CPU_H
#define KERNELS_ATTENTION_SPARSE_CPU_H

#include "host/cpu.h"
#include "kernels/attention/sparse.h"

/* Scalar first, then in the order of preference; begins like struct variant. */
struct sparse_variant {
    const char *name;
    uint64_t needs; /* bits 1 << enum cpu_feature, all of them */
    /* One of the sparse_lists(p) lists of a pattern that has passed sparse_check: O and LSE of its
     * block row.  Threads may take lists in any order; the bits are the list's own. */
    void (*run)(const struct sparse_pattern *p, const struct sparse_args *a, int list);
};

const struct sparse_variant *sparse_variants(int *n);

#endif
