/* matmul_form.c - blocks of weights taken apart, 16 codes at a time. */
#include "kernels/gemm/matmul_form.h"

#include <string.h>

enum { SUPER = 256, SUBS = 8 }; /* columns of a K block, and its groups of 32 */

static const struct matmul_form forms[DTYPES] = {
    [DTYPE_Q4_0] = { 32, 8, 15, false },    [DTYPE_Q4_1] = { 32, 0, 15, true },
    [DTYPE_Q5_0] = { 32, 16, 31, false },   [DTYPE_Q5_1] = { 32, 0, 31, true },
    [DTYPE_Q8_0] = { 32, 128, 255, false }, [DTYPE_Q4_K] = { 32, 0, 15, true },
    [DTYPE_Q5_K] = { 32, 0, 31, true },     [DTYPE_Q6_K] = { 16, 32, 63, false },
    [DTYPE_TQ1_0] = { 256, 1, 2, false },   [DTYPE_TQ2_0] = { 256, 1, 3, false },
    [DTYPE_TQ2_64] = { 64, 1, 3, false },
};

const struct matmul_form *matmul_form(enum dtype t)
{
    return &forms[t];
}

/* Sixteen bytes at once, on every CPU. */
typedef uint8_t bytes __attribute__((vector_size(16)));

static inline bytes load(const uint8_t *p)
{
    bytes b;

    memcpy(&b, p, sizeof(b));
    return b;
}

static inline void store(uint8_t *p, bytes b)
{
    memcpy(p, &b, sizeof(b));
}

/* Byte i becomes bit i of `bits`, as 16 or 0. */
static inline bytes fifth_bits(uint32_t bits)
{
    const uint64_t ones = 0x0101010101010101, each = 0x8040201008040201;
    uint64_t half[2];
    bytes b;

    for (int i = 0; i < 2; i++) {
        uint64_t one_of_each = (bits >> 8 * i & 255) * ones & each;

        /* A byte that is not 0 carries into its own bit 7. */
        half[i] = (one_of_each + 0x7f * ones) >> 3 & 16 * ones;
    }
    memcpy(&b, half, sizeof(b));
    return b;
}

static void codes_4(const uint8_t *q, uint8_t *codes)
{
    bytes b = load(q);

    store(codes, b & 15);
    store(codes + 16, b >> 4);
}

static void codes_5(const uint8_t *high, const uint8_t *q, uint8_t *codes)
{
    uint32_t bits;
    bytes b = load(q);

    memcpy(&bits, high, sizeof(bits));
    store(codes, (b & 15) | fifth_bits(bits));
    store(codes + 16, b >> 4 | fifth_bits(bits >> 16));
}

static void codes_8(const uint8_t *q, uint8_t *codes)
{
    store(codes, load(q) ^ 128);
    store(codes + 16, load(q + 16) ^ 128);
}

/* 128 bytes of nibbles, 32 with one high bit a group of 32 columns (NULL: none). */
static void codes_k(const uint8_t *high, const uint8_t *q, uint8_t *codes)
{
    for (int i = 0; i < SUBS; i++) {
        for (int j = 0; j < 32; j += 16) {
            bytes b = load(q + 32 * (i / 2) + j) >> 4 * (i % 2) & 15;

            if (high)
                b |= (load(high + j) >> i & 1) << 4;
            store(codes + 32 * i + j, b);
        }
    }
}

static void codes_q6_k(const uint8_t *block, uint8_t *codes)
{
    for (int half = 0; half < 2; half++) {
        const uint8_t *low = block + 64 * half, *high = block + 128 + 32 * half;

        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 32; j += 16)
                store(codes + 128 * half + 32 * i + j,
                      (load(low + 32 * (i % 2) + j) >> 4 * (i / 2) & 15) |
                          (load(high + j) >> 2 * i & 3) << 4);
    }
}

/* Byte j of a run of `width` holds columns j, j + width, j + 2 width and j + 3 width. */
static void codes_2(const uint8_t *q, int width, uint8_t *codes)
{
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < width; j += 16)
            store(codes + width * i + j, load(q + j) >> 2 * i & 3);
}

