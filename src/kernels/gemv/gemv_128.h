/* gemv_128.h - all integer types in vectors of 128 bits: Arm's NEON, and its dot product of bytes
 * where there is one.
 *
 * The code is the same for both; each is compiled in a file of its own that names it with
 * GEMV_128(name).  Bytes are signed on both sides, so codes lose their offset before they are
 * multiplied; ternary ones keep it, and the sum of the activations is taken away at the end. */
#ifndef KERNELS_GEMV_GEMV_128_H
#define KERNELS_GEMV_GEMV_128_H

/* The function of the table that walks over tiles. */
#define GEMV_128_RUN(name)                                                    \
    GEMV_RUN(GEMV_128(name))                                                  \
    {                                                                         \
        gemv_all(tile_##name, GEMV_VECTORS_128, w, row0, row1, x, n, y, ldy); \
    }

#if defined(__aarch64__)

#include <arm_neon.h>

#include "kernels/gemv/gemv_blocks.h"
#include "kernels/gemv/gemv_tile.h"
#include "kernels/gemv/gemv_variants.h"

enum { GEMV_VECTORS_128 = 2 };

/* sum + products, four a lane (or, without the instruction, in another order of lanes).  Two
 * products are 128 * 127 * 2 at most and fit 16 bits. */
GEMV_INLINE int32x4_t gemv_dot_128(int32x4_t sum, int8x16_t w, const int8_t *q)
{
    int8x16_t x = vld1q_s8(q);
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sum, w, x);
#else
    int16x8_t pairs = vmull_s8(vget_low_s8(w), vget_low_s8(x));

    return vpadalq_s16(sum, vmlal_high_s8(pairs, w, x));
#endif
}

GEMV_INLINE float gemv_half_128(const uint8_t *p)
{
    return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(gemv_u16(p)))), 0);
}

/* The sums of the lanes, in one fixed order, to y. */
GEMV_INLINE void gemv_store_128(const struct gemv_tile *t,
                                float32x4_t acc[GEMV_ROWS][GEMV_VECTORS_128])
{
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++)
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            t->y[(size_t)i * t->ldy + (size_t)r] = vaddvq_f32(acc[r][i]);
}

/* What a block of a row adds to its sums. */
typedef void gemv_block_128(const uint8_t *p, const struct gemv_tile *t, size_t block,
                            float32x4_t *acc);

GEMV_INLINE void gemv_tile_128(gemv_block_128 *add, int values, int bytes, struct gemv_tile *t)
{
    float32x4_t acc[GEMV_ROWS][GEMV_VECTORS_128];

#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++)
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            acc[r][i] = vdupq_n_f32(0);
    for (size_t b = 0; b < t->cols / (size_t)values; b++) {
        gemv_prefetch(t, t->rows * bytes);
#pragma GCC unroll 4
        for (int r = 0; r < t->rows; r++)
            add(t->p + (size_t)r * t->row_bytes + b * (size_t)bytes, t, b, acc[r]);
    }
    gemv_store_128(t, acc);
}

#define GEMV_128_BLOCKS(name, add, values, bytes)     \
    GEMV_INLINE void tile_##name(struct gemv_tile *t) \
    {                                                 \
        gemv_tile_128(add, values, bytes, t);         \
    }                                                 \
    GEMV_128_RUN(name)

/* ---- blocks of 32 */

/* 16 in the bytes whose bit is set, of 16 bits. */
GEMV_INLINE uint8x16_t fifths(uint32_t bits)
{
    const uint8x8_t each = vcreate_u8(0x8040201008040201);
    uint8x16_t v = vcombine_u8(vdup_n_u8((uint8_t)bits), vdup_n_u8((uint8_t)(bits >> 8)));

    return vandq_u8(vtstq_u8(v, vcombine_u8(each, each)), vdupq_n_u8(16));
}

/* Signed codes of a block whose scales take `scales` bytes, which has fifth bits or not. */
GEMV_INLINE void legacy_codes(const uint8_t *p, int scales, int bits, int offset, int8x16_t *first,
                              int8x16_t *second)
{
    uint8x16_t q = vld1q_u8(p + scales + (bits == 5 ? 4 : 0));
    uint8x16_t a = vandq_u8(q, vdupq_n_u8(15)), b = vshrq_n_u8(q, 4);

    if (bits == 5) {
        uint32_t fifth = gemv_u32(p + scales);

        a = vorrq_u8(a, fifths(fifth));
        b = vorrq_u8(b, fifths(fifth >> 16));
    }
    *first = vsubq_s8(vreinterpretq_s8_u8(a), vdupq_n_s8((int8_t)offset));
    *second = vsubq_s8(vreinterpretq_s8_u8(b), vdupq_n_s8((int8_t)offset));
}

