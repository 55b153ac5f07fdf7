/* ternary_sweep_body.h - ternary_sweep.h over the vectors of vector.h; ternary_sweep_<isa>.c
 * compiles it. */
#ifndef KERNELS_TERNARY_TERNARY_SWEEP_BODY_H
#define KERNELS_TERNARY_TERNARY_SWEEP_BODY_H

#include "kernels/ternary/ternary_math.h"
#include "kernels/ternary/ternary_sweep.h"
#include "kernels/vector/vector.h"

/* 32 neighbours. */
static inline float ternary_sweep_group(const float *s)
{
    vec half[VEC_SUM_VECS];

    for (int v = 0; v < VEC_SUM_VECS; v++)
        half[v] = vec_add(vec_load(s + v * VEC_LANES), vec_load(s + VEC_SUM + v * VEC_LANES));
    return vec_sum16(half);
}

static inline float ternary_sweep_body(const float *x, const float *g, float *xg, size_t n)
{
    float s[TERNARY_SUM] = { 0 };
    float group[TERNARY_SUM_GROUPS];

    for (size_t at = 0; at < n; at += TERNARY_SUM) {
        size_t have = n - at < TERNARY_SUM ? n - at : TERNARY_SUM;

        for (size_t i = 0; i < have; i += VEC_LANES) {
            const vec v = vec_load(x + at + i);

            vec_store(xg + at + i, vec_mul(v, vec_load(g + at + i)));
            vec_store(s + i, vec_add(vec_load(s + i), vec_mul(v, v)));
        }
    }
    for (int k = 0; k < TERNARY_SUM_GROUPS; k++)
        group[k] = ternary_sweep_group(s + k * TERNARY_SUM_GROUP);
    for (int half = TERNARY_SUM_GROUPS / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            group[k] += group[k + half];
    return group[0];
}

#endif
