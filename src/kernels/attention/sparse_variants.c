/* sparse_variants.c - the table of variants on a CPU. */
#include "kernels/attention/sparse_cpu.h"

#include "kernels/attention/sparse_isa.h"
#include "kernels/variant/variant.h"

static const struct sparse_variant table[] = {
    { "scalar", 0, sparse_cpu_scalar },
#if defined(__x86_64__)
    { "avx512", VARIANT_AVX512, sparse_cpu_avx512 },
    { "avx2", VARIANT_AVX2, sparse_cpu_avx2 },
#elif defined(__aarch64__)
    { "neon", VARIANT_NEON, sparse_cpu_neon },
#endif
};

const struct sparse_variant *sparse_variants(int *n)
{
    *n = sizeof(table) / sizeof(table[0]);
    return table;
}
