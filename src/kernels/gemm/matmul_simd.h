/* matmul_simd.h - vectors of 4-byte lanes for the tiled paths, and how large their tiles are.
 *
 * Which instructions these are depends on what the including file is compiled for (its name says
 * it: tools/cmake/isa.cmake).  Without any, four lanes of plain C: for the header's own sake. */
#ifndef KERNELS_GEMM_MATMUL_SIMD_H
#define KERNELS_GEMM_MATMUL_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

/* A tile of codes is CODE_TOKENS tokens x CODE_VECTORS vectors of rows, one of floats likewise.
 * They are as large as the registers hold: sums in int32 and in F32, the weights, one activation.
 * SIGNED_CODES: a panel holds code - offset as int8; else the code itself, as uint8. */
#if defined(__AVX512F__)
enum {
    LANES = 16,
    CODE_VECTORS = 2,
    CODE_TOKENS = 6,
    FLOAT_VECTORS = 3,
    FLOAT_TOKENS = 8,
    SIGNED_CODES = 0
};
#else
enum {
    LANES = 4,
    CODE_VECTORS = 2,
    CODE_TOKENS = 2,
    FLOAT_VECTORS = 2,
    FLOAT_TOKENS = 4,
    SIGNED_CODES = 1
};
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
#else
    for (int i = 0; i < LANES; i++)
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return c;
#endif
}

/* Lane i of sum plus the products of its four codes with `four`, four bytes of int8: exact. */
INLINE vint dot4(vint sum, vint codes, int32_t four)
{
#if defined(__AVX512VNNI__)
    return (vint)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)codes, _mm512_set1_epi32(four));
#else
    for (int i = 0; i < LANES; i++)
        for (int k = 0; k < 32; k += 8)
            sum[i] += (int8_t)(codes[i] >> k) * (int8_t)(four >> k);
    return sum;
#endif
}

/* LANES floats from as many of F16. */
INLINE vfloat from_halves(const uint8_t *src)
{
#if defined(__AVX512F__)
    return (vfloat)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)src));
#else
    vfloat f = { 0 };

    for (int i = 0; i < LANES; i++) {
        _Float16 h;

        memcpy(&h, src + 2 * i, sizeof(h));
        f[i] = (float)h;
    }
    return f;
#endif
}

#endif