GEMV_INLINE void legacy_add(const uint8_t *p, int bits, int offset, const struct gemv_tile *t,
                            size_t block, float32x4_t *acc)
{
    int min = bits < 8 && offset == 0;
    float d = gemv_half_128(p), m = min ? gemv_half_128(p + 2) : 0;
    int8x16_t a, b;

    if (bits == 8) {
        a = vld1q_s8((const int8_t *)p + 2);
        b = vld1q_s8((const int8_t *)p + 18);
    } else {
        legacy_codes(p, min ? 4 : 2, bits, offset, &a, &b);
    }
#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++) {
        const struct act *x = &t->x[i];
        const int8_t *q = x->q + 32 * block;
        int32x4_t s = gemv_dot_128(gemv_dot_128(vdupq_n_s32(0), a, q), b, q + 16);

        acc[i] = vfmaq_n_f32(acc[i], vcvtq_f32_s32(s), d * x->d[block]);
        if (min) {
            float sum = (float)(x->sum[2 * block] + x->sum[2 * block + 1]);

            acc[i] = vfmaq_n_f32(acc[i], vsetq_lane_f32(sum, vdupq_n_f32(0), 0), m * x->d[block]);
        }
    }
}

#define LEGACY_128(name, bits, offset, bytes)                                              \
    GEMV_INLINE void add_##name(const uint8_t *p, const struct gemv_tile *t, size_t block, \
                                float32x4_t *acc)                                          \
    {                                                                                      \
        legacy_add(p, bits, offset, t, block, acc);                                        \
    }                                                                                      \
    GEMV_128_BLOCKS(name, add_##name, 32, bytes)

LEGACY_128(q4_0, 4, 8, Q4_0_BYTES)
LEGACY_128(q4_1, 4, 0, Q4_1_BYTES)
LEGACY_128(q5_0, 5, 16, Q5_0_BYTES)
LEGACY_128(q5_1, 5, 0, Q5_1_BYTES)
LEGACY_128(q8_0, 8, 0, Q8_0_BYTES)

/* ---- K types */

/* 16 codes from `at` on of group g of a Q4_K or Q5_K block. */
GEMV_INLINE int8x16_t k_codes(const uint8_t *p, int bits, int g, int at)
{
    const uint8_t *qs = p + (bits == 5 ? 48 : 16);
    uint8x16_t v = vld1q_u8(qs + g / 2 * 32 + at);

    v = g % 2 ? vshrq_n_u8(v, 4) : vandq_u8(v, vdupq_n_u8(15));
    if (bits == 5) {
        uint8x16_t bit = vdupq_n_u8((uint8_t)(1 << g));

        v = vorrq_u8(v, vandq_u8(vtstq_u8(vld1q_u8(p + 16 + at), bit), vdupq_n_u8(16)));
    }
    return vreinterpretq_s8_u8(v);
}

GEMV_INLINE void k_add(const uint8_t *p, int bits, const struct gemv_tile *t, size_t block,
                       float32x4_t *acc)
{
    float d = gemv_half_128(p), dmin = gemv_half_128(p + 2);
    int32x4_t s[GEMV_VECTORS_128];
    int32_t mins[GEMV_VECTORS_128] = { 0 };
    uint8_t scale[8], min[8];

    gemv_k_scales(p + 4, scale, min);
#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++)
        s[i] = vdupq_n_s32(0);
#pragma GCC unroll 8
    for (int g = 0; g < 8; g++) {
        int8x16_t a = k_codes(p, bits, g, 0), b = k_codes(p, bits, g, 16);

#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++) {
            const int8_t *q = t->x[i].q + 256 * block + 32 * (size_t)g;
            const int16_t *sum = t->x[i].sum + 16 * block + 2 * (size_t)g;
            int32x4_t v = gemv_dot_128(gemv_dot_128(vdupq_n_s32(0), a, q), b, q + 16);

            s[i] = vmlaq_n_s32(s[i], v, scale[g]);
            mins[i] += min[g] * (sum[0] + sum[1]);
        }
    }
#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++) {
        float dx = t->x[i].d[block];
        float32x4_t m = vsetq_lane_f32((float)mins[i], vdupq_n_f32(0), 0);

        acc[i] = vfmaq_n_f32(acc[i], vcvtq_f32_s32(s[i]), d * dx);
        acc[i] = vfmaq_n_f32(acc[i], m, -(dmin * dx));
    }
}

