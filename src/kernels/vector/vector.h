/* vector.h - F32 vectors of the instruction set that a file is compiled for.
 *
 * A kernel's body is written once over these and compiled in one file an instruction set
 * (*_avx512.c, *_avx2.c, *_neon.c), and in *_scalar.c, which defines KERNELS_VECTOR_SCALAR, with
 * vectors of one lane.  VEC_LANES divides 16: sums are kept in 16 lanes everywhere, so that the
 * order of additions is the same.
 *
 * vec_load_pairs gives 2 VEC_LANES values, those of even and those of odd index.  vec_madd rounds
 * once where the CPU has FMA, twice in scalar code.  In vec_max a NaN in the second operand comes
 * out; one in the first may be lost.  vec_sum_lane adds halves to halves. */
#ifndef KERNELS_VECTOR_VECTOR_H
#define KERNELS_VECTOR_VECTOR_H

#if defined(KERNELS_VECTOR_SCALAR)
#include "kernels/vector/vector_scalar.h"
#elif defined(__AVX512F__)
#include "kernels/vector/vector_avx512.h"
#elif defined(__AVX2__)
#include "kernels/vector/vector_avx2.h"
#elif defined(__aarch64__)
#include "kernels/vector/vector_neon.h"
#else
#include "kernels/vector/vector_scalar.h"
#endif

#include <math.h>
#include <string.h>

enum { VEC_SUM = 16, VEC_SUM_VECS = VEC_SUM / VEC_LANES };

/* The first n < VEC_LANES values, the others 0. */
static inline vec vec_load_some(const float *p, size_t n)
{
    float lane[VEC_LANES] = { 0 };

    memcpy(lane, p, n * sizeof(*p));
    return vec_load(lane);
}

/* As the types of 16 bits hold it. */
static inline vec vec_round_f16(vec a)
{
    uint16_t half[VEC_LANES];

    vec_store_f16(half, a);
    return vec_load_f16(half);
}

static inline vec vec_round_bf16(vec a)
{
    uint16_t half[VEC_LANES];

    vec_store_bf16(half, a);
    return vec_load_bf16(half);
}

static inline void vec_store_some(float *p, vec a, size_t n)
{
    float lane[VEC_LANES];

    vec_store(lane, a);
    memcpy(p, lane, n * sizeof(*p));
}

/* The sum of 16 lanes: halves are added to halves. */
static inline float vec_sum16(const vec s[VEC_SUM_VECS])
{
    vec half[VEC_SUM_VECS];

    for (int i = 0; i < VEC_SUM_VECS; i++)
        half[i] = s[i];
    for (int n = VEC_SUM_VECS / 2; n > 0; n /= 2)
        for (int i = 0; i < n; i++)
            half[i] = vec_add(half[i], half[i + n]);
    return vec_sum_lane(half[0]);
}

/* exp(x) for x that is not above 88: within 1 ulp (test_softmax.c); 0 below VEC_EXP_LEAST, NaN for
 * NaN.
 *
 * x = n ln 2 + r with |r| <= ln(2) / 2; exp(r) = 1 + r + r^2 q(r), q of least relative error
 * (3e-9, by Lawson's iteration) and degree 4.  Adding 1.5 * 2^23 rounds to an integer and leaves it
 * in the low bits; 2^(n - 1) is made from them and the factor of 2 kept apart, for n = 128. */
#define VEC_EXP_LEAST    (-86.6f)
#define VEC_EXP_GREATEST 88.7228317f

static inline vec vec_exp_below(vec x)
{
    const vec shift = vec_set1(0x1.8p23f);
    const vec t = vec_madd(x, vec_set1(0x1.715476p0f), shift), n = vec_sub(t, shift);
    vec r, q, y;

    /* ln 2 in two parts; the first has 15 bits, so that n times it is exact. */
    r = vec_madd(n, vec_set1(-0x1.62e4p-1f), x);
    r = vec_madd(n, vec_set1(-0x1.7f7d1cp-20f), r);
    q = vec_set1(0x1.6a2352p-10f);
    q = vec_madd(q, r, vec_set1(0x1.123a6cp-7f));
    q = vec_madd(q, r, vec_set1(0x1.5558f4p-5f));
    q = vec_madd(q, r, vec_set1(0x1.555490p-3f));
    q = vec_madd(q, r, vec_set1(0x1.fffffcp-2f));
    y = vec_madd(vec_mul(r, r), q, r);
    y = vec_add(y, vec_set1(1));
    y = vec_mul(vec_add(y, y), vec_pow2_shifted(t));
    return vec_if_less(x, vec_set1(VEC_EXP_LEAST), vec_set1(0), y);
}

/* exp(x) for any x; infinity where F32 ends. */
static inline vec vec_exp(vec x)
{
    return vec_if_less(vec_set1(VEC_EXP_GREATEST), x, vec_set1(INFINITY), vec_exp_below(x));
}

#endif
