/* norm_body.h - both normalisations over the vectors of vector.h; norm_<isa>.c compiles it.
 *
 * No multiply-add is fused, and value i goes into partial sum i % 16: so all give the same bits. */
#ifndef KERNELS_NORM_NORM_BODY_H
#define KERNELS_NORM_NORM_BODY_H

#include "kernels/norm/norm.h"
#include "kernels/vector/vector.h"

/* Sum of (x[i] - mean)^2, or where `square` is 0 of x[i] - mean. */
static inline float norm_sum(const float *x, size_t n, float mean, int square)
{
    vec sum[VEC_SUM_VECS];
    float last[VEC_SUM] = { 0 };
    size_t whole = n / VEC_SUM * VEC_SUM;

    for (int v = 0; v < VEC_SUM_VECS; v++)
        sum[v] = vec_set1(0);
    for (size_t i = 0; i < whole; i += VEC_SUM)
        for (int v = 0; v < VEC_SUM_VECS; v++) {
            const vec d = vec_sub(vec_load(x + i + v * VEC_LANES), vec_set1(mean));

            sum[v] = vec_add(sum[v], square ? vec_mul(d, d) : d);
        }
    for (size_t i = whole; i < n; i++) {
        const float d = x[i] - mean;

        last[i - whole] = square ? d * d : d;
    }
    for (int v = 0; v < VEC_SUM_VECS; v++)
        sum[v] = vec_add(sum[v], vec_load(last + v * VEC_LANES));
    return vec_sum16(sum);
}

/* y = (x - mean) factor g + b, without b where it is NULL. */
static inline void norm_apply(const float *x, float mean, float factor, const float *g,
                              const float *b, float *y, size_t n)
{
    size_t i = 0;

    for (; i + VEC_LANES <= n; i += VEC_LANES) {
        vec d = vec_sub(vec_load(x + i), vec_set1(mean));

        d = vec_mul(vec_mul(d, vec_set1(factor)), vec_load(g + i));
        vec_store(y + i, b ? vec_add(d, vec_load(b + i)) : d);
    }
    for (; i < n; i++) {
        const float d = (x[i] - mean) * factor * g[i];

        y[i] = b ? d + b[i] : d;
    }
}

/* Infinity would hide itself: 1 / sqrt(infinity) is 0. */
static inline float norm_factor(float sum, float eps, size_t n)
{
    return isfinite(sum) ? 1.0f / sqrtf(sum / (float)n + eps) : NAN;
}

static inline void norm_body_rms(const float *x, const float *g, float eps, float *y, size_t n)
{
    norm_apply(x, 0, norm_factor(norm_sum(x, n, 0, 1), eps, n), g, NULL, y, n);
}

static inline void norm_body_layer(const float *x, const float *g, const float *b, float eps,
                                   float *y, size_t n)
{
    const float mean = norm_sum(x, n, 0, 0) / (float)n;

    norm_apply(x, mean, norm_factor(norm_sum(x, n, mean, 1), eps, n), g, b, y, n);
}

#endif
