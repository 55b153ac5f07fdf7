/* ternary_convert.h - public encodings of ternary weights to the canonical form of ternary.h.
 *
 * Sources are borrowed, and read as if anybody had written them: sizes are checked, a code 3 (and
 * whatever else is no ternary weight) is ERR_FORMAT with its row and column.  *out is the caller's
 * to release; on failure it is empty. */
#ifndef KERNELS_TERNARY_TERNARY_CONVERT_H
#define KERNELS_TERNARY_TERNARY_CONVERT_H

#include "kernels/ternary/ternary.h"

/* GGUF's TQ1_0 and TQ2_0, and TQ2_64 (dtype.h).  A row's scale is that of its blocks, which must be
 * one (but for blocks of zeros): one that has several is ERR_FORMAT with the row and the column. */
int ternary_from_blocks(struct ternary *out, const struct weight *w, struct err *e);

/* I2_S of bitnet.cpp (x86): 32 bytes for 128 columns, bits 6-7, 4-5, 2-3, 0-1 of byte k are the
 * codes of columns k, k + 32, k + 64, k + 96; behind all rows one F32 scale.  cols must be a
 * multiple of 128: its own kernels drop the rest of other rows without a word. */
int ternary_from_i2s(struct ternary *out, size_t rows, size_t cols, const void *data, size_t bytes,
                     struct err *e);

/* The released BitNet safetensors: U8 [rows / 4][cols], bits 2 i of a byte are the code of row
 * i * rows / 4 + r; one scale a tensor beside it. */
int ternary_from_packed(struct ternary *out, size_t rows, size_t cols, const void *data,
                        size_t bytes, float scale, struct err *e);

#endif
