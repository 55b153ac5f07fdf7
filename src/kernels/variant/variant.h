/* variant.h - which code path of an operation to run: the choice that all tables of variants share.
 *
 * A table is an array of structs that begin with the two members of struct variant; its scalar
 * entry, which every CPU can run, stands first and the others in the order of preference. */
#ifndef KERNELS_VARIANT_VARIANT_H
#define KERNELS_VARIANT_VARIANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"

struct variant {
    const char *name;
    uint64_t needs; /* bits 1 << enum cpu_feature, all of them */
};

enum { VARIANT_SCALAR = 0 };

/* What the files *_avx2.c and so on are compiled for (tools/cmake/isa.cmake). */
#define VARIANT_AVX2 ((uint64_t)1 << CPU_AVX2 | (uint64_t)1 << CPU_FMA | (uint64_t)1 << CPU_F16C)
#define VARIANT_AVX512                                                                        \
    ((uint64_t)1 << CPU_AVX512F | (uint64_t)1 << CPU_AVX512BW | (uint64_t)1 << CPU_AVX512DQ | \
     (uint64_t)1 << CPU_AVX512VL | (uint64_t)1 << CPU_FMA)
#define VARIANT_NEON ((uint64_t)1 << CPU_NEON)

bool variant_runs(uint64_t needs, const struct cpu_info *cpu);

/* Of n entries of `stride` bytes: the preferred one that the CPU can run, or the one called `name`
 * if it can (NULL: any).  -1 when there is none of that name here. */
int variant_best(const void *table, size_t stride, int n, const struct cpu_info *cpu,
                 const char *name);

#endif
