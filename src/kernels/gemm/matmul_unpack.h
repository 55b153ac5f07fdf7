/* matmul_unpack.h - blocks of weights taken apart, 16 codes at a time: the functions of
 * matmul_form.h, compiled for the instruction set of the file that includes this. */
#ifndef KERNELS_GEMM_MATMUL_UNPACK_H
#define KERNELS_GEMM_MATMUL_UNPACK_H

#include <string.h>

#include "kernels/gemm/matmul_form.h"

#if defined(__F16C__)
#include <immintrin.h>
#endif

enum { SUPER = 256, SUBS = 8 }; /* columns of a K block, and its groups of 32 */

/* Sixteen bytes at once, on every CPU. */
typedef uint8_t sixteen __attribute__((vector_size(16)));

static inline sixteen load_16(const uint8_t *p)
{
    sixteen b;

    memcpy(&b, p, sizeof(b));
    return b;
}

static inline void store_16(uint8_t *p, sixteen b)
{
    memcpy(p, &b, sizeof(b));
}

/* Byte i becomes bit i of `bits`, as 16 or 0. */
static inline sixteen fifth_bits(uint32_t bits)
{
    const sixteen which = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1 };
    const sixteen bit = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
    sixteen b = { 0 };

    memcpy(&b, &bits, sizeof(bits));
    b = __builtin_shuffle(b, which);
    return (sixteen)((b & bit) == bit) & 16;
}

static inline void codes_4(const uint8_t *q, uint8_t *codes)
{
    sixteen b = load_16(q);

    store_16(codes, b & 15);
    store_16(codes + 16, b >> 4);
}

static inline void codes_5(const uint8_t *high, const uint8_t *q, uint8_t *codes)
{
    uint32_t bits;
    sixteen b = load_16(q);

    memcpy(&bits, high, sizeof(bits));
    store_16(codes, (b & 15) | fifth_bits(bits));
    store_16(codes + 16, b >> 4 | fifth_bits(bits >> 16));
}

static inline void codes_8(const uint8_t *q, uint8_t *codes)
{
    store_16(codes, load_16(q) ^ 128);
    store_16(codes + 16, load_16(q + 16) ^ 128);
}

/* 128 bytes of nibbles, 32 with one high bit a group of 32 columns (NULL: none). */
static inline void codes_k(const uint8_t *high, const uint8_t *q, uint8_t *codes)
{
    for (int i = 0; i < SUBS; i++) {
        for (int j = 0; j < 32; j += 16) {
            sixteen b = load_16(q + 32 * (i / 2) + j) >> 4 * (i % 2) & 15;

            if (high)
                b |= (load_16(high + j) >> i & 1) << 4;
            store_16(codes + 32 * i + j, b);
        }
    }
}

static inline void codes_q6_k(const uint8_t *block, uint8_t *codes)
{
    for (int half = 0; half < 2; half++) {
        const uint8_t *low = block + 64 * half, *high = block + 128 + 32 * half;

        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 32; j += 16)
                store_16(codes + 128 * half + 32 * i + j,
                         (load_16(low + 32 * (i % 2) + j) >> 4 * (i / 2) & 15) |
                             (load_16(high + j) >> 2 * i & 3) << 4);
    }
}

/* Byte j of a run of `width` holds columns j, j + width, j + 2 width and j + 3 width. */
static inline void codes_2(const uint8_t *q, int width, uint8_t *codes)
{
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < width; j += 16)
            store_16(codes + width * i + j, load_16(q + j) >> 2 * i & 3);
}

/* Digit n of the number v / 256 in base 3 is the third of 3 x (3^n v mod 256): 3 x is at least 256
 * from 86 on, 512 from 171 on.  width: 16, or less for the last bytes of a block. */
static inline void codes_3(const uint8_t *q, size_t width, int digits, uint8_t *codes)
{
    sixteen b = { 0 };

    memcpy(&b, q, width);
    for (int n = 0; n < digits; n++, b *= 3) {
        sixteen digit = -(sixteen)(b >= 86) - (sixteen)(b >= 171);

        memcpy(codes + width * (size_t)n, &digit, width);
    }
}

/* 32 bytes: digit n of byte j is column 32 n + j. */
static inline void codes_3_of_32(const uint8_t *q, uint8_t *codes)
{
    for (int j = 0; j < 32; j += 16) {
        uint8_t half[5 * 16];

        codes_3(q + j, 16, 5, half);
        for (int n = 0; n < 5; n++)
            memcpy(codes + 32 * n + j, half + 16 * n, 16);
    }
}

static inline void codes_of_block(enum dtype t, const uint8_t *b, uint8_t *codes)
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
        codes_3_of_32(b, codes);
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

static inline void unpack_codes(enum dtype t, const void *src, uint8_t *codes, size_t n)
{
    const struct dtype_info *info = dtype_info(t);
    const uint8_t *b = (const uint8_t *)src;

    for (size_t c = 0; c < n; c += (size_t)info->block, b += info->bytes)
        codes_of_block(t, b, codes + c);
}

static inline float half_at(const uint8_t *p)
{
    uint16_t h;

    memcpy(&h, p, sizeof(h));
#if defined(__F16C__)
    return _cvtsh_ss(h);
#else
    return f16_to_f32(h);
#endif
}

/* Eight scales and eight mins of 6 bits in 12 bytes: four of each with 6 bits in a byte, whose
 * upper two bits complete the nibbles of the other four. */
static inline void scales_k(const uint8_t *b, float *scale, float *min, size_t stride)
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

static inline void scales_q6_k(const uint8_t *b, float *scale, size_t stride)
{
    float d = half_at(b + 208);

    for (size_t i = 0; i < SUPER / 16; i++)
        scale[stride * i] = d * (float)(int8_t)b[192 + i];
}

static inline void unpack_scales(enum dtype t, const void *src, float *scale, float *min,
                                 size_t stride, size_t n)
{
    const struct dtype_info *info = dtype_info(t);
    const uint8_t *b = (const uint8_t *)src;
    size_t step = stride * (size_t)(info->block / matmul_form(t)->group);

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

#endif