/* 16 codes less 32, of 16 bytes of low nibbles and 16 of pairs: quarter 0 to 3 of half a block. */
GEMV_INLINE int8x16_t q6_k_codes(const uint8_t *ql, const uint8_t *qh, int quarter)
{
    uint8x16_t low = vld1q_u8(ql), high = vld1q_u8(qh);

    low = quarter < 2 ? vandq_u8(low, vdupq_n_u8(15)) : vshrq_n_u8(low, 4);
    high = vshlq_u8(high, vdupq_n_s8((int8_t)(4 - 2 * quarter)));
    low = vorrq_u8(low, vandq_u8(high, vdupq_n_u8(0x30)));
    return vsubq_s8(vreinterpretq_s8_u8(low), vdupq_n_s8(32));
}

GEMV_INLINE void add_q6_k(const uint8_t *p, const struct gemv_tile *t, size_t block,
                          float32x4_t *acc)
{
    const int8_t *scale = (const int8_t *)p + 192;
    int32x4_t s[GEMV_VECTORS_128];
    float d = gemv_half_128(p + 208);

#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++)
        s[i] = vdupq_n_s32(0);
#pragma GCC unroll 16
    for (int g = 0; g < 16; g++) {
        int half = g / 8, quarter = g / 2 % 4, at = g % 2 * 16;
        int8x16_t w =
            q6_k_codes(p + 64 * half + quarter % 2 * 32 + at, p + 128 + 32 * half + at, quarter);

#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++) {
            const int8_t *q = t->x[i].q + 256 * block + 16 * (size_t)g;

            s[i] = vmlaq_n_s32(s[i], gemv_dot_128(vdupq_n_s32(0), w, q), scale[g]);
        }
    }
#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++)
        acc[i] = vfmaq_n_f32(acc[i], vcvtq_f32_s32(s[i]), d * t->x[i].d[block]);
}

GEMV_INLINE void add_q4_k(const uint8_t *p, const struct gemv_tile *t, size_t block,
                          float32x4_t *acc)
{
    k_add(p, 4, t, block, acc);
}

GEMV_INLINE void add_q5_k(const uint8_t *p, const struct gemv_tile *t, size_t block,
                          float32x4_t *acc)
{
    k_add(p, 5, t, block, acc);
}

GEMV_128_BLOCKS(q4_k, add_q4_k, 256, Q4_K_BYTES)
GEMV_128_BLOCKS(q5_k, add_q5_k, 256, Q5_K_BYTES)
GEMV_128_BLOCKS(q6_k, add_q6_k, 256, Q6_K_BYTES)

/* ---- ternary: rows of one scale; others go the scalar way */

GEMV_INLINE void codes_add(uint8x16_t codes, const struct gemv_tile *t, size_t c, int32x4_t *s)
{
#pragma GCC unroll 2
    for (int i = 0; i < t->n; i++)
        s[i] = gemv_dot_128(s[i], vreinterpretq_s8_u8(codes), t->x[i].q + c);
}

/* Runs of `run` bytes: bits 2 l of byte j are value l * run + j. */
GEMV_INLINE void tq2_add(const uint8_t *p, int run, const struct gemv_tile *t, size_t c,
                         int32x4_t *s)
{
    const uint8x16_t low = vdupq_n_u8(3);

#pragma GCC unroll 2
    for (int j = 0; j < run; j += 16) {
        uint8x16_t v = vld1q_u8(p + j);

        codes_add(vandq_u8(v, low), t, c + (size_t)j, s);
        codes_add(vandq_u8(vshrq_n_u8(v, 2), low), t, c + (size_t)(run + j), s);
        codes_add(vandq_u8(vshrq_n_u8(v, 4), low), t, c + (size_t)(2 * run + j), s);
        codes_add(vshrq_n_u8(v, 6), t, c + (size_t)(3 * run + j), s);
    }
}

/* Digit n of a byte is, after n multiplications by 3, byte * 3 / 256: the upper two bits of
 * (byte + byte / 2) / 2. */
