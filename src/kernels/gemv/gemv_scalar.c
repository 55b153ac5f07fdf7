/* gemv_scalar.c - portable C for every type: complete everywhere, and what the integer parts of
 * the other variants are compared with.
 *
 * Each type is a function of one row and one vector; sums run in the order of the columns. */
#include "kernels/gemv/gemv_blocks.h"
#include "kernels/gemv/gemv_variants.h"

typedef float dot_fn(const uint8_t *row, const struct act *x);

static inline void all(const struct weight *w, size_t row0, size_t row1, const struct act *x, int n,
                       float *y, size_t ldy, dot_fn *dot)
{
    for (size_t r = row0; r < row1; r++) {
        const uint8_t *row = (const uint8_t *)w->data + r * w->row_bytes;

        for (int t = 0; t < n; t++)
            y[(size_t)t * ldy + r] = dot(row, &x[t]);
    }
}

#define SCALAR(type)                                  \
    GEMV_RUN(gemv_scalar_##type)                      \
    {                                                 \
        all(w, row0, row1, x, n, y, ldy, dot_##type); \
    }

/* ---- floats */

static float dot_f32(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t i = 0; i < x->cols; i++) {
        float v;

        memcpy(&v, row + i * sizeof(v), sizeof(v));
        sum += v * x->x[i];
    }
    return sum;
}

static float dot_f16(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t i = 0; i < x->cols; i++)
        sum += f16_to_f32(gemv_u16(row + 2 * i)) * x->x[i];
    return sum;
}

static float dot_bf16(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t i = 0; i < x->cols; i++)
        sum += bf16_to_f32(gemv_u16(row + 2 * i)) * x->x[i];
    return sum;
}

SCALAR(f32)
SCALAR(f16)
SCALAR(bf16)

/* ---- blocks of 32, with int8 activations of one scale each */

/* Sum of code x activation over a block; fifth: the fifth bits of the codes, 0 for Q4. */
static int32_t nibbles(const uint8_t *qs, uint32_t fifth, const int8_t *q)
{
    int32_t sum = 0;

    for (int j = 0; j < 16; j++) {
        sum += (int)((qs[j] & 15u) | (fifth >> j & 1) << 4) * q[j];
        sum += (int)((uint32_t)qs[j] >> 4 | (fifth >> (j + 16) & 1) << 4) * q[j + 16];
    }
    return sum;
}

/* Sum of the activations of a block of 32. */
static int32_t sum32(const struct act *x, size_t block)
{
    return x->sum[2 * block] + x->sum[2 * block + 1];
}

static float dot_q4_0(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t b = 0; b < x->cols / 32; b++, row += Q4_0_BYTES) {
        int32_t s = nibbles(row + 2, 0, x->q + 32 * b) - 8 * sum32(x, b);

        sum += f16_to_f32(gemv_u16(row)) * x->d[b] * (float)s;
    }
    return sum;
}

static float dot_q4_1(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t b = 0; b < x->cols / 32; b++, row += Q4_1_BYTES) {
        int32_t s = nibbles(row + 4, 0, x->q + 32 * b);

        sum += f16_to_f32(gemv_u16(row)) * x->d[b] * (float)s;
        sum += f16_to_f32(gemv_u16(row + 2)) * x->d[b] * (float)sum32(x, b);
    }
    return sum;
}

static float dot_q5_0(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t b = 0; b < x->cols / 32; b++, row += Q5_0_BYTES) {
        int32_t s = nibbles(row + 6, gemv_u32(row + 2), x->q + 32 * b) - 16 * sum32(x, b);

        sum += f16_to_f32(gemv_u16(row)) * x->d[b] * (float)s;
    }
    return sum;
}

static float dot_q5_1(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t b = 0; b < x->cols / 32; b++, row += Q5_1_BYTES) {
        int32_t s = nibbles(row + 8, gemv_u32(row + 4), x->q + 32 * b);

        sum += f16_to_f32(gemv_u16(row)) * x->d[b] * (float)s;
        sum += f16_to_f32(gemv_u16(row + 2)) * x->d[b] * (float)sum32(x, b);
    }
    return sum;
}

static float dot_q8_0(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t b = 0; b < x->cols / 32; b++, row += Q8_0_BYTES) {
        const int8_t *w = (const int8_t *)(row + 2);
        int32_t s = 0;

        for (int j = 0; j < 32; j++)
            s += w[j] * x->q[32 * b + (size_t)j];
        sum += f16_to_f32(gemv_u16(row)) * x->d[b] * (float)s;
    }
    return sum;
}

SCALAR(q4_0)
SCALAR(q4_1)
SCALAR(q5_0)
SCALAR(q5_1)
SCALAR(q8_0)

/* ---- K types: blocks of 256, the scales of their parts are integers */

/* Q4_K and Q5_K: codes at qs, fifth bits at qh (NULL: none).  Run i of 32 bytes holds group 2 i in
 * its low nibbles and group 2 i + 1 in the high ones; bit g of qh[j] is value j of group g. */
static float dot_k(const uint8_t *block, const uint8_t *qh, const uint8_t *qs, const int8_t *q,
                   const int16_t *sums)
{
    float d = f16_to_f32(gemv_u16(block)), dmin = f16_to_f32(gemv_u16(block + 2));
    uint8_t scale[8], min[8];
    int32_t products = 0, mins = 0;

    gemv_k_scales(block + 4, scale, min);
    for (int g = 0; g < 8; g++) {
        const uint8_t *run = qs + g / 2 * 32;
        int32_t s = 0;

        for (int j = 0; j < 32; j++) {
            int code = run[j] >> (g % 2 * 4) & 15;

            if (qh)
                code |= (qh[j] >> g & 1) << 4;
            s += code * q[32 * g + j];
        }
        products += scale[g] * s;
        mins += min[g] * (sums[2 * g] + sums[2 * g + 1]);
    }
    return d * (float)products - dmin * (float)mins;
}

