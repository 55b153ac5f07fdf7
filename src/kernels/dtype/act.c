/* act.c - activations to int8 with scales, and the table of code paths that do it. */
#include "kernels/dtype/act.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "kernels/dtype/act_quantizer.h"

enum { ALIGN = 64, SUM = 16 };

#define CPU(f) (UINT64_C(1) << CPU_##f)

static const struct act_quantizer table[] = {
    { "scalar", 0, act_scalar_groups },
#ifdef __x86_64__
    { "avx512", CPU(AVX512F) | CPU(AVX512BW) | CPU(AVX512DQ) | CPU(AVX512VL), act_avx512_groups },
    { "avx2", CPU(AVX2) | CPU(FMA) | CPU(F16C), act_avx2_groups },
#elif defined(__aarch64__)
    { "neon", CPU(NEON), act_neon_groups },
#endif
};

const struct act_quantizer *act_quantizers(int *n)
{
    *n = (int)(sizeof(table) / sizeof(table[0]));
    return table;
}

const char *act_kind_name(enum act_kind k)
{
    static const char *const names[] = { [ACT_F32] = "f32",
                                         [ACT_Q8_32] = "int8 per 32",
                                         [ACT_Q8_256] = "int8 per 256",
                                         [ACT_Q8_ROW] = "int8 per row" };

    return names[k];
}

enum act_kind act_kind_of(enum dtype weight)
{
    const struct dtype_info *d = dtype_info(weight);

    if (d->ternary)
        return ACT_Q8_ROW;
    return d->block == 1 ? ACT_F32 : d->block == 32 ? ACT_Q8_32 : ACT_Q8_256;
}

static size_t group_of(enum act_kind k, size_t cols)
{
    return k == ACT_Q8_32 ? 32 : k == ACT_Q8_256 ? 256 : cols;
}

static size_t padded(size_t bytes)
{
    return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static size_t groups_of(enum act_kind k, size_t cols)
{
    return cols > 0 ? cols / group_of(k, cols) : 0;
}

size_t act_bytes(enum act_kind k, size_t cols)
{
    if (k == ACT_F32)
        return 0;
    return padded(cols) + padded(groups_of(k, cols) * sizeof(float)) +
           padded(cols / SUM * sizeof(int16_t));
}

/* The first behind scalar that this CPU has. */
static const struct act_quantizer *chosen(void)
{
    static const struct act_quantizer *_Atomic best;
    const struct act_quantizer *q = atomic_load_explicit(&best, memory_order_relaxed);
    uint64_t have;

    if (q)
        return q;
    have = cpu_here()->features;
    q = &table[0];
    for (size_t i = 1; i < sizeof(table) / sizeof(table[0]) && q == &table[0]; i++)
        if ((table[i].needs & ~have) == 0)
            q = &table[i];
    atomic_store_explicit(&best, q, memory_order_relaxed);
    return q;
}

void act_quantize(enum act_kind k, const float *x, size_t cols, void *buffer, struct act *out)
{
    size_t group = group_of(k, cols), groups = groups_of(k, cols);
    int8_t *q = buffer;
    float *d;
    int16_t *sum;

    if (k == ACT_F32) {
        *out = (struct act){ .kind = k, .cols = cols, .x = x };
        return;
    }
    d = (float *)(void *)(q + padded(cols));
    sum = (int16_t *)(void *)((char *)d + padded(groups * sizeof(*d)));
    chosen()->groups(x, group, groups, q, d, sum);
    *out = (struct act){ .kind = k, .cols = cols, .q = q, .d = d, .sum = sum };
}

/* Largest magnitude; NaN where a value is not finite. */
static float absmax(const float *x, size_t n)
{
    float max = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return NAN;
        max = fabsf(x[i]) > max ? fabsf(x[i]) : max;
    }
    return max;
}

static void one_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum)
{
    const float large = 12582912; /* 1.5 * 2^23: adding it rounds to whole numbers, half to even */
    float max = absmax(x, n), scale;

    *d = max / 127;
    if (!(*d >= ACT_SCALE_MIN)) {
        *d = isnan(*d) ? NAN : 0;
        memset(q, 0, n);
        memset(sum, 0, n / SUM * sizeof(*sum));
        return;
    }
    scale = 127 / max;
    for (size_t i = 0; i < n; i += SUM) {
        int s = 0;

        for (size_t j = i; j < i + SUM; j++) {
            q[j] = (int8_t)(x[j] * scale + large - large);
            s += q[j];
        }
        sum[i / SUM] = (int16_t)s;
    }
}

void act_scalar_groups(const float *x, size_t group, size_t n, int8_t *q, float *d, int16_t *sum)
{
    for (size_t g = 0; g < n; g++)
        one_group(x + g * group, group, q + g * group, d + g, sum + g * (group / SUM));
}
