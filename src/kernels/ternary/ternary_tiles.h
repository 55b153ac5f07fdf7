/* ternary_tiles.h - ternary weights as GPUs read them: version 1.
 *
 * Rows go in groups of TERNARY_TILE_ROWS; a group is its codes and then its 16 F32 scales:
 *
 *   for each 64 columns   256 bytes: two words of 16 codes for each lane l = 4 g + t of a warp,
 *                         row g and then row g + 8; bits 2 m of byte b are the code (w + 1) of
 *                         column 16 t + 4 m + b
 *   scales                64 bytes
 *
 * so that word & 0x03030303 << 2 m are four codes, 4^m times too large, that go with four
 * neighbours of the vector: for dp4a as for the operands of mma.m16n8k32.  A lane reads the 16
 * bytes of its columns of the vector at once.  Rows behind the last are zeros with the scale 0.
 *
 * Made once from the canonical form (ternary.h), which is what files and tests know. */
#ifndef KERNELS_TERNARY_TERNARY_TILES_H
#define KERNELS_TERNARY_TERNARY_TILES_H

#include <stddef.h>

#include "kernels/ternary/ternary.h"

enum {
    TERNARY_TILES_VERSION = 1,
    TERNARY_TILE_ROWS = 16,
    TERNARY_TILE_BYTES = 256, /* 16 rows x 64 columns */
    TERNARY_TILE_SCALES = TERNARY_TILE_ROWS * 4
};

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a group of rows: a multiple of 64. */
size_t ternary_tiles_group_bytes(size_t cols);
size_t ternary_tiles_bytes(size_t rows, size_t cols);

/* dst: ternary_tiles_bytes, 4-byte aligned. */
void ternary_tiles_pack(const struct ternary *t, void *dst);

/* The weight and the scale at a place, for tests. */
int ternary_tiles_get(const void *tiles, size_t cols, size_t row, size_t col);
float ternary_tiles_scale(const void *tiles, size_t cols, size_t row);

#ifdef __cplusplus
}
#endif

#endif
