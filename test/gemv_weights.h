/* gemv_weights.h - weights for the tests of matrix kernels, in every format. */
#ifndef GEMV_WEIGHTS_H
#define GEMV_WEIGHTS_H

#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "kernels/dtype/dtype.h"

enum gemv_weights {
    GEMV_WEIGHTS_RANDOM,  /* any codes, finite scales of both signs, another in each block */
    GEMV_WEIGHTS_WHOLE,   /* any codes, all scales 1: whole numbers */
    GEMV_WEIGHTS_LARGEST, /* the largest code everywhere, all scales 1 */
    GEMV_WEIGHTS_ENCODED  /* normal values through the encoder */
};

/* Where a format has its scales: `n` F16 numbers at `at`; K types have integer scales besides. */
struct gemv_scales {
    int at, n;
};

static inline struct gemv_scales gemv_weights_scales(enum dtype t)
{
    switch (t) {
    case DTYPE_Q4_1:
    case DTYPE_Q5_1:
    case DTYPE_Q4_K:
    case DTYPE_Q5_K: return (struct gemv_scales){ 0, 2 };
    case DTYPE_Q6_K: return (struct gemv_scales){ 208, 1 };
    case DTYPE_TQ1_0: return (struct gemv_scales){ 52, 1 };
    case DTYPE_TQ2_0: return (struct gemv_scales){ 64, 1 };
    case DTYPE_TQ2_64: return (struct gemv_scales){ 16, 1 };
    case DTYPE_Q4_0:
    case DTYPE_Q5_0:
    case DTYPE_Q8_0: return (struct gemv_scales){ 0, 1 };
    case DTYPE_F32:
    case DTYPE_F16:
    case DTYPE_BF16:
    case DTYPES: break;
    }
    return (struct gemv_scales){ 0, 0 };
}

static inline float gemv_weights_half(const uint8_t *p)
{
    uint16_t h;

    memcpy(&h, p, sizeof(h));
    return f16_to_f32(h);
}

/* A bound of the magnitude of every term that a value of this block is made of. */
static inline double gemv_weights_span(enum dtype t, const uint8_t *block)
{
    struct gemv_scales s = gemv_weights_scales(t);
    double d = fabs((double)gemv_weights_half(block + s.at));
    double m = s.n == 2 ? fabs((double)gemv_weights_half(block + s.at + 2)) : 0;
    float f;

    switch (t) {
    case DTYPE_F32: memcpy(&f, block, sizeof(f)); return fabs((double)f);
    case DTYPE_F16: return d;
    case DTYPE_BF16: return fabs((double)bf16_to_f32((uint16_t)(block[0] | block[1] << 8)));
    case DTYPE_Q4_0: return 8 * d;
    case DTYPE_Q4_1: return 15 * d + m;
    case DTYPE_Q5_0: return 16 * d;
    case DTYPE_Q5_1: return 31 * d + m;
    case DTYPE_Q8_0: return 128 * d;
    case DTYPE_Q4_K: return 63 * 15 * d + 63 * m;
    case DTYPE_Q5_K: return 63 * 31 * d + 63 * m;
    case DTYPE_Q6_K: return 128 * 32 * d;
    case DTYPE_TQ1_0:
    case DTYPE_TQ2_0:
    case DTYPE_TQ2_64:
    case DTYPES: break;
    }
    return d;
}

/* No ternary code is 3 (a base-3 byte: what five digits make), every byte otherwise is allowed. */
static inline void gemv_weights_mend(enum dtype t, uint8_t *block, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        if (t == DTYPE_TQ1_0)
            block[i] = (uint8_t)(((i < 48 ? block[i] % 243 : block[i] % 81 * 3) * 256 + 242) / 243);
        else if (t == DTYPE_TQ2_0 || t == DTYPE_TQ2_64)
            block[i] = (uint8_t)(block[i] & ~((block[i] & 0x55) << 1));
    }
}

static inline void gemv_weights_block(enum dtype t, uint8_t *block, enum gemv_weights how,
                                      struct rng *rng)
{
    struct gemv_scales s = gemv_weights_scales(t);
    int bytes = dtype_info(t)->bytes;

    if (how == GEMV_WEIGHTS_LARGEST)
        memset(block, t == DTYPE_Q8_0 ? 0x80 : 0xff, (size_t)bytes);
    else
        rng_fill(rng, block, (size_t)bytes);
    if (how == GEMV_WEIGHTS_LARGEST && t == DTYPE_Q6_K)
        memset(block + 192, 0x80, 16); /* -128: the largest magnitude of a scale */
    for (int i = 192; how == GEMV_WEIGHTS_WHOLE && t == DTYPE_Q6_K && i < 208; i++)
        block[i] = (uint8_t)(block[i] % 16 - 8); /* sums stay below 2^24, where floats are exact */
    if (dtype_info(t)->ternary)
        gemv_weights_mend(t, block, s.at);
    if (how == GEMV_WEIGHTS_LARGEST && (t == DTYPE_TQ2_0 || t == DTYPE_TQ2_64))
        memset(block, 0xaa, (size_t)s.at);
    for (int i = 0; i < s.n; i++) {
        float d = how == GEMV_WEIGHTS_RANDOM ? (float)(rng_normal(rng) * 0.02) : 1;
        uint16_t h = f32_to_f16(d);

        memcpy(block + s.at + 2 * i, &h, sizeof(h));
    }
}

static inline void gemv_weights_float(enum dtype t, uint8_t *p, enum gemv_weights how,
                                      struct rng *rng)
{
    float v = (float)rng_normal(rng);
    uint16_t h;

    if (how == GEMV_WEIGHTS_WHOLE)
        v = (float)(int)(v * 8);
    else if (how == GEMV_WEIGHTS_LARGEST)
        v = 128;
    h = t == DTYPE_BF16 ? f32_to_bf16(v) : f32_to_f16(v);
    if (t == DTYPE_F32)
        memcpy(p, &v, sizeof(v));
    else
        memcpy(p, &h, sizeof(h));
}

/* n weights, a multiple of the block. */
static inline void gemv_weights_fill(enum dtype t, void *dst, size_t n, enum gemv_weights how,
                                     uint64_t seed)
{
    const struct dtype_info *info = dtype_info(t);
    size_t block = (size_t)info->block;
    struct rng rng;

    rng_init(&rng, seed, 77);
    for (size_t i = 0; i < n; i += block) {
        uint8_t *p = (uint8_t *)dst + i / block * (size_t)info->bytes;
        float values[256];

        if (how == GEMV_WEIGHTS_ENCODED) {
            for (size_t j = 0; j < block; j++)
                values[j] = (float)rng_normal(&rng);
            dtype_from_f32(t, values, p, block);
        } else if (block == 1) {
            gemv_weights_float(t, p, how, &rng);
        } else {
            gemv_weights_block(t, p, how, &rng);
        }
    }
}

#endif
