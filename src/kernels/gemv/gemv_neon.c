/* gemv_neon.c - the code of gemv_128.h for plain NEON, and floats: 4 columns a vector; a lane adds
 * the columns of its number modulo 4 in their order, one FMA each. */
#define GEMV_128(name) gemv_neon_##name

#include "kernels/gemv/gemv_128.h"

enum { LANES = 4, STEP = 16 };

GEMV_INLINE float32x4_t float_load(enum dtype type, const uint8_t *p)
{
    uint16x4_t half;

    if (type == DTYPE_F32)
        return vreinterpretq_f32_u8(vld1q_u8(p));
    half = vreinterpret_u16_u8(vld1_u8(p));
    if (type == DTYPE_F16)
        return vcvt_f32_f16(vreinterpret_f16_u16(half));
    return vreinterpretq_f32_u32(vshll_n_u16(half, 16));
}

/* Columns c .. c + 3 of the tile; left: how many there are of them. */
GEMV_INLINE void float_columns(enum dtype type, const struct gemv_tile *t, size_t c, size_t left,
                               float32x4_t acc[GEMV_ROWS][GEMV_VECTORS_128])
{
    size_t size = type == DTYPE_F32 ? 4 : 2;
    float32x4_t x[GEMV_VECTORS_128];
    float some[LANES] = { 0 };

#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++) {
        if (left < LANES)
            memcpy(some, t->x[i].x + c, left * sizeof(float));
        x[i] = vld1q_f32(left < LANES ? some : t->x[i].x + c);
    }
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++) {
        const uint8_t *from = t->p + (size_t)r * t->row_bytes + c * size;
        uint8_t copy[LANES * sizeof(float)] = { 0 };
        float32x4_t w;

        if (left < LANES) {
            memcpy(copy, from, left * size);
            from = copy;
        }
        w = float_load(type, from);
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            acc[r][i] = vfmaq_f32(acc[r][i], w, x[i]);
    }
}

GEMV_INLINE void float_tile(enum dtype type, struct gemv_tile *t)
{
    float32x4_t acc[GEMV_ROWS][GEMV_VECTORS_128];
    size_t c = 0;

#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++)
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            acc[r][i] = vdupq_n_f32(0);
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
    gemv_store_128(t, acc);
}

#define FLOAT(type, name)                             \
    GEMV_INLINE void tile_##name(struct gemv_tile *t) \
    {                                                 \
        float_tile(type, t);                          \
    }                                                 \
    GEMV_128_RUN(name)

FLOAT(DTYPE_F32, f32)
FLOAT(DTYPE_F16, f16)
FLOAT(DTYPE_BF16, bf16)
