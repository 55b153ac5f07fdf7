/* matmul_floats.h - the tiled path for weights of floats, with F32 activations.
 *
 * For a file of one instruction set to include (matmul_simd.h).
 * A panel is decoded at most COLUMNS columns at a time, so that it stays in the nearer caches, and
 * all tokens pass by before the next; their sums wait in y.  Each output is one chain of FMAs from
 * the first column to the last. */
#ifndef KERNELS_GEMM_MATMUL_FLOATS_H
#define KERNELS_GEMM_MATMUL_FLOATS_H

#include "kernels/gemm/matmul_panel.h"

enum {
    FLOAT_ROWS = LANES * FLOAT_VECTORS, /* of a panel */
    COLUMNS = 768,                      /* of a panel, at most */
    CHUNK = 4 * LANES                   /* columns decoded at a time */
};

INLINE size_t floats_scratch(size_t cols, size_t tokens)
{
    (void)tokens;
    return pad(FLOAT_ROWS * least(cols, (size_t)COLUMNS) * sizeof(float));
}

/* LANES rows, columns c0 .. c0 + n - 1, into lanes of the panel; rows from `end` on are zeros. */
INLINE void load_rows(const struct weight *w, size_t row, size_t end, size_t c0, size_t n,
                      uint8_t *panel)
{
    size_t have = row < end ? least(end - row, (size_t)LANES) : 0;
    size_t bytes = w->dtype == DTYPE_F32 ? 4 : 2;
    float rows[LANES][CHUNK];

    memset(rows, 0, sizeof(rows));
    for (size_t c = 0; c < n; c += CHUNK) {
        size_t here = least(n - c, (size_t)CHUNK);
        const uint8_t *src = (const uint8_t *)w->data + row * w->row_bytes + (c0 + c) * bytes;

        for (size_t i = 0; i < have; i++, src += w->row_bytes)
            widen(w->dtype, src, rows[i], here);
        interleave((const uint8_t *)rows, sizeof(rows[0]), here, panel + c * FLOAT_ROWS * 4,
                   (size_t)(4 * FLOAT_ROWS));
    }
}

/* y += panel x the tokens of one tile, columns 0 .. n - 1 of x. */
INLINE void tile(const float *panel, const float *const x[FLOAT_TOKENS], size_t n,
                 vfloat y[FLOAT_TOKENS][FLOAT_VECTORS])
{
    /* One vector at a time: of arrays that are copied whole gcc keeps a copy in memory up to date,
     * inside the loop. */
    vfloat sum[FLOAT_TOKENS][FLOAT_VECTORS];

    UNROLL
    for (int i = 0; i < FLOAT_TOKENS * FLOAT_VECTORS; i++)
        sum[i / FLOAT_VECTORS][i % FLOAT_VECTORS] = y[i / FLOAT_VECTORS][i % FLOAT_VECTORS];
    for (size_t c = 0; c < n; c++, panel += FLOAT_ROWS) {
        vfloat w[FLOAT_VECTORS];

        UNROLL
        for (int v = 0; v < FLOAT_VECTORS; v++)
            w[v] = load(panel + LANES * v);
        UNROLL
        for (int t = 0; t < FLOAT_TOKENS; t++) {
            vfloat f = all(x[t][c]);

            UNROLL
            for (int v = 0; v < FLOAT_VECTORS; v++)
                sum[t][v] = muladd(w[v], f, sum[t][v]);
        }
    }
    UNROLL
    for (int i = 0; i < FLOAT_TOKENS * FLOAT_VECTORS; i++)
        y[i / FLOAT_VECTORS][i % FLOAT_VECTORS] = sum[i / FLOAT_VECTORS][i % FLOAT_VECTORS];
}

/* Columns c0 .. c0 + n - 1 of the panel times all tokens. */
INLINE void tiles(const float *panel, size_t c0, size_t n, const struct act *x, size_t tokens,
                  float *y, size_t ldy, size_t rows)
{
    for (size_t t0 = 0; t0 < tokens; t0 += FLOAT_TOKENS) {
        size_t have = least(tokens - t0, (size_t)FLOAT_TOKENS);
        vfloat sum[FLOAT_TOKENS][FLOAT_VECTORS];
        const float *at[FLOAT_TOKENS];

        memset(sum, 0, sizeof(sum));
        for (size_t t = 0; t < FLOAT_TOKENS; t++)
            at[t] = x[least(t0 + t, tokens - 1)].x + c0;
        for (size_t t = 0; c0 > 0 && t < have; t++)
            memcpy(sum[t], y + (t0 + t) * ldy, rows * sizeof(*y));
        for (size_t t = 0; t < have; t++)
            fetch_output(y + (t0 + t) * ldy, rows);
        tile(panel, at, n, sum);
        for (size_t t = 0; t < have; t++)
            put(y + (t0 + t) * ldy, sum[t], FLOAT_VECTORS, rows);
    }
}

static void run_floats(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                       size_t tokens, float *y, size_t ldy, void *scratch)
{
    float *panel = (float *)scratch;
    /* Blocks of columns of one size: a short one would spend its time on the sums in y. */
    size_t blocks = (w->cols + COLUMNS - 1) / COLUMNS, step = (w->cols + blocks - 1) / blocks;

    for (size_t row = row0; row < row1; row += FLOAT_ROWS)
        for (size_t c = 0; c < w->cols; c += step) {
            size_t n = least(w->cols - c, step);

            for (size_t v = 0; v < FLOAT_VECTORS; v++)
                load_rows(w, row + LANES * v, row1, c, n, (uint8_t *)(panel + LANES * v));
            tiles(panel, c, n, x, tokens, y + row, ldy, least(row1 - row, (size_t)FLOAT_ROWS));
        }
}

#endif
