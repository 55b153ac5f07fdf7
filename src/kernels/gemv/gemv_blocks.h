/* gemv_blocks.h - where things lie in a block of weights (dtype.h), for the dot products. */
#ifndef KERNELS_GEMV_GEMV_BLOCKS_H
#define KERNELS_GEMV_GEMV_BLOCKS_H

#include <stdint.h>
#include <string.h>

enum {
    Q4_0_BYTES = 18,  /* d, 16 x 2 codes */
    Q4_1_BYTES = 20,  /* d, m, 16 x 2 codes */
    Q5_0_BYTES = 22,  /* d, 32 fifth bits, 16 x 2 codes */
    Q5_1_BYTES = 24,  /* d, m, 32 fifth bits, 16 x 2 codes */
    Q8_0_BYTES = 34,  /* d, 32 codes */
    Q4_K_BYTES = 144, /* d, dmin, 12 of scales, 128 x 2 codes */
    Q5_K_BYTES = 176, /* d, dmin, 12 of scales, 32 of fifth bits, 128 x 2 codes */
    Q6_K_BYTES = 210, /* 128 low, 64 high, 16 scales, d */
    TQ1_0_BYTES = 54, /* 48 x 5 and 4 x 4 digits, d */
    TQ2_0_BYTES = 66, /* 64 x 4 codes, d */
    TQ2_64_BYTES = 18 /* 16 x 4 codes, d */
};

static inline uint16_t gemv_u16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline uint32_t gemv_u32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

/* The eight 6-bit scales and mins of a Q4_K or Q5_K block, from their 12 bytes. */
static inline void gemv_k_scales(const uint8_t *s, uint8_t scale[8], uint8_t min[8])
{
    const uint32_t low6 = 0x3f3f3f3f, low4 = 0x0f0f0f0f, low2 = 0x03030303;
    uint32_t a = gemv_u32(s), b = gemv_u32(s + 4), c = gemv_u32(s + 8);
    uint32_t sc[2] = { a & low6, (c & low4) | ((a >> 6 & low2) << 4) };
    uint32_t m[2] = { b & low6, (c >> 4 & low4) | ((b >> 6 & low2) << 4) };

    memcpy(scale, sc, sizeof(sc));
    memcpy(min, m, sizeof(m));
}

#endif