static float dot_q4_k(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t b = 0; b < x->cols / 256; b++, row += Q4_K_BYTES)
        sum += x->d[b] * dot_k(row, NULL, row + 16, x->q + 256 * b, x->sum + 16 * b);
    return sum;
}

static float dot_q5_k(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t b = 0; b < x->cols / 256; b++, row += Q5_K_BYTES)
        sum += x->d[b] * dot_k(row, row + 16, row + 48, x->q + 256 * b, x->sum + 16 * b);
    return sum;
}

/* One half of a Q6_K block: 128 values, 8 scales. */
static int32_t half_q6_k(const uint8_t *ql, const uint8_t *qh, const int8_t *scale, const int8_t *q)
{
    int32_t sum = 0;

    for (int l = 0; l < 32; l++) {
        int high = qh[l];
        int a = (ql[l] & 15) | (high & 3) << 4, b = (ql[l + 32] & 15) | (high >> 2 & 3) << 4;
        int c = ql[l] >> 4 | (high >> 4 & 3) << 4, d = ql[l + 32] >> 4 | (high >> 6) << 4;
        const int8_t *s = scale + l / 16;

        sum += s[0] * ((a - 32) * q[l]) + s[2] * ((b - 32) * q[l + 32]) +
               s[4] * ((c - 32) * q[l + 64]) + s[6] * ((d - 32) * q[l + 96]);
    }
    return sum;
}

static float dot_q6_k(const uint8_t *row, const struct act *x)
{
    float sum = 0;

    for (size_t b = 0; b < x->cols / 256; b++, row += Q6_K_BYTES) {
        const int8_t *scale = (const int8_t *)(row + 192), *q = x->q + 256 * b;
        int32_t s = half_q6_k(row, row + 128, scale, q) +
                    half_q6_k(row + 64, row + 160, scale + 8, q + 128);

        sum += f16_to_f32(gemv_u16(row + 208)) * x->d[b] * (float)s;
    }
    return sum;
}

SCALAR(q4_k)
SCALAR(q5_k)
SCALAR(q6_k)

/* ---- ternary: one scale for all activations of a row
 *
 * Where all blocks of a row of weights have one scale (as trained models do), the sum is an integer
 * until the end and all variants give the same bits: (d * sum) * d of x. */

struct ternary {
    size_t values, bytes, scale; /* of a block; where its scale lies */
    int32_t (*sum)(const uint8_t *block, const int8_t *q);
};

static inline float dot_ternary(const struct ternary *t, const uint8_t *row, const struct act *x)
{
    size_t blocks = x->cols / t->values;
    uint16_t first = gemv_u16(row + t->scale);
    float apart = 0;
    int32_t together = 0;
    int same = 1;

    for (size_t b = 0; b < blocks; b++, row += t->bytes) {
        uint16_t d = gemv_u16(row + t->scale);
        int32_t s = t->sum(row, x->q + b * t->values);

        same &= d == first;
        together += s;
        apart += f16_to_f32(d) * (float)s;
    }
    return (same ? f16_to_f32(first) * (float)together : apart) * x->d[0];
}

/* Base-3 digit n of a byte, as -1, 0 or 1. */
static int digit(uint8_t byte, int n)
{
    static const uint8_t pow3[] = { 1, 3, 9, 27, 81 };

    return (uint8_t)(byte * pow3[n]) * 3 / 256 - 1;
}

static int32_t sum_tq1_0(const uint8_t *block, const int8_t *q)
{
    int32_t sum = 0;

    for (int n = 0; n < 5; n++) {
        for (int j = 0; j < 32; j++)
            sum += digit(block[j], n) * q[n * 32 + j];
        for (int j = 0; j < 16; j++)
            sum += digit(block[32 + j], n) * q[160 + n * 16 + j];
    }
    for (int n = 0; n < 4; n++)
        for (int j = 0; j < 4; j++)
            sum += digit(block[48 + j], n) * q[240 + n * 4 + j];
    return sum;
}

/* 2-bit codes in runs of `run` bytes: value l * run + j is bits 2 l of byte j. */
static inline int32_t sum_codes(const uint8_t *codes, const int8_t *q, int bytes, int run)
{
    int32_t sum = 0;

    for (int i = 0; i < bytes; i += run)
        for (int l = 0; l < 4; l++)
            for (int j = 0; j < run; j++)
                sum += ((codes[i + j] >> 2 * l & 3) - 1) * q[4 * i + l * run + j];
    return sum;
}

static int32_t sum_tq2_0(const uint8_t *block, const int8_t *q)
{
    return sum_codes(block, q, 64, 32);
}

static int32_t sum_tq2_64(const uint8_t *block, const int8_t *q)
{
    return sum_codes(block, q, 16, 16);
}

static float dot_tq1_0(const uint8_t *row, const struct act *x)
{
    return dot_ternary(&(struct ternary){ 256, TQ1_0_BYTES, 52, sum_tq1_0 }, row, x);
}

static float dot_tq2_0(const uint8_t *row, const struct act *x)
{
    return dot_ternary(&(struct ternary){ 256, TQ2_0_BYTES, 64, sum_tq2_0 }, row, x);
}

static float dot_tq2_64(const uint8_t *row, const struct act *x)
{
    return dot_ternary(&(struct ternary){ 64, TQ2_64_BYTES, 16, sum_tq2_64 }, row, x);
}

SCALAR(tq1_0)
SCALAR(tq2_0)
SCALAR(tq2_64)
