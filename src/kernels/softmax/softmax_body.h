/* softmax_body.h - softmax over the vectors of vector.h; softmax_<isa>.c compiles it.
 *
 * Each block of SOFTMAX_BLOCK exponentials is summed in 16 F32 lanes, a few dozen terms a lane, and
 * the blocks in F64. */
#ifndef KERNELS_SOFTMAX_SOFTMAX_BODY_H
#define KERNELS_SOFTMAX_SOFTMAX_BODY_H

#include "kernels/softmax/softmax.h"
#include "kernels/vector/vector.h"

enum { SOFTMAX_BLOCK = 512 };

/* The greatest that is not NaN; -inf when there is none. */
static inline float softmax_max(const float *x, size_t n)
{
    vec m = vec_set1(-INFINITY);
    float most;
    size_t i = 0;

    for (; i + VEC_LANES <= n; i += VEC_LANES) {
        const vec v = vec_load(x + i);

        m = vec_if_less(m, v, v, m);
    }
    most = vec_max_lane(m);
    for (; i < n; i++)
        most = most < x[i] ? x[i] : most;
    return most;
}

/* The sum of exp(scale (x - most)); y, where it is not NULL, gets the terms. */
static inline double softmax_sum(const float *x, float scale, float most, float *y, size_t n)
{
    double sum = 0;

    for (size_t from = 0; from < n; from += SOFTMAX_BLOCK) {
        const size_t end = n - from < SOFTMAX_BLOCK ? n : from + SOFTMAX_BLOCK;
        vec part[VEC_SUM_VECS];
        size_t i = from;

        for (int v = 0; v < VEC_SUM_VECS; v++)
            part[v] = vec_set1(0);
        for (int v = 0; i + VEC_LANES <= end; i += VEC_LANES, v = (v + 1) % VEC_SUM_VECS) {
            const vec d = vec_sub(vec_load(x + i), vec_set1(most));
            const vec p = vec_exp(vec_mul(d, vec_set1(scale)));

            part[v] = vec_add(part[v], p);
            if (y)
                vec_store(y + i, p);
        }
        sum += (double)vec_sum16(part);
        if (i < end) {
            float p[VEC_LANES];

            vec_store(p, vec_exp(vec_mul(vec_sub(vec_load_some(x + i, end - i), vec_set1(most)),
                                         vec_set1(scale))));
            for (size_t k = 0; i + k < end; k++) {
                sum += (double)p[k];
                if (y)
                    y[i + k] = p[k];
            }
        }
    }
    return sum;
}

static inline void softmax_body(const float *x, float scale, float *y, size_t n)
{
    const float most = softmax_max(x, n);
    const float factor = (float)(1 / softmax_sum(x, scale, most, y, n));
    size_t i = 0;

    for (; i + VEC_LANES <= n; i += VEC_LANES)
        vec_store(y + i, vec_mul(vec_load(y + i), vec_set1(factor)));
    for (; i < n; i++)
        y[i] *= factor;
}

static inline double softmax_body_log_sum_exp(const float *x, size_t n)
{
    const float most = softmax_max(x, n);

    return (double)most + log(softmax_sum(x, 1, most, NULL, n));
}

#endif
