/* gemv_float_avx512.c - F32, F16 and BF16: 16 columns a vector, converted and multiplied in F32.
 *
 * A lane adds the columns of its number modulo 16 in their order, one FMA each. */
#include "kernels/gemv/gemv_avx512.h"
#include "kernels/gemv/gemv_variants.h"

enum { LANES = 16, STEP = 2 * LANES };

/* 16 weights from p, or those in the mask and zeros. */
GEMV_INLINE __m512 load_w(enum dtype type, const uint8_t *p, const __mmask16 *mask)
{
    __m256i half;

    if (type == DTYPE_F32)
        return mask ? _mm512_maskz_loadu_ps(*mask, p) : _mm512_loadu_ps(p);
    half = mask ? _mm256_maskz_loadu_epi16(*mask, p) : _mm256_loadu_si256((const __m256i *)p);
    if (type == DTYPE_F16)
        return _mm512_cvtph_ps(half);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

GEMV_INLINE void columns(enum dtype type, const struct gemv_tile *t, size_t c,
                         const __mmask16 *mask, __m512 acc[GEMV_ROWS][GEMV_VECTORS])
{
    const uint8_t *p = t->p + c * (type == DTYPE_F32 ? 4 : 2);
    __m512 x[GEMV_VECTORS];

#pragma GCC unroll 4
    for (int i = 0; i < t->n; i++)
        x[i] = mask ? _mm512_maskz_loadu_ps(*mask, t->x[i].x + c) : _mm512_loadu_ps(t->x[i].x + c);
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++) {
        __m512 w = load_w(type, p + (size_t)r * t->row_bytes, mask);

#pragma GCC unroll 4
        for (int i = 0; i < t->n; i++)
            acc[r][i] = _mm512_fmadd_ps(w, x[i], acc[r][i]);
    }
}

GEMV_INLINE void tile(enum dtype type, struct gemv_tile *t)
{
    __m512 acc[GEMV_ROWS][GEMV_VECTORS];
    size_t c = 0;

    gemv_zero_avx512(t, acc);
    for (; c + STEP <= t->cols; c += STEP) {
        gemv_prefetch(t, t->rows * STEP * (type == DTYPE_F32 ? 4 : 2));
        columns(type, t, c, NULL, acc);
        columns(type, t, c + LANES, NULL, acc);
    }
    if (c + LANES <= t->cols) {
        columns(type, t, c, NULL, acc);
        c += LANES;
    }
    if (c < t->cols) {
        __mmask16 mask = (__mmask16)((1u << (t->cols - c)) - 1);

        columns(type, t, c, &mask, acc);
    }
    gemv_store_avx512(t, acc);
}

#define FLOAT(type, name)                                                 \
    GEMV_INLINE void tile_##name(struct gemv_tile *t)                     \
    {                                                                     \
        tile(type, t);                                                    \
    }                                                                     \
    GEMV_RUN(gemv_avx512_##name)                                          \
    {                                                                     \
        gemv_all(tile_##name, GEMV_VECTORS, w, row0, row1, x, n, y, ldy); \
    }

FLOAT(DTYPE_F32, f32)
FLOAT(DTYPE_F16, f16)
FLOAT(DTYPE_BF16, bf16)
