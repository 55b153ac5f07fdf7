/* attention_plan.h - how a call of attention.h is cut into items; the same for all variants.
 *
 * A call of up to ATTENTION_TILE tokens has an item for each KV head and each cut of
 * ATTENTION_SPLIT positions that one of its rows sees, and leaves a partial result for each row and
 * cut.  A longer call has one for each tile of tokens and KV head, which walks the cuts of its rows
 * itself.  Either way a row is the same sums in the same order. */
#ifndef KERNELS_ATTENTION_ATTENTION_PLAN_H
#define KERNELS_ATTENTION_ATTENTION_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/attention/attention.h"

struct attention_plan {
    int tiles;
    int cut0, cuts; /* the first that any row sees, and how many from there */
    bool split;     /* an item is one cut, not all */
};

struct attention_plan attention_plan(const struct attention_args *a);

/* An item: tokens t0 .. t1 - 1, query heads of KV head `kv`, cuts cut0 .. cut1 - 1. */
struct attention_work {
    int t0, t1, kv, cut0, cut1;
    bool partial; /* the rows go to a->partial, not to a->out */
};

struct attention_work attention_work(const struct attention_args *a, int item);

/* Positions that token t sees. */
struct attention_span {
    int lo, hi; /* lo .. hi - 1 */
};

static inline struct attention_span attention_sees(const struct attention_args *a, int t)
{
    const int hi = a->first + t + 1, lo = a->window > 0 ? hi - a->window : 0;

    return (struct attention_span){ lo > 0 ? lo : 0, hi };
}

/* What of it is in lo .. lo + length - 1, counted from lo; empty where hi <= lo. */
static inline struct attention_span attention_within(struct attention_span s, int lo, int length)
{
    const int from = s.lo - lo, to = s.hi - lo;

    return (struct attention_span){ from > 0 ? from : 0, to < length ? to : length };
}

/* A row's partial result: the sums [head_dim], then at [attention_dim] its maximum and the sum of
 * its weights.  Cut c counts from the plan's first. */
static inline int attention_dim(const struct attention_args *a)
{
    return (a->head_dim + 15) / 16 * 16;
}

static inline float *attention_partial(const struct attention_args *a, int c, int t, int h)
{
    const size_t row = ((size_t)c * (size_t)a->tokens + (size_t)t) * (size_t)a->heads + (size_t)h;

    return a->partial + row * (size_t)(attention_dim(a) + 16);
}

/* The page of a position; K at its k_offset, V at its v_offset for KV head kv. */
static inline char *attention_page(const struct attention_args *a, int position)
{
    return (char *)a->pool + (size_t)a->pages[position / KV_PAGE] * a->page_bytes;
}

static inline void *attention_k(const struct attention_args *a, int position, int kv)
{
    return attention_page(a, position) + a->k_offset + (size_t)kv * a->head_bytes;
}

static inline void *attention_v(const struct attention_args *a, int position, int kv)
{
    return attention_page(a, position) + a->v_offset + (size_t)kv * a->head_bytes;
}

/* A store's item: the tokens that lie in one page, t0 .. t1 - 1, of one KV head. */
struct attention_work attention_store_work(const struct attention_args *a, int item);

#endif
