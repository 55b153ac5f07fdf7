/* dtype_ternary.c - the formats of -1, 0, +1 times one scale d (F16): TQ1_0, TQ2_0 and TQ2_64.
 *
 * TQ2_0   64 bytes, d: of each 32 bytes (128 values), value 32 l + m has bits 2 l of byte m
 * TQ2_64  16 bytes, d: value 16 l + m has bits 2 l of byte m
 * TQ1_0   48 + 4 bytes, d: five base-3 digits a byte, as the fraction ceil(256 v / 3^5), so that
 *         multiplying by 3 moves the next digit above bit 8.  Bytes 0-31 hold values 32 l + m,
 *         bytes 32-47 values 160 + 16 l + m, and the last four bytes 240 + 4 l + m (four digits).
 *
 * Encoders take the largest magnitude of a block for d: they are for values that are ternary. */
#include "kernels/dtype/dtype_codec.h"

/* Codes 0, 1, 2 of n values, and their scale. */
static float ternarize(const float *x, int n, uint8_t *code)
{
    float d = 0, id;

    for (int i = 0; i < n; i++)
        d = fabsf(x[i]) > d ? fabsf(x[i]) : d;
    id = isfinite(1 / d) ? 1 / d : 0;
    for (int i = 0; i < n; i++)
        code[i] = (uint8_t)(1 + (int)roundf(x[i] * id));
    return d;
}

/* Two bits a value: runs of `bytes` bytes hold 4 * bytes values. */
static void pack2(const uint8_t *code, uint8_t *dst, int bytes)
{
    for (int m = 0; m < bytes; m++)
        dst[m] = (uint8_t)(code[m] | code[bytes + m] << 2 | code[2 * bytes + m] << 4 |
                           code[3 * bytes + m] << 6);
}

static void unpack2(const uint8_t *src, int bytes, float d, float *y)
{
    for (int l = 0; l < 4; l++)
        for (int m = 0; m < bytes; m++)
            y[l * bytes + m] = (float)((src[m] >> 2 * l & 3) - 1) * d;
}

/* No pair of bits is 3. */
static bool codes_valid(const uint8_t *src, int bytes)
{
    for (int m = 0; m < bytes; m++)
        if ((src[m] & src[m] >> 1 & 0x55) != 0)
            return false;
    return true;
}

static void tq2_64_encode(const float *src, uint8_t *dst)
{
    uint8_t code[64];
    float d = ternarize(src, 64, code);

    pack2(code, dst, 16);
    dtype_store16(dst + 16, f32_to_f16(d));
}

static void tq2_64_decode(const uint8_t *src, float *dst)
{
    unpack2(src, 16, dtype_load_f16(src + 16), dst);
}

static bool tq2_64_valid(const uint8_t *src)
{
    return dtype_f16_finite(src + 16) && codes_valid(src, 16);
}

static void tq2_0_encode(const float *src, uint8_t *dst)
{
    uint8_t code[256];
    float d = ternarize(src, 256, code);

    pack2(code, dst, 32);
    pack2(code + 128, dst + 32, 32);
    dtype_store16(dst + 64, f32_to_f16(d));
}

static void tq2_0_decode(const uint8_t *src, float *dst)
{
    float d = dtype_load_f16(src + 64);

    unpack2(src, 32, d, dst);
    unpack2(src + 32, 32, d, dst + 128);
}

static bool tq2_0_valid(const uint8_t *src)
{
    return dtype_f16_finite(src + 64) && codes_valid(src, 64);
}

/* A run of `bytes` bytes: digit l of byte m is value l * bytes + m. */
static void pack3(const uint8_t *code, uint8_t *dst, int bytes, int digits)
{
    for (int m = 0; m < bytes; m++) {
        int v = 0;

        for (int l = 0; l < 5; l++)
            v = 3 * v + (l < digits ? code[l * bytes + m] : 0);
        dst[m] = (uint8_t)((v * 256 + 242) / 243);
    }
}

static void unpack3(const uint8_t *src, int bytes, int digits, float d, float *y)
{
    for (int m = 0; m < bytes; m++) {
        uint8_t fraction = src[m];

        for (int l = 0; l < digits; l++) {
            int next = 3 * fraction;

            y[l * bytes + m] = (float)((next >> 8) - 1) * d;
            fraction = (uint8_t)next;
        }
    }
}

static void tq1_0_encode(const float *src, uint8_t *dst)
{
    uint8_t code[256];
    float d = ternarize(src, 256, code);

    pack3(code, dst, 32, 5);
    pack3(code + 160, dst + 32, 16, 5);
    pack3(code + 240, dst + 48, 4, 4);
    dtype_store16(dst + 52, f32_to_f16(d));
}

static void tq1_0_decode(const uint8_t *src, float *dst)
{
    float d = dtype_load_f16(src + 52);

    unpack3(src, 32, 5, d, dst);
    unpack3(src + 32, 16, 5, d, dst + 160);
    unpack3(src + 48, 4, 4, d, dst + 240);
}

/* Every byte is five digits. */
static bool tq1_0_valid(const uint8_t *src)
{
    return dtype_f16_finite(src + 52);
}

const struct dtype_codec dtype_tq1_0 = { tq1_0_decode, tq1_0_encode, tq1_0_valid };
const struct dtype_codec dtype_tq2_0 = { tq2_0_decode, tq2_0_encode, tq2_0_valid };
const struct dtype_codec dtype_tq2_64 = { tq2_64_decode, tq2_64_encode, tq2_64_valid };
