/* dtype_codec.h - one block of a format, in and out: what dtype.c's table is made of; and runs of
 * F32, F16 and BF16, whose blocks are single values.
 *
 * A block of `dtype_info.block` values lies at src or dst in dtype_info.bytes bytes, not aligned.
 * The layouts and the roundings are those of ggml (ggml-common.h, quantize_row_*_ref), learnt from
 * there and compared with its bytes. */
#ifndef KERNELS_DTYPE_DTYPE_CODEC_H
#define KERNELS_DTYPE_DTYPE_CODEC_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernels/dtype/dtype.h"

enum { DTYPE_BLOCK_MAX = 256 };

struct dtype_codec {
    void (*decode)(const uint8_t *src, float *dst);
    void (*encode)(const float *src, uint8_t *dst);
    bool (*valid)(const uint8_t *src);
};

extern const struct dtype_codec dtype_q4_0, dtype_q4_1, dtype_q5_0, dtype_q5_1, dtype_q8_0;
extern const struct dtype_codec dtype_q4_k, dtype_q5_k, dtype_q6_k;
extern const struct dtype_codec dtype_tq1_0, dtype_tq2_0, dtype_tq2_64;

void dtype_float_decode(enum dtype t, const uint8_t *src, float *dst, size_t n);
void dtype_float_encode(enum dtype t, const float *src, uint8_t *dst, size_t n);
bool dtype_float_valid(enum dtype t, const uint8_t *src, size_t n);

/* Little-endian, as files are; all machines that we run on are too. */
static inline uint16_t dtype_load16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline void dtype_store16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline float dtype_load_f16(const uint8_t *p)
{
    return f16_to_f32(dtype_load16(p));
}

static inline bool dtype_f16_finite(const uint8_t *p)
{
    return (dtype_load16(p) & 0x7c00) != 0x7c00;
}

#endif
