/* dtype_float.c - F32, F16 (IEEE 754 binary16) and BF16, in integer arithmetic: the same bits on
 * every machine, whatever its rounding of denormals is set to. */
#include "kernels/dtype/dtype_codec.h"

static uint32_t bits_of(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof(u));
    return u;
}

static float float_of(uint32_t u)
{
    float x;

    memcpy(&x, &u, sizeof(x));
    return x;
}

enum {
    EXP_F32 = 0x7f800000,
    QUIET_F32 = 0x00400000,
    HALF = 0x3f000000,              /* 0.5f: its unit in the last place is 2^-24, F16's smallest */
    SMALLEST_NORMAL_16 = 0x38800000 /* 2^-14 */
};
static const uint32_t bias_difference = (uint32_t)(127 - 15) << 23;

float f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = h & 0x7fff;
    uint32_t shifted = magnitude << 13, u;

    if (magnitude >= 0x7c00) /* infinity, NaN: quiet, with its payload */
        u = EXP_F32 | (shifted & 0x7fffff) | (magnitude > 0x7c00 ? QUIET_F32 : 0);
    else if (magnitude >= 0x0400)
        u = shifted + bias_difference;
    else /* a denormal counts units of 2^-24 */
        u = bits_of(float_of(HALF | magnitude) - 0.5f);
    return float_of(sign | u);
}

uint16_t f32_to_f16(float x)
{
    uint32_t u = bits_of(x), sign = u >> 16 & 0x8000, a = u & 0x7fffffff;

    if (a > EXP_F32) /* NaN: quiet, with the upper bits of its payload */
        return (uint16_t)(sign | 0x7e00 | (a >> 13 & 0x1ff));
    if (a >= 0x47800000) /* 2^16 and more */
        return (uint16_t)(sign | 0x7c00);
    if (a < SMALLEST_NORMAL_16) /* the addition rounds to units of 2^-24, half to even */
        return (uint16_t)(sign | (bits_of(float_of(a) + 0.5f) - HALF));
    a += 0xfff + (a >> 13 & 1); /* half to even; a carry may reach infinity, as it should */
    return (uint16_t)(sign | (a - bias_difference) >> 13);
}

float bf16_to_f32(uint16_t h)
{
    return float_of((uint32_t)h << 16);
}

uint16_t f32_to_bf16(float x)
{
    uint32_t u = bits_of(x);

    if ((u & 0x7fffffff) > EXP_F32)
        return (uint16_t)(u >> 16 | 0x40);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static void f32_decode(const uint8_t *src, float *dst)
{
    memcpy(dst, src, sizeof(*dst));
}

static void f32_encode(const float *src, uint8_t *dst)
{
    memcpy(dst, src, sizeof(*src));
}

static bool f32_valid(const uint8_t *src)
{
    float x;

    memcpy(&x, src, sizeof(x));
    return isfinite(x);
}

static void f16_decode(const uint8_t *src, float *dst)
{
    *dst = dtype_load_f16(src);
}

static void f16_encode(const float *src, uint8_t *dst)
{
    dtype_store16(dst, f32_to_f16(*src));
}

static void bf16_decode(const uint8_t *src, float *dst)
{
    *dst = bf16_to_f32(dtype_load16(src));
}

static void bf16_encode(const float *src, uint8_t *dst)
{
    dtype_store16(dst, f32_to_bf16(*src));
}

static bool bf16_valid(const uint8_t *src)
{
    return (dtype_load16(src) & 0x7f80) != 0x7f80;
}

const struct dtype_codec dtype_f32 = { f32_decode, f32_encode, f32_valid };
const struct dtype_codec dtype_f16 = { f16_decode, f16_encode, dtype_f16_finite };
const struct dtype_codec dtype_bf16 = { bf16_decode, bf16_encode, bf16_valid };
