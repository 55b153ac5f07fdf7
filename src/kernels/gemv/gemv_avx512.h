/* gemv_avx512.h - what the AVX-512 files share: sums of lanes, and how rows are walked.
 *
 * Included by *_avx512*.c alone. */
#ifndef KERNELS_GEMV_GEMV_AVX512_H
#define KERNELS_GEMV_GEMV_AVX512_H

#if defined(__AVX512F__)

#include <immintrin.h>

#include "kernels/gemv/gemv.h"

#define GEMV_INLINE static inline __attribute__((always_inline))

enum {
    GEMV_ROWS = 4,        /* rows in flight: they share the vectors of x and one sum of lanes */
    GEMV_VECTORS = 4,     /* tokens in flight: they share the decoding of weights */
    GEMV_AHEAD = 12 << 10 /* bytes by which weights are asked for before they are used */
};

/* What a tile is: `rows` rows (1 or GEMV_ROWS) and n vectors (up to GEMV_VECTORS), both constants
 * where it is made. */
struct gemv_tile {
    const uint8_t *p; /* the first row */
    size_t row_bytes, cols;
    int rows, n;
    const struct act *x;
    float *y; /* of the first row and vector */
    size_t ldy;
    const uint8_t *ahead, *end; /* what to ask for next, and where the rows of the call end */
};

/* Ask for the next `bytes` bytes.  Rows of a tile are read side by side, which the CPU's own
 * prefetchers take for several short streams: asked for in the order in which they lie they are one
 * long one. */
GEMV_INLINE void gemv_prefetch(struct gemv_tile *t, int bytes)
{
    if (t->ahead >= t->end)
        return;
#pragma GCC unroll 16
    for (int i = 0; i < bytes; i += 64)
        _mm_prefetch((const char *)t->ahead + i, _MM_HINT_T0);
    t->ahead += bytes;
}

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

typedef void gemv_tile_fn(struct gemv_tile *t);

/* Rows row0 .. row1 - 1 for n vectors, a constant. */
GEMV_INLINE void gemv_rows_avx512(gemv_tile_fn *tile, const struct weight *w, size_t row0,
                                  size_t row1, const struct act *x, int n, float *y, size_t ldy)
{
    const uint8_t *data = w->data;
    struct gemv_tile t = { .p = data + row0 * w->row_bytes,
                           .row_bytes = w->row_bytes,
                           .cols = w->cols,
                           .rows = GEMV_ROWS,
                           .n = n,
                           .x = x,
                           .y = y + row0,
                           .ldy = ldy,
                           .end = data + row1 * w->row_bytes };
    size_t r = row0;

    /* What the tiles do not ask for, because nothing came before them. */
    for (const uint8_t *p = t.p; p < t.p + GEMV_AHEAD && p < t.end; p += 64)
        _mm_prefetch((const char *)p, _MM_HINT_T0);
    for (; r + GEMV_ROWS <= row1; r += GEMV_ROWS) {
        t.ahead = t.p + GEMV_AHEAD;
        tile(&t);
        t.p += GEMV_ROWS * t.row_bytes;
        t.y += GEMV_ROWS;
    }
    t.rows = 1;
    for (; r < row1; r++) {
        t.ahead = t.end;
        tile(&t);
        t.p += t.row_bytes;
        t.y++;
    }
}

/* All that a call asks for. */
GEMV_INLINE void gemv_all_avx512(gemv_tile_fn *tile, const struct weight *w, size_t row0,
                                 size_t row1, const struct act *x, int n, float *y, size_t ldy)
{
    if (n == 1) {
        gemv_rows_avx512(tile, w, row0, row1, x, 1, y, ldy);
        return;
    }
    /* A few rows for all vectors, then the next: their weights come from the nearest cache. */
    for (size_t r = row0; r < row1; r += GEMV_ROWS) {
        size_t end = r + GEMV_ROWS < row1 ? r + GEMV_ROWS : row1;
        int t = 0;

        for (; t + GEMV_VECTORS <= n; t += GEMV_VECTORS)
            gemv_rows_avx512(tile, w, r, end, x + t, GEMV_VECTORS, y + (size_t)t * ldy, ldy);
        for (; t + 2 <= n; t += 2)
            gemv_rows_avx512(tile, w, r, end, x + t, 2, y + (size_t)t * ldy, ldy);
        for (; t < n; t++)
            gemv_rows_avx512(tile, w, r, end, x + t, 1, y + (size_t)t * ldy, ldy);
    }
}

#endif
#endif
