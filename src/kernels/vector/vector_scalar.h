/* vector_scalar.h - vectors of one lane, in plain C; vector.h says what they promise. */
#ifndef KERNELS_VECTOR_VECTOR_SCALAR_H
#define KERNELS_VECTOR_VECTOR_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/dtype/dtype.h"

enum { VEC_LANES = 1 };
typedef float vec;

static inline vec vec_set1(float x)
{
    return x;
}

static inline vec vec_load(const float *p)
{
    return *p;
}

static inline void vec_store(float *p, vec a)
{
    *p = a;
}

static inline vec vec_load_f16(const uint16_t *p)
{
    return f16_to_f32(*p);
}

static inline void vec_store_f16(uint16_t *p, vec a)
{
    *p = f32_to_f16(a);
}

static inline vec vec_load_bf16(const uint16_t *p)
{
    return bf16_to_f32(*p);
}

static inline void vec_store_bf16(uint16_t *p, vec a)
{
    *p = f32_to_bf16(a);
}

static inline vec vec_add(vec a, vec b)
{
    return a + b;
}

static inline vec vec_sub(vec a, vec b)
{
    return a - b;
}

static inline vec vec_mul(vec a, vec b)
{
    return a * b;
}

static inline vec vec_div(vec a, vec b)
{
    return a / b;
}

static inline vec vec_madd(vec a, vec b, vec c)
{
    return a * b + c;
}

static inline vec vec_max(vec a, vec b)
{
    return a > b ? a : b;
}

static inline vec vec_if_less(vec a, vec b, vec yes, vec no)
{
    return a < b ? yes : no;
}

static inline float vec_max_lane(vec a)
{
    return a;
}

static inline float vec_sum_lane(vec a)
{
    return a;
}

/* Is a < b in any lane? */
static inline bool vec_any_less(vec a, vec b)
{
    return a < b;
}

static inline vec vec_pow2_shifted(vec t)
{
    uint32_t bits;
    float y;

    memcpy(&bits, &t, sizeof(bits));
    bits = (bits + 126) << 23;
    memcpy(&y, &bits, sizeof(y));
    return y;
}

static inline void vec_load_pairs(const float *p, vec *even, vec *odd)
{
    *even = p[0];
    *odd = p[1];
}

static inline void vec_store_pairs(float *p, vec even, vec odd)
{
    p[0] = even;
    p[1] = odd;
}

#endif
