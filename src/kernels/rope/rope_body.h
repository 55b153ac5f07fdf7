/* rope_body.h - the rotation over the vectors of vector.h; rope_<isa>.c compiles it.  No
 * multiply-add is fused. */
#ifndef KERNELS_ROPE_ROPE_BODY_H
#define KERNELS_ROPE_ROPE_BODY_H

#include "kernels/rope/rope.h"
#include "kernels/vector/vector.h"

static inline void rope_turn(float *a, float *b, float c, float s)
{
    const float x = *a, y = *b;

    *a = x * c - y * s;
    *b = x * s + y * c;
}

static inline void rope_half(const struct rope_args *a, float *x)
{
    const int pairs = a->rot / 2;
    int i = 0;

    for (; i + VEC_LANES <= pairs; i += VEC_LANES) {
        const vec c = vec_load(a->cos + i), s = vec_load(a->sin + i);
        const vec u = vec_load(x + i), v = vec_load(x + pairs + i);

        vec_store(x + i, vec_sub(vec_mul(u, c), vec_mul(v, s)));
        vec_store(x + pairs + i, vec_add(vec_mul(u, s), vec_mul(v, c)));
    }
    for (; i < pairs; i++)
        rope_turn(x + i, x + pairs + i, a->cos[i], a->sin[i]);
}

static inline void rope_pair(const struct rope_args *a, float *x)
{
    const int pairs = a->rot / 2;
    int i = 0;

    for (; i + VEC_LANES <= pairs; i += VEC_LANES) {
        const vec c = vec_load(a->cos + i), s = vec_load(a->sin + i);
        vec u, v;

        vec_load_pairs(x + 2 * i, &u, &v);
        vec_store_pairs(x + 2 * i, vec_sub(vec_mul(u, c), vec_mul(v, s)),
                        vec_add(vec_mul(u, s), vec_mul(v, c)));
    }
    for (; i < pairs; i++)
        rope_turn(x + 2 * i, x + 2 * i + 1, a->cos[i], a->sin[i]);
}

static inline void rope_body(const struct rope_args *a, float *x)
{
    for (int h = 0; h < a->heads; h++, x += a->head_dim) {
        if (a->kind == ROPE_HALF)
            rope_half(a, x);
        else if (a->kind == ROPE_PAIR)
            rope_pair(a, x);
    }
}

#endif
