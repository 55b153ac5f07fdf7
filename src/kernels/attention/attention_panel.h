/* attention_panel.h - a small matrix product in registers, over the vectors of vector.h: scores = q
 * K, and sums += weights V.
 *
 * panel() takes up to ATTENTION_ROWS rows, broadcasts their values and multiplies them with vectors
 * of K or V.  An output is one chain of multiply-adds in the order of the factors, whatever rows
 * lie beside it.
 *
 * The file that includes this defines ATTENTION_ROWS, and ATTENTION_WIDE rows for which 4 vectors
 * of columns fit into the registers, not 2; one each otherwise. */
#ifndef KERNELS_ATTENTION_ATTENTION_PANEL_H
#define KERNELS_ATTENTION_ATTENTION_PANEL_H

#ifndef ATTENTION_ROWS
#define ATTENTION_ROWS 1
#define ATTENTION_WIDE 1
#endif

#include <stdbool.h>
#include <stddef.h>

#include "kernels/dtype/dtype.h"
#include "kernels/vector/vector.h"

/* Code that is compiled once for each value of its constants. */
#define ATTENTION_INLINE static inline __attribute__((always_inline))
#define ATTENTION_UNROLL _Pragma("GCC unroll 8")

enum { CACHE_LINE = 64 };

/* One factor of a product: `depth` rows of vectors, `stride` values apart, F16 or F32. */
struct factor {
    const void *at;
    int stride;
    enum dtype type;
    const void *next; /* what is read after it, to be fetched meanwhile; NULL: nothing */
};

ATTENTION_INLINE vec factor_load(const void *at, size_t i, enum dtype type)
{
    return type == DTYPE_F16 ? vec_load_f16((const uint16_t *)at + i)
                             : vec_load((const float *)at + i);
}

/* Have n values from i on in the cache when they are wanted. */
ATTENTION_INLINE void factor_fetch(const void *at, size_t i, size_t n, enum dtype type)
{
    const size_t size = type == DTYPE_F16 ? sizeof(uint16_t) : sizeof(float);

    for (size_t line = 0; line < n * size; line += CACHE_LINE)
        __builtin_prefetch((const char *)at + i * size + line);
}

/* One value of each row times vectors of b: those wait in registers ... */
ATTENTION_INLINE void panel_step(const int rows, const int vecs, const enum dtype type,
                                 const float *a, int lda, const void *b, size_t at,
                                 vec sum[ATTENTION_ROWS][4])
{
    vec x[4];

    ATTENTION_UNROLL
    for (int v = 0; v < vecs; v++)
        x[v] = factor_load(b, at + (size_t)(v * VEC_LANES), type);
    ATTENTION_UNROLL
    for (int r = 0; r < rows; r++) {
        const vec y = vec_set1(a[r * lda]);

        ATTENTION_UNROLL
        for (int v = 0; v < vecs; v++)
            sum[r][v] = vec_madd(y, x[v], sum[r][v]);
    }
}

/* ... or the rows' values do. */
ATTENTION_INLINE void panel_step_wide(const int rows, const int vecs, const enum dtype type,
                                      const float *a, int lda, const void *b, size_t at,
                                      vec sum[ATTENTION_ROWS][4])
{
    vec y[ATTENTION_WIDE];

    ATTENTION_UNROLL
    for (int r = 0; r < rows; r++)
        y[r] = vec_set1(a[r * lda]);
    ATTENTION_UNROLL
    for (int v = 0; v < vecs; v++) {
        const vec x = factor_load(b, at + (size_t)(v * VEC_LANES), type);

        ATTENTION_UNROLL
        for (int r = 0; r < rows; r++)
            sum[r][v] = vec_madd(y[r], x, sum[r][v]);
    }
}

/* c[r][0 .. vecs - 1] (+)= sum over k in lo .. hi - 1 of a[r][k] b[k][..], all in registers. */
ATTENTION_INLINE void panel_tile(const int rows, const int vecs, const enum dtype type,
                                 const float *a, int lda, const struct factor *b, int col, int lo,
                                 int hi, float *c, int ldc, bool add)
{
    const void *next = b->next;
    vec sum[ATTENTION_ROWS][4];

    ATTENTION_UNROLL
    for (int r = 0; r < rows; r++) {
        ATTENTION_UNROLL
        for (int v = 0; v < vecs; v++)
            sum[r][v] = add ? vec_load(c + r * ldc + col + v * VEC_LANES) : vec_set1(0);
    }
    for (int k = lo; k < hi; k++) {
        const size_t at = (size_t)(k * b->stride + col);

        if (next)
            factor_fetch(next, at, (size_t)(vecs * VEC_LANES), type);
        if (rows <= ATTENTION_WIDE)
            panel_step_wide(rows, vecs, type, a + k, lda, b->at, at, sum);
        else
            panel_step(rows, vecs, type, a + k, lda, b->at, at, sum);
    }
    ATTENTION_UNROLL
    for (int r = 0; r < rows; r++) {
        ATTENTION_UNROLL
        for (int v = 0; v < vecs; v++)
            vec_store(c + r * ldc + col + v * VEC_LANES, sum[r][v]);
    }
}

struct panel {
    int rows, vecs;
    const float *a;
    int lda, lo, hi;
    float *c;
    int ldc;
    bool add;
};

ATTENTION_INLINE void panel_typed(const int rows, const enum dtype type, const struct panel *p,
                                  const struct factor *b)
{
    int v = 0;

    for (; rows <= ATTENTION_WIDE && v + 4 <= p->vecs; v += 4)
        panel_tile(rows, 4, type, p->a, p->lda, b, v * VEC_LANES, p->lo, p->hi, p->c, p->ldc,
                   p->add);
    for (; v + 2 <= p->vecs; v += 2)
        panel_tile(rows, 2, type, p->a, p->lda, b, v * VEC_LANES, p->lo, p->hi, p->c, p->ldc,
                   p->add);
    for (; v < p->vecs; v++)
        panel_tile(rows, 1, type, p->a, p->lda, b, v * VEC_LANES, p->lo, p->hi, p->c, p->ldc,
                   p->add);
}

ATTENTION_INLINE void panel_rows(const int rows, const struct panel *p, const struct factor *b)
{
    if (b->type == DTYPE_F16)
        panel_typed(rows, DTYPE_F16, p, b);
    else
        panel_typed(rows, DTYPE_F32, p, b);
}

/* p->rows <= ATTENTION_ROWS */
static __attribute__((noinline, unused)) void panel(const struct panel *p, const struct factor *b)
{
    switch (p->rows) {
    case 1: panel_rows(1, p, b); break;
    case 2: panel_rows(2, p, b); break;
    case 3: panel_rows(3, p, b); break;
    case 4: panel_rows(4, p, b); break;
#if ATTENTION_ROWS >= 6
    case 5: panel_rows(5, p, b); break;
    case 6: panel_rows(6, p, b); break;
#endif
#if ATTENTION_ROWS >= 8
    case 7: panel_rows(7, p, b); break;
    case 8: panel_rows(8, p, b); break;
#endif
    default: break;
    }
}

#endif
