/* activation_variants.c - the table of variants, and the F64 reference. */
#include "kernels/activation/activation.h"

#include <math.h>

#include "kernels/activation/activation_isa.h"
#include "kernels/variant/variant.h"

static const struct activation_variant table[] = {
    { "scalar", 0, activation_scalar },
#if defined(__x86_64__)
    { "avx512", VARIANT_AVX512, activation_avx512 },
    { "avx2", VARIANT_AVX2, activation_avx2 },
#elif defined(__aarch64__)
    { "neon", VARIANT_NEON, activation_neon },
#endif
};

enum { VARIANTS = sizeof(table) / sizeof(table[0]) };

const struct activation_variant *activation_variants(int *n)
{
    *n = VARIANTS;
    return table;
}

const struct activation_variant *activation_best(const struct cpu_info *cpu, const char *name)
{
    int i = variant_best(table, sizeof(table[0]), VARIANTS, cpu, name);

    return i < 0 ? NULL : &table[i];
}

/* By the formulas of the header, but for GELU below -1, where 1 + tanh loses digits even in F64. */
static double value(enum activation a, double g, double u)
{
    const double z = sqrt(2 / acos(-1)) * (u + 0.044715 * u * u * u);

    switch (a) {
    case ACTIVATION_GELU_TANH: return u < -1 ? u / (1 + exp(-2 * z)) : 0.5 * u * (1 + tanh(z));
    case ACTIVATION_SILU: return g / (1 + exp(-g)) * u;
    case ACTIVATION_RELU2: return (g < 0 ? 0 : g * g) * u;
    }
    return NAN;
}

void activation_reference(enum activation a, const float *gate, const float *up, double *y,
                          size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = value(a, gate ? (double)gate[i] : 0, (double)up[i]);
}
