/* matmul_simd.h - vectors of 4-byte lanes for the tiled paths, and how large their tiles are.
 *
 * Which instructions these are depends on what the including file is compiled for (its name says
 * it: tools/cmake/isa.cmake).  Without any, four lanes of plain C: for the header's own sake. */
#ifndef KERNELS_GEMM_MATMUL_SIMD_H
#define KERNELS_GEMM_MATMUL_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/dtype/dtype.h"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* vpmaddubsw is what there is for bytes. */
#if defined(__AVX2__) && !defined(__AVX512F__) && !defined(__AVXVNNI__)
#define MADDUBS 1
#else
#define MADDUBS 0
#endif

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

/* A tile of codes is CODE_TOKENS tokens x CODE_VECTORS vectors of rows, one of floats likewise:
 * as large as the registers hold, with sums in int32 and in F32, the weights and one activation.
 * CODE_UNSIGNED: codes of up to this are held as they are, as uint8; larger ones less their offset,
 * as int8. */
#if defined(__AVX512F__)
enum { LANES = 16, CODE_VECTORS = 2, CODE_TOKENS = 6, FLOAT_VECTORS = 3, FLOAT_TOKENS = 8 };
#elif defined(__AVX2__)
enum { LANES = 8, CODE_VECTORS = 2, FLOAT_VECTORS = 2, FLOAT_TOKENS = 6 };
#if defined(__AVXVNNI__)
enum { CODE_TOKENS = 3 };
#else
enum { CODE_TOKENS = 4 };
#endif
#else
enum { LANES = 4, CODE_VECTORS = 4, CODE_TOKENS = 3, FLOAT_VECTORS = 4, FLOAT_TOKENS = 5 };
#endif
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
enum { CODE_UNSIGNED = 255 };
#elif MADDUBS
enum { CODE_UNSIGNED = 127 }; /* two products of it fit int16 */
#else
enum { CODE_UNSIGNED = -1 };
#endif

typedef int32_t vint __attribute__((vector_size(4 * LANES)));
typedef float vfloat __attribute__((vector_size(4 * LANES)));

INLINE vint load_int(const void *p)
{
    vint v;

    memcpy(&v, p, sizeof(v));
    return v;
}

INLINE vfloat load(const float *p)
{
    vfloat v;

    memcpy(&v, p, sizeof(v));
    return v;
}

INLINE vint all_int(int32_t x)
{
    return x - (vint){ 0 };
}

INLINE vfloat all(float x)
{
    return x - (vfloat){ 0 };
}

INLINE vfloat to_float(vint v)
{
    return __builtin_convertvector(v, vfloat);
}

/* a b + c, rounded once. */
INLINE vfloat muladd(vfloat a, vfloat b, vfloat c)
{
#if defined(__AVX512F__)
    return (vfloat)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
    return (vfloat)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_NEON)
    return (vfloat)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    for (int i = 0; i < LANES; i++)
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return c;
#endif
}

/* Four int8 at q + 4 at, in all lanes. */
INLINE vint all_fours(const int8_t *q, int at)
{
    int32_t four;

    memcpy(&four, q + 4 * (size_t)at, sizeof(four));
    return all_int(four);
}

/* Sums of products of codes with activations that are on their way to int32.  With a dot-product
 * instruction that is where they are at once.  AVX2 has products in pairs in int16, of which
 * `chain` may be added up before they are widened. */
enum { CHAINS = MADDUBS };

/* Lane i of sum plus the products of its four codes with the four activations at q + 4 at, at < 4,
 * all exact.  max: the largest code, which says how they are held. */
INLINE vint dot4(vint sum, vint codes, const int8_t *q, int at, int max)
{
#if defined(__AVX512VNNI__)
    (void)max;
    return (vint)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)codes, (__m512i)all_fours(q, at));
#elif defined(__AVXVNNI__)
    (void)max;
    return (vint)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)codes, (__m256i)all_fours(q, at));
#elif MADDUBS
    __m256i w = (__m256i)codes, x = (__m256i)all_fours(q, at);

    /* The sign of an int8 code goes to the activation, which is never -128. */
    if (max > CODE_UNSIGNED)
        return (vint)_mm256_add_epi16(
            (__m256i)sum, _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)));
    return (vint)_mm256_add_epi16((__m256i)sum, _mm256_maddubs_epi16(w, x));
#elif defined(__ARM_FEATURE_DOTPROD)
    int8x16_t w = (int8x16_t)codes, x = vld1q_s8(q);

    (void)max;
    switch (at) {
    case 0: return (vint)vdotq_laneq_s32((int32x4_t)sum, w, x, 0);
    case 1: return (vint)vdotq_laneq_s32((int32x4_t)sum, w, x, 1);
    case 2: return (vint)vdotq_laneq_s32((int32x4_t)sum, w, x, 2);
    default: return (vint)vdotq_laneq_s32((int32x4_t)sum, w, x, 3);
    }
#elif defined(__ARM_NEON)
    int8x16_t w = (int8x16_t)codes, x = (int8x16_t)all_fours(q, at);
    int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(x)), high = vmull_high_s8(w, x);

    /* Two products of 128 x 127 fit. */
    (void)max;
    return (vint)vpadalq_s16((int32x4_t)sum, vpaddq_s16(low, high));
#else
    (void)max;
    for (int i = 0; i < LANES; i++)
        for (int k = 0; k < 4; k++)
            sum[i] += (int8_t)(codes[i] >> 8 * k) * q[4 * at + k];
    return sum;
#endif
}

/* sum plus what a chain has added up. */
INLINE vint end_chain(vint sum, vint chain)
{
#if MADDUBS
    return sum + (vint)_mm256_madd_epi16((__m256i)chain, _mm256_set1_epi16(1));
#else
    return sum + chain;
#endif
}

/* LANES floats from as many of F16. */
INLINE vfloat from_halves(const uint8_t *src)
{
#if defined(__AVX512F__)
    return (vfloat)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)src));
#elif defined(__AVX2__)
    return (vfloat)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)src));
#elif defined(__ARM_NEON)
    return (vfloat)vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(src)));
#else
    vfloat f = { 0 };

    for (int i = 0; i < LANES; i++) {
        uint16_t h;

        memcpy(&h, src + 2 * i, sizeof(h));
        f[i] = f16_to_f32(h);
    }
    return f;
#endif
}

#endif
