/* norm_variants.c - the table of variants, and the F64 reference. */
#include "kernels/norm/norm.h"

#include <math.h>

#include "kernels/norm/norm_isa.h"
#include "kernels/variant/variant.h"

static const struct norm_variant table[] = {
    { "scalar", 0, norm_scalar_rms, norm_scalar_layer },
#if defined(__x86_64__)
    { "avx512", VARIANT_AVX512, norm_avx512_rms, norm_avx512_layer },
    { "avx2", VARIANT_AVX2, norm_avx2_rms, norm_avx2_layer },
#elif defined(__aarch64__)
    { "neon", VARIANT_NEON, norm_neon_rms, norm_neon_layer },
#endif
};

enum { VARIANTS = sizeof(table) / sizeof(table[0]) };

const struct norm_variant *norm_variants(int *n)
{
    *n = VARIANTS;
    return table;
}

const struct norm_variant *norm_best(const struct cpu_info *cpu, const char *name)
{
    int i = variant_best(table, sizeof(table[0]), VARIANTS, cpu, name);

    return i < 0 ? NULL : &table[i];
}

void norm_reference_rms(const float *x, const float *g, double eps, double *y, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    for (size_t i = 0; i < n; i++)
        y[i] = (double)x[i] / sqrt(sum / (double)n + eps) * (double)g[i];
}

void norm_reference_layer(const float *x, const float *g, const float *b, double eps, double *y,
                          size_t n)
{
    double mean = 0, sum = 0;

    for (size_t i = 0; i < n; i++)
        mean += (double)x[i];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        sum += ((double)x[i] - mean) * ((double)x[i] - mean);
    for (size_t i = 0; i < n; i++)
        y[i] = ((double)x[i] - mean) / sqrt(sum / (double)n + eps) * (double)g[i] + (double)b[i];
}
