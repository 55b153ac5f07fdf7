/* rope_variants.c - the table of variants, and the F64 reference. */
#include "kernels/rope/rope.h"

#include "kernels/rope/rope_isa.h"
#include "kernels/variant/variant.h"

static const struct rope_variant table[] = {
    { "scalar", 0, rope_scalar },
#if defined(__x86_64__)
    { "avx512", VARIANT_AVX512, rope_avx512 },
    { "avx2", VARIANT_AVX2, rope_avx2 },
#elif defined(__aarch64__)
    { "neon", VARIANT_NEON, rope_neon },
#endif
};

enum { VARIANTS = sizeof(table) / sizeof(table[0]) };

const struct rope_variant *rope_variants(int *n)
{
    *n = VARIANTS;
    return table;
}

const struct rope_variant *rope_best(const struct cpu_info *cpu, const char *name)
{
    int i = variant_best(table, sizeof(table[0]), VARIANTS, cpu, name);

    return i < 0 ? NULL : &table[i];
}

void rope_reference(const struct rope_args *a, const float *x, double *y)
{
    for (int i = 0; i < a->heads * a->head_dim; i++) {
        const int d = i % a->head_dim, pairs = a->rot / 2;
        const int step = a->kind == ROPE_PAIR ? 1 : pairs;
        const int pair = a->kind == ROPE_PAIR ? d / 2 : d % (pairs ? pairs : 1);
        const int second = a->kind == ROPE_PAIR ? d % 2 : d >= pairs;

        y[i] = (double)x[i];
        if (a->kind == ROPE_NONE || d >= a->rot)
            continue;
        y[i] *= (double)a->cos[pair];
        y[i] += (second ? (double)x[i - step] : -(double)x[i + step]) * (double)a->sin[pair];
    }
}
