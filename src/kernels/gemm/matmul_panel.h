/* matmul_panel.h - panels of rows, which the tiled paths make of the weights.
 *
 * A panel is, in memory, [4-byte column][rows]: four codes, or one float, of each of its rows.
 * Rows beyond the matrix are zero. */
#ifndef KERNELS_GEMM_MATMUL_PANEL_H
#define KERNELS_GEMM_MATMUL_PANEL_H

#include "kernels/dtype/act.h"
#include "kernels/dtype/dtype.h"
#include "kernels/gemm/matmul_simd.h"

enum { ALIGN = 64 };

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
    vint low = { 0 }, high = { 0 };

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

/* LANES rows of n 4-byte columns, `stride` bytes apart, into lanes of a panel `to`, whose columns
 * are `column` bytes apart. */
INLINE void interleave(const uint8_t *rows, size_t stride, size_t n, uint8_t *to, size_t column)
{
    for (size_t c = 0; c < n; c += LANES) {
        size_t have = least(n - c, (size_t)LANES);
        vint v[LANES];

        UNROLL
        for (int i = 0; i < LANES; i++)
            memcpy(&v[i], rows + (size_t)i * stride + 4 * c, sizeof(v[i]));
        transpose(v);
        for (size_t i = 0; i < have; i++)
            memcpy(to + column * (c + i), &v[i], sizeof(v[i]));
    }
}

/* n floats of any of the three kinds, as F32. */
INLINE void widen(enum dtype t, const uint8_t *src, float *to, size_t n)
{
    typedef uint16_t narrow __attribute__((vector_size(2 * LANES)));
    size_t i = 0;

    if (t == DTYPE_F32) {
        memcpy(to, src, n * sizeof(*to));
        return;
    }
    for (; i + LANES <= n; i += LANES) {
        vfloat f;

        if (t == DTYPE_F16) {
            f = from_halves(src + 2 * i);
        } else {
            narrow half;

            memcpy(&half, src + 2 * i, sizeof(half));
            f = (vfloat)(__builtin_convertvector(half, vint) << 16);
        }
        memcpy(to + i, &f, sizeof(f));
    }
    for (; i < n; i++) {
        uint16_t h;

        memcpy(&h, src + 2 * i, sizeof(h));
        to[i] = t == DTYPE_F16 ? f16_to_f32(h) : bf16_to_f32(h);
    }
}

/* Have n outputs of a token near when they are to be written. */
INLINE void fetch_output(const float *y, size_t n)
{
    for (size_t i = 0; i < n; i += 16)
        __builtin_prefetch(y + i, 1);
}

/* Write n outputs of one token, of the `vectors` that its tile has. */
INLINE void put(float *y, const vfloat *v, int vectors, size_t n)
{
    size_t all_rows = (size_t)(LANES * vectors);

    if (n == all_rows) {
        UNROLL
        for (int i = 0; i < vectors; i++)
            memcpy(y + LANES * i, &v[i], sizeof(v[i]));
    } else {
        memcpy(y, v, n * sizeof(*y));
    }
}

#endif
