/* gemv_tile.h - how the vector variants walk over a matrix: tiles of a few rows and vectors. */
#ifndef KERNELS_GEMV_GEMV_TILE_H
#define KERNELS_GEMV_GEMV_TILE_H

#include "kernels/gemv/gemv.h"

/* Every tile is code of its own, so that its sums stay in registers.  Instrumented, that is more
 * than a compiler should be given. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GEMV_INLINE static inline
#else
#define GEMV_INLINE static inline __attribute__((always_inline))
#endif

enum {
    GEMV_ROWS = 4,        /* rows in flight: they share the vectors of x and one sum of lanes */
    GEMV_VECTORS = 4,     /* tokens in flight: they share the decoding of weights */
    GEMV_AHEAD = 12 << 10 /* bytes by which weights are asked for before they are used */
};

/* What a tile is: `rows` rows (1 or GEMV_ROWS) and n vectors (up to GEMV_VECTORS), both constants
 * where it is made. */
struct gemv_tile {
    const uint8_t *p; /* the first row */
    size_t row_bytes, cols;
    int rows, n;
    const struct act *x;
    const int32_t *total; /* of ternary types: the sum of each vector's activations */
    float *y;             /* of the first row and vector */
    size_t ldy;
    const uint8_t *ahead, *end; /* what to ask for next, and where the rows of the call end */
};

/* Ask for the next `bytes` bytes.  Rows of a tile are read side by side, which the CPU's own
 * prefetchers take for several short streams: asked for in the order in which they lie they are one
 * long one. */
GEMV_INLINE void gemv_prefetch(struct gemv_tile *t, int bytes)
{
    if (t->ahead >= t->end)
        return;
#pragma GCC unroll 16
    for (int i = 0; i < bytes; i += 64)
        __builtin_prefetch(t->ahead + i);
    t->ahead += bytes;
}

/* The sum of all activations. */
GEMV_INLINE int32_t gemv_total(const struct act *x)
{
    int32_t total = 0;

    for (size_t i = 0; i < x->cols / 16; i++)
        total += x->sum[i];
    return total;
}

typedef void gemv_tile_fn(struct gemv_tile *t);

/* The tile's rows, a constant number, for all of n vectors.  Only the first to read them asks for
 * what comes next. */
GEMV_INLINE void gemv_vectors(gemv_tile_fn *tile, int vectors, struct gemv_tile *t, int rows,
                              const struct act *x, const int32_t *total, int n)
{
    float *y = t->y;
    int i = 0;

    t->rows = rows;
    t->ahead = t->p + GEMV_AHEAD;
    while (i < n) {
        t->x = x + i;
        t->total = total + i;
        t->y = y + (size_t)i * t->ldy;
        if (vectors == GEMV_VECTORS && n - i >= GEMV_VECTORS) {
            t->n = GEMV_VECTORS;
            tile(t);
        } else if (n - i >= 2) {
            t->n = 2;
            tile(t);
        } else {
            t->n = 1;
            tile(t);
        }
        i += t->n;
        t->ahead = t->end;
    }
    t->p += (size_t)rows * t->row_bytes;
    t->y = y + rows;
}

/* All that a call asks for; `vectors` (2 or GEMV_VECTORS): how many the registers allow at once. */
GEMV_INLINE void gemv_all(gemv_tile_fn *tile, int vectors, const struct weight *w, size_t row0,
                          size_t row1, const struct act *x, int n, float *y, size_t ldy)
{
    int32_t total[GEMV_TOKENS];
    const uint8_t *data = (const uint8_t *)w->data, *start = data + row0 * w->row_bytes;
    struct gemv_tile t = { .p = start,
                           .row_bytes = w->row_bytes,
                           .cols = w->cols,
                           .rows = 0,
                           .n = 0,
                           .x = x,
                           .total = total,
                           .y = y + row0,
                           .ldy = ldy,
                           .ahead = start,
                           .end = data + row1 * w->row_bytes };
    size_t r = row0;

    for (int i = 0; i < n; i++)
        total[i] = x->kind == ACT_Q8_ROW ? gemv_total(&x[i]) : 0;
    /* What the tiles do not ask for, because nothing came before them. */
    for (const uint8_t *p = start; p < start + GEMV_AHEAD && p < t.end; p += 64)
        __builtin_prefetch(p);
    for (; r + GEMV_ROWS <= row1; r += GEMV_ROWS)
        gemv_vectors(tile, vectors, &t, GEMV_ROWS, x, total, n);
    for (; r < row1; r++)
        gemv_vectors(tile, vectors, &t, 1, x, total, n);
}

#endif