/* Digit n of the number v / 256 in base 3 is the third of 3 x (3^n v mod 256). */
static void codes_3(const uint8_t *q, int width, int digits, uint8_t *codes)
{
    static const uint8_t power[] = { 1, 3, 9, 27, 81 };

    for (int n = 0; n < digits; n++)
        for (int j = 0; j < width; j++)
            codes[n * width + j] = (uint8_t)((uint8_t)(q[j] * power[n]) * 3 >> 8);
}

static void codes_of_block(enum dtype t, const uint8_t *b, uint8_t *codes)
{
    switch (t) {
    case DTYPE_Q4_0: codes_4(b + 2, codes); break;
    case DTYPE_Q4_1: codes_4(b + 4, codes); break;
    case DTYPE_Q5_0: codes_5(b + 2, b + 6, codes); break;
    case DTYPE_Q5_1: codes_5(b + 4, b + 8, codes); break;
    case DTYPE_Q8_0: codes_8(b + 2, codes); break;
    case DTYPE_Q4_K: codes_k(NULL, b + 16, codes); break;
    case DTYPE_Q5_K: codes_k(b + 16, b + 48, codes); break;
    case DTYPE_Q6_K: codes_q6_k(b, codes); break;
    case DTYPE_TQ1_0:
        codes_3(b, 32, 5, codes);
        codes_3(b + 32, 16, 5, codes + 160);
        codes_3(b + 48, 4, 4, codes + 240);
        break;
    case DTYPE_TQ2_0:
        codes_2(b, 32, codes);
        codes_2(b + 32, 32, codes + 128);
        break;
    case DTYPE_TQ2_64: codes_2(b, 16, codes); break;
    case DTYPE_F32:
    case DTYPE_F16:
    case DTYPE_BF16:
    case DTYPES: break;
    }
}

void matmul_codes(enum dtype t, const void *src, uint8_t *codes, size_t n)
{
    const struct dtype_info *info = dtype_info(t);
    const uint8_t *b = src;

    for (size_t c = 0; c < n; c += (size_t)info->block, b += info->bytes)
        codes_of_block(t, b, codes + c);
}

static float half_at(const uint8_t *p)
{
    uint16_t h;

    memcpy(&h, p, sizeof(h));
    return f16_to_f32(h);
}

/* Eight scales and eight mins of 6 bits in 12 bytes: four of each with 6 bits in a byte, whose
 * upper two bits complete the nibbles of the other four. */
static void scales_k(const uint8_t *b, float *scale, float *min, size_t stride)
{
    const uint8_t *s = b + 4;
    float d = half_at(b), dmin = half_at(b + 2);

    for (int i = 0; i < SUBS; i++) {
        int sc = i < 4 ? s[i] & 63 : (s[i + 4] & 15) | s[i - 4] >> 6 << 4;
        int m = i < 4 ? s[i + 4] & 63 : s[i + 4] >> 4 | s[i] >> 6 << 4;

        scale[stride * (size_t)i] = d * (float)sc;
        min[stride * (size_t)i] = -dmin * (float)m;
    }
}

static void scales_q6_k(const uint8_t *b, float *scale, size_t stride)
{
    float d = half_at(b + 208);

    for (size_t i = 0; i < SUPER / 16; i++)
        scale[stride * i] = d * (float)(int8_t)b[192 + i];
}

void matmul_scales(enum dtype t, const void *src, float *scale, float *min, size_t stride, size_t n)
{
    const struct dtype_info *info = dtype_info(t);
    const uint8_t *b = src;
    size_t step = stride * (size_t)(info->block / forms[t].group);

    for (size_t c = 0; c < n; c += (size_t)info->block, b += info->bytes, scale += step) {
        switch (t) {
        case DTYPE_Q4_K:
        case DTYPE_Q5_K:
            scales_k(b, scale, min, stride);
            min += step;
            break;
        case DTYPE_Q6_K: scales_q6_k(b, scale, stride); break;
        case DTYPE_Q4_1:
        case DTYPE_Q5_1:
            *scale = half_at(b);
            *min = half_at(b + 2);
            min += step;
            break;
        case DTYPE_TQ1_0:
        case DTYPE_TQ2_0:
        case DTYPE_TQ2_64: *scale = half_at(b + info->bytes - 2); break;
        case DTYPE_Q4_0:
        case DTYPE_Q5_0:
        case DTYPE_Q8_0: *scale = half_at(b); break;
        case DTYPE_F32:
        case DTYPE_F16:
        case DTYPE_BF16:
        case DTYPES: break;
        }
    }
}
