/* fusion_body.h - an addition over the vectors of vector.h; fusion_<isa>.c compiles it. */
#ifndef KERNELS_FUSION_FUSION_BODY_H
#define KERNELS_FUSION_FUSION_BODY_H

#include "kernels/vector/vector.h"

static inline void fusion_body_add(const float *x, const float *add, float *y, size_t n)
{
    size_t i = 0;

    for (; i + VEC_LANES <= n; i += VEC_LANES)
        vec_store(y + i, vec_add(vec_load(x + i), vec_load(add + i)));
    for (; i < n; i++)
        y[i] = x[i] + add[i];
}

#endif