GEMV_INLINE uint8x16_t digit(uint8x16_t *b)
{
    uint8x16_t d = vshrq_n_u8(vhaddq_u8(*b, vshrq_n_u8(*b, 1)), 6);

    *b = vmulq_u8(*b, vdupq_n_u8(3));
    return d;
}

GEMV_INLINE void tq1_add(const uint8_t *p, const struct gemv_tile *t, size_t c, int32x4_t *s)
{
    uint8x16_t a = vld1q_u8(p), b = vld1q_u8(p + 16), last = vld1q_u8(p + 32);
    uint32_t bytes = gemv_u32(p + 48);
    uint8x16_t four = vreinterpretq_u8_u32(vdupq_n_u32(bytes));
    uint8x16_t d[4];
    uint32x4_t v;

#pragma GCC unroll 5
    for (size_t n = 0; n < 5; n++) {
        codes_add(digit(&a), t, c + 32 * n, s);
        codes_add(digit(&b), t, c + 32 * n + 16, s);
        codes_add(digit(&last), t, c + 160 + 16 * n, s);
    }
    /* Four digits of four bytes: one vector in the order of the values. */
#pragma GCC unroll 4
    for (int n = 0; n < 4; n++)
        d[n] = digit(&four);
    v = vreinterpretq_u32_u8(d[0]);
    v = vcopyq_laneq_u32(v, 1, vreinterpretq_u32_u8(d[1]), 1);
    v = vcopyq_laneq_u32(v, 2, vreinterpretq_u32_u8(d[2]), 2);
    v = vcopyq_laneq_u32(v, 3, vreinterpretq_u32_u8(d[3]), 3);
    codes_add(vreinterpretq_u8_u32(v), t, c + 240, s);
}

GEMV_INLINE void ternary_tile(enum dtype type, int values, int bytes, int scale,
                              struct gemv_tile *t, __typeof__(gemv_scalar_f32) *scalar)
{
    int32x4_t acc[GEMV_ROWS][GEMV_VECTORS_128];
    size_t blocks = t->cols / (size_t)values;
    uint32_t first[GEMV_ROWS], differ[GEMV_ROWS];

#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++) {
        first[r] = gemv_u16(t->p + (size_t)r * t->row_bytes + scale);
        differ[r] = 0;
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++)
            acc[r][i] = vdupq_n_s32(0);
    }
    for (size_t b = 0; b < blocks; b++) {
        gemv_prefetch(t, t->rows * bytes);
#pragma GCC unroll 4
        for (int r = 0; r < t->rows; r++) {
            const uint8_t *p = t->p + (size_t)r * t->row_bytes + b * (size_t)bytes;
            size_t c = b * (size_t)values;

            differ[r] |= gemv_u16(p + scale) ^ first[r];
            if (type == DTYPE_TQ1_0)
                tq1_add(p, t, c, acc[r]);
            else if (type == DTYPE_TQ2_0) {
                tq2_add(p, 32, t, c, acc[r]);
                tq2_add(p + 32, 32, t, c + 128, acc[r]);
            } else {
                tq2_add(p, 16, t, c, acc[r]);
            }
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < t->rows; r++)
#pragma GCC unroll 2
        for (int i = 0; i < t->n; i++) {
            float *y = &t->y[(size_t)i * t->ldy + (size_t)r];
            const uint8_t *row = t->p + (size_t)r * t->row_bytes;
            struct weight one = { type, 1, t->cols, t->row_bytes, row };

            if (differ[r])
                scalar(&one, 0, 1, &t->x[i], 1, y, 1);
            else
                *y = gemv_half_128(row + scale) * (float)(vaddvq_s32(acc[r][i]) - t->total[i]) *
                     t->x[i].d[0];
        }
}

#define TERNARY_128(name, type, values, bytes, scale)                    \
    GEMV_INLINE void tile_##name(struct gemv_tile *t)                    \
    {                                                                    \
        ternary_tile(type, values, bytes, scale, t, gemv_scalar_##name); \
    }                                                                    \
    GEMV_128_RUN(name)

TERNARY_128(tq1_0, DTYPE_TQ1_0, 256, TQ1_0_BYTES, 52)
TERNARY_128(tq2_0, DTYPE_TQ2_0, 256, TQ2_0_BYTES, 64)
TERNARY_128(tq2_64, DTYPE_TQ2_64, 64, TQ2_64_BYTES, 16)

#endif
#endif
