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

void dtype_float_decode(enum dtype t, const uint8_t *src, float *dst, size_t n)
{
    if (t == DTYPE_F32)
        memcpy(dst, src, n * sizeof(*dst));
    else if (t == DTYPE_F16)
        for (size_t i = 0; i < n; i++)
            dst[i] = dtype_load_f16(src + 2 * i);
    else
        for (size_t i = 0; i < n; i++)
            dst[i] = bf16_to_f32(dtype_load16(src + 2 * i));
}

void dtype_float_encode(enum dtype t, const float *src, uint8_t *dst, size_t n)
{
    if (t == DTYPE_F32)
        memcpy(dst, src, n * sizeof(*src));
    else if (t == DTYPE_F16)
        for (size_t i = 0; i < n; i++)
            dtype_store16(dst + 2 * i, f32_to_f16(src[i]));
    else
        for (size_t i = 0; i < n; i++)
            dtype_store16(dst + 2 * i, f32_to_bf16(src[i]));
}

/* In each of them the exponent of what is not finite has all its bits. */
bool dtype_float_valid(enum dtype t, const uint8_t *src, size_t n)
{
    size_t bytes = t == DTYPE_F32 ? 4 : 2;
    unsigned exponent = t == DTYPE_F16 ? 0x7c00 : 0x7f80;
    bool valid = true;

    for (size_t i = 0; i < n; i++)
        valid &= (dtype_load16(src + i * bytes + bytes - 2) & exponent) != exponent;
    return valid;
}
