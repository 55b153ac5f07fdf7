/* attention.c - the table of variants, and the F64 reference. */
#include "kernels/attention/attention.h"

#include <math.h>
#include <string.h>

#include "kernels/attention/attention_isa.h"
#include "kernels/attention/attention_plan.h"
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

static double cached(const struct attention_args *a, const void *head, int i)
{
    float x;

    if (a->kv_dtype == DTYPE_F16)
        return (double)f16_to_f32(((const uint16_t *)head)[i]);
    memcpy(&x, (const float *)head + i, sizeof(x));
    return (double)x;
}

static double score(const struct attention_args *a, const float *q, int kv, int p)
{
    double s = 0;

    for (int d = 0; d < a->head_dim; d++)
        s += (double)q[d] * cached(a, attention_k(a, p, kv), d * KV_PAGE + p % KV_PAGE);
    return (double)a->scale * s;
}

/* One row: the greatest score, then the sums of weights and of weighted values. */
static void reference_row(const struct attention_args *a, int t, int h, double *out)
{
    const struct attention_span sees = attention_sees(a, t);
    const int kv = h / (a->heads / a->kv_heads);
    const float *q = a->q + (size_t)t * a->ldq + (size_t)(h * a->head_dim);
    double most = -INFINITY, sum = 0;

    for (int d = 0; d < a->head_dim; d++)
        out[d] = 0;
    for (int p = sees.lo; p < sees.hi; p++)
        most = fmax(most, score(a, q, kv, p));
    for (int p = sees.lo; p < sees.hi; p++) {
        const double weight = exp(score(a, q, kv, p) - most);

        sum += weight;
        for (int d = 0; d < a->head_dim; d++)
            out[d] += weight * cached(a, attention_v(a, p, kv), p % KV_PAGE * a->head_dim + d);
    }
    for (int d = 0; d < a->head_dim; d++)
        out[d] /= sum;
}

void attention_reference(const struct attention_args *a, double *out)
{
    for (int t = 0; t < a->tokens; t++)
        for (int h = 0; h < a->heads; h++)
            reference_row(a, t, h,
                          out + ((size_t)t * (size_t)a->heads + (size_t)h) * (size_t)a->head_dim);
}
