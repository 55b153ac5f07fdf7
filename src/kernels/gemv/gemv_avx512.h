/* gemv_avx512.h - what the AVX-512 files share: the sums of lanes. */
#ifndef KERNELS_GEMV_GEMV_AVX512_H
#define KERNELS_GEMV_GEMV_AVX512_H

#if defined(__AVX512F__)

#include <immintrin.h>

#include "kernels/gemv/gemv_tile.h"

/* The sums of the lanes of four vectors, each in one fixed order. */
GEMV_INLINE __m128 gemv_sum4_avx512(__m512 a, __m512 b, __m512 c, __m512 d)
{
    __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    __m512 s = _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
    __m256 h = _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));

    return _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
}

GEMV_INLINE void gemv_zero_avx512(const struct gemv_tile *t, __m512 acc[GEMV_ROWS][GEMV_VECTORS])
{
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++)
#pragma GCC unroll 4
        for (int i = 0; i < t->n; i++)
            acc[r][i] = _mm512_setzero_ps();
}

/* acc[row][token] to y. */
GEMV_INLINE void gemv_store_avx512(const struct gemv_tile *t, __m512 acc[GEMV_ROWS][GEMV_VECTORS])
{
#pragma GCC unroll 4
    for (int i = 0; i < t->n; i++) {
        int more = t->rows > 1;
        __m128 s = gemv_sum4_avx512(acc[0][i], acc[more][i], acc[2 * more][i], acc[3 * more][i]);

        if (more)
            _mm_storeu_ps(t->y + (size_t)i * t->ldy, s);
        else
            _mm_store_ss(t->y + (size_t)i * t->ldy, s);
    }
}

#endif
#endif
