/* gemv_avx2.c - the code of gemv_*_256.h for AVX2, and floats: 8 columns a vector, two of them a
 * step; a lane adds the columns of its number modulo 8 in their order, one FMA each. */
#define GEMV_256(name) gemv_avx2_##name

#include "kernels/gemv/gemv_256.h"
#include "kernels/gemv/gemv_blocks.h"
#include "kernels/gemv/gemv_k_256.h"
#include "kernels/gemv/gemv_legacy_256.h"
#include "kernels/gemv/gemv_ternary_256.h"
#include "kernels/gemv/gemv_variants.h"

enum { LANES = 8, STEP = 4 * LANES };

GEMV_INLINE __m256 float_load(enum dtype type, const uint8_t *p)
{
    __m128i half;

    if (type == DTYPE_F32)
        return _mm256_loadu_ps((const float *)(const void *)p);
    half = _mm_loadu_si128((const __m128i *)p);
    if (type == DTYPE_F16)
        return _mm256_cvtph_ps(half);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

/* Columns c .. c + 7 of the tile; left: how many there are of them. */
GEMV_INLINE void float_columns(enum dtype type, const struct gemv_tile *t, size_t c, size_t left,
                               __m256 acc[GEMV_ROWS][GEMV_VECTORS_256])
{
    size_t size = type == DTYPE_F32 ? 4 : 2;
    const uint8_t *p = t->p + c * size;
    __m256 x[GEMV_VECTORS_256];
    float some[LANES] = { 0 };

#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++) {
        if (left < LANES)
            memcpy(some, t->x[i].x + c, left * sizeof(float));
        x[i] = left < LANES ? _mm256_loadu_ps(some) : _mm256_loadu_ps(t->x[i].x + c);
    }
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++) {
        const uint8_t *from = p + (size_t)r * t->row_bytes;
        uint8_t copy[LANES * sizeof(float)] = { 0 };
        __m256 w;

        if (left < LANES) {
            memcpy(copy, from, left * size);
            from = copy;
        }
        w = float_load(type, from);
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            acc[r][i] = _mm256_fmadd_ps(w, x[i], acc[r][i]);
    }
}

GEMV_INLINE void float_tile(enum dtype type, struct gemv_tile *t)
{
    __m256 acc[GEMV_ROWS][GEMV_VECTORS_256];
    size_t c = 0;

    gemv_zero_256(t, acc);
    for (; c + STEP <= t->cols; c += STEP) {
        gemv_prefetch(t, t->rows * STEP * (type == DTYPE_F32 ? 4 : 2));
#pragma GCC unroll 4
        for (size_t i = 0; i < STEP; i += LANES)
            float_columns(type, t, c + i, LANES, acc);
    }
    for (; c + LANES <= t->cols; c += LANES)
        float_columns(type, t, c, LANES, acc);
    if (c < t->cols)
        float_columns(type, t, c, t->cols - c, acc);
    gemv_store_256(t, acc);
}

#define FLOAT(type, name)                             \
    GEMV_INLINE void tile_##name(struct gemv_tile *t) \
    {                                                 \
        float_tile(type, t);                          \
    }                                                 \
    GEMV_256_RUN(name)

FLOAT(DTYPE_F32, f32)
FLOAT(DTYPE_F16, f16)
FLOAT(DTYPE_BF16, bf16)
