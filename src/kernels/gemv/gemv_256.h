/* gemv_256.h - what the files with vectors of 256 bits share: AVX2, and AVX-VNNI where a dot
 * product of bytes is one instruction.
 *
 * The code is the same for both; each is compiled in a file of its own that names it with
 * GEMV_256(name). */
#ifndef KERNELS_GEMV_GEMV_256_H
#define KERNELS_GEMV_GEMV_256_H

/* The function of the table that walks over tiles. */
#define GEMV_256_RUN(name)                                                    \
    GEMV_RUN(GEMV_256(name))                                                  \
    {                                                                         \
        gemv_all(tile_##name, GEMV_VECTORS_256, w, row0, row1, x, n, y, ldy); \
    }

#if defined(__AVX2__)

#include <immintrin.h>

#include "kernels/gemv/gemv_tile.h"

enum { GEMV_VECTORS_256 = 2 }; /* sixteen registers */

/* Sum of four lanes + products of four unsigned and four signed bytes, exact where a pair of
 * products fits 16 bits. */
GEMV_INLINE __m256i gemv_dot_256(__m256i sum, __m256i u, __m256i s)
{
#if defined(__AVXVNNI__)
    return _mm256_dpbusd_avx_epi32(sum, u, s);
#else
    __m256i pairs = _mm256_maddubs_epi16(u, s);

    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#endif
}

/* The same of two vectors, where the sum of two pairs fits too. */
GEMV_INLINE __m256i gemv_dot2_256(__m256i sum, __m256i u, __m256i s, __m256i v, __m256i t)
{
#if defined(__AVXVNNI__)
    return _mm256_dpbusd_avx_epi32(_mm256_dpbusd_avx_epi32(sum, u, s), v, t);
#else
    __m256i pairs = _mm256_add_epi16(_mm256_maddubs_epi16(u, s), _mm256_maddubs_epi16(v, t));

    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#endif
}

/* Sum + products of words, in pairs. */
GEMV_INLINE __m256i gemv_words_256(__m256i sum, __m256i a, __m256i b)
{
#if defined(__AVXVNNI__)
    return _mm256_dpwssd_avx_epi32(sum, a, b);
#else
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
#endif
}

/* 16 bytes, in both halves. */
GEMV_INLINE __m256i gemv_twice_256(const void *p)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}

/* The sums of the lanes of four vectors, each in one fixed order. */
GEMV_INLINE __m128 gemv_sum4_256(__m256 a, __m256 b, __m256 c, __m256 d)
{
    __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
    __m256d low = _mm256_unpacklo_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd));
    __m256d high = _mm256_unpackhi_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd));
    __m256 s = _mm256_add_ps(_mm256_castpd_ps(low), _mm256_castpd_ps(high));

    return _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
}

GEMV_INLINE void gemv_zero_256(const struct gemv_tile *t, __m256 acc[GEMV_ROWS][GEMV_VECTORS_256])
{
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++)
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            acc[r][i] = _mm256_setzero_ps();
}

/* Four results of vector i, or the first of them, to y. */
GEMV_INLINE void gemv_put_256(const struct gemv_tile *t, int i, __m128 y)
{
    if (t->rows > 1)
        _mm_storeu_ps(t->y + (size_t)i * t->ldy, y);
    else
        _mm_store_ss(t->y + (size_t)i * t->ldy, y);
}

/* acc[row][token] to y. */
GEMV_INLINE void gemv_store_256(const struct gemv_tile *t, __m256 acc[GEMV_ROWS][GEMV_VECTORS_256])
{
    int more = t->rows > 1;

#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++)
        gemv_put_256(t, i,
                     gemv_sum4_256(acc[0][i], acc[more][i], acc[2 * more][i], acc[3 * more][i]));
}

#endif
#endif
