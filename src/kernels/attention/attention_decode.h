/* attention_decode.h - how a call of few tokens is cut, on the host and on the device. */
#ifndef KERNELS_ATTENTION_ATTENTION_DECODE_H
#define KERNELS_ATTENTION_ATTENTION_DECODE_H

#include <stddef.h>

#include "kernels/attention/attention_gpu.h"

#ifdef __CUDACC__
#define ATTENTION_DECODE_FN static inline __host__ __device__
#else
#define ATTENTION_DECODE_FN static inline
#endif

/* Rows of a tile: what one factor of a tensor core has, or two where there are more rows. */
enum { ATTENTION_DECODE_ROWS = 8 };

ATTENTION_DECODE_FN int attention_decode_rows(const struct attention_gpu_args *a)
{
    const int rows = a->tokens * (a->heads / a->kv_heads);

    return rows <= ATTENTION_DECODE_ROWS ? ATTENTION_DECODE_ROWS : 2 * ATTENTION_DECODE_ROWS;
}

/* Positions of a piece of so many in all, a multiple of KV_PAGE. */
ATTENTION_DECODE_FN int attention_decode_piece(int positions)
{
    const int unit = ATTENTION_GPU_PIECE / 2, most = unit * ATTENTION_GPU_PIECES;
    const int units = (positions + most - 1) / most;

    return unit * (units < 2 ? 2 : units);
}

ATTENTION_DECODE_FN int attention_decode_pieces(int positions)
{
    const int piece = attention_decode_piece(positions);

    return (positions + piece - 1) / piece;
}

/* The most pieces that any sequence of up to `context` positions has. */
ATTENTION_DECODE_FN int attention_decode_most(int context)
{
    const int pieces = (context + ATTENTION_GPU_PIECE - 1) / ATTENTION_GPU_PIECE;

    return pieces < ATTENTION_GPU_PIECES ? pieces : ATTENTION_GPU_PIECES;
}

/* Tiles of rows of one KV head. */
ATTENTION_DECODE_FN int attention_decode_tiles(const struct attention_gpu_args *a)
{
    const int rows = a->tokens * (a->heads / a->kv_heads), tile = attention_decode_rows(a);

    return (rows + tile - 1) / tile;
}

/* In the workspace, for each (sequence, KV head, tile): how many pieces are done; then for each
 * piece its rows' bases and sums of weights [2][rows] and sums [rows][head_dim]. */
struct attention_decode_space {
    size_t stats, sums, bytes; /* offsets; how many pieces are done is at 0 */
};

ATTENTION_DECODE_FN struct attention_decode_space attention_decode_space(
    const struct attention_gpu_args *a)
{
    const size_t tiles =
        (size_t)a->sequences * (size_t)a->kv_heads * (size_t)attention_decode_tiles(a);
    const size_t rows =
        tiles * (size_t)attention_decode_most(a->context) * (size_t)attention_decode_rows(a);
    struct attention_decode_space s;

    s.stats = (tiles * sizeof(int) + 15) / 16 * 16;
    s.sums = s.stats + rows * 2 * sizeof(float);
    s.bytes = s.sums + rows * (size_t)a->head_dim * sizeof(float);
    return s;
}

#endif
