/* attention_variants.c - the table of variants. */
#include "kernels/attention/attention.h"

#include "kernels/attention/attention_isa.h"
#include "kernels/variant/variant.h"

static const struct attention_variant table[] = {
    { "scalar", 0, attention_scalar_store, attention_scalar_run, attention_scalar_merge },
#if defined(__x86_64__)
    { "avx512", VARIANT_AVX512, attention_avx512_store, attention_avx512_run,
      attention_avx512_merge },
    { "avx2", VARIANT_AVX2, attention_avx2_store, attention_avx2_run, attention_avx2_merge },
#elif defined(__aarch64__)
    { "neon", VARIANT_NEON, attention_neon_store, attention_neon_run, attention_neon_merge },
#endif
};

enum { VARIANTS = sizeof(table) / sizeof(table[0]) };

const struct attention_variant *attention_variants(int *n)
{
    *n = VARIANTS;
    return table;
}

const struct attention_variant *attention_best(const struct cpu_info *cpu, const char *name)
{
    int i = variant_best(table, sizeof(table[0]), VARIANTS, cpu, name);

    return i < 0 ? NULL : &table[i];
}
