/* matmul_vector.h - what the tiled paths share: vectors of 4-byte lanes, and panels made of rows.
 *
 * Included by the file of one instruction set, which has defined LANES, the 4-byte lanes of a
 * vector, and ROW_VECTORS, the vectors side by side in a panel.  A panel has PANEL_ROWS rows of W,
 * in memory [4-byte column][PANEL_ROWS]: four codes, or one float.  A vector holds one such column
 * of LANES rows.  Rows beyond the matrix are zero. */
#ifndef KERNELS_GEMM_MATMUL_VECTOR_H
#define KERNELS_GEMM_MATMUL_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/dtype/act.h"
#include "kernels/dtype/dtype.h"

enum { PANEL_ROWS = LANES * ROW_VECTORS, ALIGN = 64 };

typedef int32_t vint __attribute__((vector_size(4 * LANES)));
typedef float vfloat __attribute__((vector_size(4 * LANES)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

INLINE size_t pad(size_t bytes)
{
    return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

INLINE size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Transpose LANES x LANES: each step deals the upper half of the vectors between the lower half's
 * lanes, which turns the bits of (vector, lane) by one place; after as many steps as an index has
 * bits the two have changed places. */
INLINE void transpose(vint v[LANES])
{
    vint low, high;

    for (int i = 0; i < LANES; i++) {
        low[i] = i / 2 + (i % 2) * LANES;
        high[i] = low[i] + LANES / 2;
    }
    for (int step = 1; step < LANES; step *= 2) {
        vint w[LANES];

        UNROLL
        for (int i = 0; i < LANES / 2; i++) {
            w[2 * i] = __builtin_shuffle(v[i], v[i + LANES / 2], low);
            w[2 * i + 1] = __builtin_shuffle(v[i], v[i + LANES / 2], high);
        }
        UNROLL
        for (int i = 0; i < LANES; i++)
            v[i] = w[i];
    }
}

/* LANES rows of n 4-byte columns, `stride` bytes apart, into the panel's rows from `to` on. */
INLINE void interleave(const uint8_t *rows, size_t stride, size_t n, uint8_t *to)
{
    for (size_t c = 0; c < n; c += LANES) {
        size_t have = least(n - c, LANES);
        vint v[LANES];

        UNROLL
        for (int i = 0; i < LANES; i++)
            memcpy(&v[i], rows + (size_t)i * stride + 4 * c, sizeof(v[i]));
        transpose(v);
        for (size_t i = 0; i < have; i++)
            memcpy(to + 4 * PANEL_ROWS * (c + i), &v[i], sizeof(v[i]));
    }
}

/* Write the panel's outputs of one token, n of PANEL_ROWS. */
INLINE void put(float *y, const vfloat *v, size_t n)
{
    if (n == PANEL_ROWS) {
        UNROLL
        for (int i = 0; i < ROW_VECTORS; i++)
            memcpy(y + LANES * i, &v[i], sizeof(v[i]));
    } else {
        float part[PANEL_ROWS];

        memcpy(part, v, sizeof(part));
        memcpy(y, part, n * sizeof(*y));
    }
}

#endif
