/* softmax_variants.c - the table of variants, and the F64 reference. */
#include "kernels/softmax/softmax.h"

#include <math.h>

#include "kernels/softmax/softmax_isa.h"
#include "kernels/variant/variant.h"

static const struct softmax_variant table[] = {
    { "scalar", 0, softmax_scalar_run, softmax_scalar_log_sum_exp },
#if defined(__x86_64__)
    { "avx512", VARIANT_AVX512, softmax_avx512_run, softmax_avx512_log_sum_exp },
    { "avx2", VARIANT_AVX2, softmax_avx2_run, softmax_avx2_log_sum_exp },
#elif defined(__aarch64__)
    { "neon", VARIANT_NEON, softmax_neon_run, softmax_neon_log_sum_exp },
#endif
};

enum { VARIANTS = sizeof(table) / sizeof(table[0]) };

const struct softmax_variant *softmax_variants(int *n)
{
    *n = VARIANTS;
    return table;
}

const struct softmax_variant *softmax_best(const struct cpu_info *cpu, const char *name)
{
    int i = variant_best(table, sizeof(table[0]), VARIANTS, cpu, name);

    return i < 0 ? NULL : &table[i];
}

static double most_of(const float *x, size_t n)
{
    double most = -INFINITY;

    for (size_t i = 0; i < n; i++)
        most = fmax(most, (double)x[i]);
    return most;
}

void softmax_reference(const float *x, double scale, double *y, size_t n)
{
    const double most = most_of(x, n);
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        y[i] = exp(scale * ((double)x[i] - most));
        sum += y[i];
    }
    for (size_t i = 0; i < n; i++)
        y[i] /= sum;
}

double softmax_reference_log_sum_exp(const float *x, size_t n)
{
    const double most = most_of(x, n);
    double sum = exp((double)x[0] - most);

    for (size_t i = 1; i < n; i++)
        sum += exp((double)x[i] - most);
    return most + log(sum);
}
