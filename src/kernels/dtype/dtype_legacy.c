/* dtype_legacy.c - the formats in blocks of 32 with one scale: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0.
 *
 * Q4_0  d F16, 16 bytes: value j in the low half of byte j, j + 16 in its high half; x = (q - 8) d
 * Q4_1  d, m F16, the same 16 bytes; x = q d + m
 * Q5_0  d F16, 32 fifth bits, 16 bytes; x = (q - 16) d
 * Q5_1  d, m F16, 32 fifth bits, 16 bytes; x = q d + m
 * Q8_0  d F16, 32 signed bytes; x = q d
 *
 * d is of the value with the largest magnitude, with its sign, so that this one is met exactly
 * (the signed types), or of the range (those with a minimum). */
#include "kernels/dtype/dtype_codec.h"

enum { BLOCK = 32 };

/* The value of largest magnitude, the first where two are equal. */
static float extreme(const float *x)
{
    float max = 0;

    for (int i = 0; i < BLOCK; i++)
        if (fabsf(x[i]) > fabsf(max))
            max = x[i];
    return max;
}

static void range(const float *x, float *min, float *max)
{
    *min = *max = x[0];
    for (int i = 1; i < BLOCK; i++) {
        *min = x[i] < *min ? x[i] : *min;
        *max = x[i] > *max ? x[i] : *max;
    }
}

static int at_most(int q, int max)
{
    return q < max ? q : max;
}

/* 0 for scales that have no inverse: their values count as 0. */
static float inverse(float d)
{
    float id = 1 / d;

    return isfinite(id) ? id : 0;
}

/* Codes 0..31 into nibbles and, where there are, fifth bits. */
static void pack(const uint8_t *q, uint8_t *nibbles, uint8_t *fifth)
{
    uint32_t high = 0;

    for (int j = 0; j < BLOCK / 2; j++)
        nibbles[j] = (uint8_t)((q[j] & 15) | (q[j + 16] & 15) << 4);
    if (!fifth)
        return;
    for (int j = 0; j < BLOCK; j++)
        high |= (uint32_t)(q[j] >> 4) << j;
    memcpy(fifth, &high, sizeof(high));
}

static void unpack(const uint8_t *nibbles, const uint8_t *fifth, int *q)
{
    uint32_t high = 0;

    if (fifth)
        memcpy(&high, fifth, sizeof(high));
    for (int j = 0; j < BLOCK / 2; j++) {
        q[j] = (nibbles[j] & 15) | (int)(high >> j & 1) << 4;
        q[j + 16] = nibbles[j] >> 4 | (int)(high >> (j + 16) & 1) << 4;
    }
}

/* x = (q - zero) d, with q below 2 zero. */
static void encode_signed(const float *x, int zero, uint8_t *scale, uint8_t *nibbles,
                          uint8_t *fifth)
{
    float d = extreme(x) / (float)-zero, id = inverse(d);
    uint8_t q[BLOCK];

    for (int i = 0; i < BLOCK; i++)
        q[i] = (uint8_t)at_most((int)(x[i] * id + ((float)zero + 0.5F)), 2 * zero - 1);
    dtype_store16(scale, f32_to_f16(d));
    pack(q, nibbles, fifth);
}

static void decode_signed(float d, int zero, const uint8_t *nibbles, const uint8_t *fifth, float *y)
{
    int q[BLOCK];

    unpack(nibbles, fifth, q);
    for (int i = 0; i < BLOCK; i++)
        y[i] = (float)(q[i] - zero) * d;
}

/* x = q d + m, with q up to `max`. */
static void encode_offset(const float *x, int max, uint8_t *scale, uint8_t *nibbles, uint8_t *fifth)
{
    float low, high, d, id;
    uint8_t q[BLOCK];

    range(x, &low, &high);
    d = (high - low) / (float)max;
    id = inverse(d);
    for (int i = 0; i < BLOCK; i++)
        q[i] = (uint8_t)at_most((int)((x[i] - low) * id + 0.5F), max);
    dtype_store16(scale, f32_to_f16(d));
    dtype_store16(scale + 2, f32_to_f16(low));
    pack(q, nibbles, fifth);
}

static void decode_offset(float d, float m, const uint8_t *nibbles, const uint8_t *fifth, float *y)
{
    int q[BLOCK];

    unpack(nibbles, fifth, q);
    for (int i = 0; i < BLOCK; i++)
        y[i] = (float)q[i] * d + m;
}

static void q4_0_decode(const uint8_t *src, float *dst)
{
    decode_signed(dtype_load_f16(src), 8, src + 2, NULL, dst);
}

static void q4_0_encode(const float *src, uint8_t *dst)
{
    encode_signed(src, 8, dst, dst + 2, NULL);
}

static void q4_1_decode(const uint8_t *src, float *dst)
{
    decode_offset(dtype_load_f16(src), dtype_load_f16(src + 2), src + 4, NULL, dst);
}

static void q4_1_encode(const float *src, uint8_t *dst)
{
    encode_offset(src, 15, dst, dst + 4, NULL);
}

static void q5_0_decode(const uint8_t *src, float *dst)
{
    decode_signed(dtype_load_f16(src), 16, src + 6, src + 2, dst);
}

static void q5_0_encode(const float *src, uint8_t *dst)
{
    encode_signed(src, 16, dst, dst + 6, dst + 2);
}

static void q5_1_decode(const uint8_t *src, float *dst)
{
    decode_offset(dtype_load_f16(src), dtype_load_f16(src + 2), src + 8, src + 4, dst);
}

static void q5_1_encode(const float *src, uint8_t *dst)
{
    encode_offset(src, 31, dst, dst + 8, dst + 4);
}

static void q8_0_decode(const uint8_t *src, float *dst)
{
    float d = dtype_load_f16(src);

    for (int i = 0; i < BLOCK; i++)
        dst[i] = (float)(int8_t)src[2 + i] * d;
}

static void q8_0_encode(const float *src, uint8_t *dst)
{
    float d = fabsf(extreme(src)) / 127, id = inverse(d);

    dtype_store16(dst, f32_to_f16(d));
    for (int i = 0; i < BLOCK; i++)
        dst[2 + i] = (uint8_t)(int8_t)roundf(src[i] * id);
}

static bool two_scales_valid(const uint8_t *src)
{
    return dtype_f16_finite(src) && dtype_f16_finite(src + 2);
}

const struct dtype_codec dtype_q4_0 = { q4_0_decode, q4_0_encode, dtype_f16_finite };
const struct dtype_codec dtype_q4_1 = { q4_1_decode, q4_1_encode, two_scales_valid };
const struct dtype_codec dtype_q5_0 = { q5_0_decode, q5_0_encode, dtype_f16_finite };
const struct dtype_codec dtype_q5_1 = { q5_1_decode, q5_1_encode, two_scales_valid };
const struct dtype_codec dtype_q8_0 = { q8_0_decode, q8_0_encode, dtype_f16_finite };
