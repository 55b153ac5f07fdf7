/* dtype.h - the formats in which weights are stored, and their reference codecs.
 *
 * A row of a matrix is `cols` values in blocks of dtype_info.block values; each block is
 * dtype_info.bytes bytes, little-endian, laid out as in GGUF (ggml-common.h), so that a mapped file
 * is used as it lies.  The layout never depends on the machine.
 *
 * DTYPE_TQ2_64 is ours, for ternary rows of 64, 192, 576, 896 ... values, which the 256-wide blocks
 * of TQ1_0 and TQ2_0 do not fit: 18 bytes for 64 values, 16 bytes of 2-bit codes then an F16 scale
 * d.  Value i is ((byte[i % 16] >> 2 * (i / 16)) & 3) - 1, times d; code 3 is invalid. */
#ifndef KERNELS_DTYPE_DTYPE_H
#define KERNELS_DTYPE_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#ifdef __cplusplus
extern "C" {
#endif

enum dtype {
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_Q4_0,
    DTYPE_Q4_1,
    DTYPE_Q5_0,
    DTYPE_Q5_1,
    DTYPE_Q8_0,
    DTYPE_Q4_K,
    DTYPE_Q5_K,
    DTYPE_Q6_K,
    DTYPE_TQ1_0,
    DTYPE_TQ2_0,
    DTYPE_TQ2_64,
    DTYPES
};

struct dtype_info {
    const char *name; /* "Q4_0": as GGUF spells it */
    int block, bytes; /* values in a block, and its bytes */
    bool ternary;
};

const struct dtype_info *dtype_info(enum dtype t);

/* Their names in the order of the enum, NULL-terminated: the values of an axis. */
extern const char *const dtype_names[DTYPES + 1];

/* By its name, case ignored.  ERR_ARG lists the names. */
int dtype_parse(const char *name, enum dtype *out, struct err *e);

/* Bytes of `cols` values; 0 where cols is no multiple of the block. */
size_t dtype_row_bytes(enum dtype t, size_t cols);

/* Decode n values, a multiple of the block.  Exact: each is the F32 nearest to what the format
 * defines, the reference for every kernel.  src need not be aligned. */
void dtype_to_f32(enum dtype t, const void *src, float *dst, size_t n);

/* Encode n values, a multiple of the block, with the rounding of the format's reference encoder.
 * Values that are not finite are the caller's to refuse. */
void dtype_from_f32(enum dtype t, const float *src, void *dst, size_t n);

/* Are the codes and scales of n values valid?  A ternary code 3 is not, nor a scale (of F32, F16,
 * BF16: a value) that is NaN or infinite. */
bool dtype_valid(enum dtype t, const void *src, size_t n);

float f16_to_f32(uint16_t h);
uint16_t f32_to_f16(float x); /* round to nearest even; overflow gives infinity */
float bf16_to_f32(uint16_t h);
uint16_t f32_to_bf16(float x);

/* A matrix of weights as it lies in a file: row r begins at data + r * row_bytes. */
struct weight {
    enum dtype dtype;
    size_t rows, cols;
    size_t row_bytes;
    const void *data; /* borrowed, no alignment promised beyond 2 bytes */
};

#ifdef __cplusplus
}
#endif

#endif
