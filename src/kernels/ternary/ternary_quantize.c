/* ternary_quantize.c - a vector to int8 and its scale, with or without the norm before it. */
#include <math.h>
#include <string.h>

#include "kernels/norm/norm.h"
#include "kernels/ternary/ternary.h"
#include "kernels/ternary/ternary_math.h"
#include "kernels/ternary/ternary_sweep.h"
#include "kernels/variant/variant.h"

static const struct ternary_sweep table[] = {
    { "scalar", 0, ternary_sweep_scalar },
#if defined(__x86_64__)
    { "avx512", VARIANT_AVX512, ternary_sweep_avx512 },
    { "avx2", VARIANT_AVX2, ternary_sweep_avx2 },
#elif defined(__aarch64__)
    { "neon", VARIANT_NEON, ternary_sweep_neon },
#endif
};

enum { SWEEPS = sizeof(table) / sizeof(table[0]) };

const struct ternary_sweep *ternary_sweeps(int *n)
{
    *n = SWEEPS;
    return table;
}

size_t ternary_vector_bytes(size_t cols)
{
    return act_bytes(ACT_Q8_ROW, cols) + cols * sizeof(float); /* cols is a multiple of 64 */
}

/* d of `a`, which lies in `buffer`, times f. */
static void scale_by(struct act *a, void *buffer, float f)
{
    float d = a->d[0] * f;

    memcpy((char *)buffer + ((const char *)a->d - (const char *)buffer), &d, sizeof(d));
}

void ternary_quantize(const float *x, const float *g, float eps, enum ternary_order how,
                      size_t cols, void *buffer, struct act *out)
{
    float *y = (float *)(void *)((char *)buffer + act_bytes(ACT_Q8_ROW, cols));

    if (!g) {
        act_quantize(ACT_Q8_ROW, x, cols, buffer, out);
        return;
    }
    if (how == TERNARY_FUSED) {
        int best = variant_best(table, sizeof(table[0]), SWEEPS, cpu_here(), NULL);
        float sum = table[best].run(x, g, y, cols);

        act_quantize(ACT_Q8_ROW, y, cols, buffer, out);
        scale_by(out, buffer, ternary_norm_factor(sum, eps, (int)cols));
        return;
    }
    norm_best(cpu_here(), NULL)->rms(x, g, eps, y, cols);
    for (size_t i = 0; how == TERNARY_STRICT && i < cols; i++)
        y[i] = bf16_to_f32(f32_to_bf16(y[i]));
    act_quantize(ACT_Q8_ROW, y, cols, buffer, out);
}

/* d in F64, and in `largest` max |x g|; NaN where something is not finite. */
static double reference_d(const float *x, const float *g, float eps, size_t n, double *largest)
{
    double sum = 0, max = 0;

    for (size_t i = 0; i < n; i++) {
        double v = (double)x[i] * (g ? (double)g[i] : 1);

        sum += (double)x[i] * (double)x[i];
        if (!isfinite((float)v) || (g && !isfinite((float)sum)))
            return NAN;
        max = fmax(max, fabs(v));
    }
    *largest = max;
    if ((float)(max / 127) < TERNARY_SCALE_MIN)
        return 0;
    return max / 127 * (g ? 1 / sqrt(sum / (double)n + (double)eps) : 1);
}

double ternary_reference_error(const float *x, const float *g, float eps, const struct act *a)
{
    const double half_ulp = 0x1p-24;
    double largest = 0, d = reference_d(x, g, eps, a->cols, &largest), got = (double)a->d[0];
    double roundings = (double)a->cols / TERNARY_SUM + 8 + 10, worst;

    if (isnan(d) || isnan(got))
        return isnan(d) && isnan(got) ? 0 : HUGE_VAL;
    worst = d == 0 ? (got == 0 ? 0 : HUGE_VAL) : fabs(got - d) / (d * roundings * half_ulp);
    for (size_t i = 0; i < a->cols; i++) {
        double want = d == 0 ? 0 : (double)x[i] * (g ? (double)g[i] : 1) * 127 / largest;
        double off = fabs((double)a->q[i] - want) / (0.5 + 127 * 8 * half_ulp);

        worst = off > worst ? off : worst;
    }
    return worst;
}
