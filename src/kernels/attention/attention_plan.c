/* attention_plan.c - how a call is cut into items. */
#include "kernels/attention/attention_plan.h"

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

size_t attention_head_bytes(enum dtype kv_dtype, int head_dim)
{
    return dtype_row_bytes(kv_dtype, (size_t)KV_PAGE * (size_t)head_dim);
}

struct attention_plan attention_plan(const struct attention_args *a)
{
    const int cut0 = attention_sees(a, 0).lo / ATTENTION_SPLIT;
    const int last = (a->first + a->tokens - 1) / ATTENTION_SPLIT;

    return (struct attention_plan){ .tiles = (a->tokens + ATTENTION_TILE - 1) / ATTENTION_TILE,
                                    .cut0 = cut0,
                                    .cuts = last - cut0 + 1,
                                    .split = a->tokens <= ATTENTION_TILE };
}

int attention_stores(const struct attention_args *a)
{
    const int last = a->first + a->tokens - 1;

    return a->tokens > 0 ? (last / KV_PAGE - a->first / KV_PAGE + 1) * a->kv_heads : 0;
}

int attention_items(const struct attention_args *a)
{
    const struct attention_plan p = attention_plan(a);

    return a->tokens > 0 ? a->kv_heads * (p.split ? p.cuts : p.tiles) : 0;
}

int attention_merges(const struct attention_args *a)
{
    const struct attention_plan p = attention_plan(a);

    return a->tokens > 0 && p.split && p.cuts > 1 ? a->tokens * a->heads : 0;
}

size_t attention_partial_floats(const struct attention_args *a)
{
    return (size_t)attention_merges(a) * (size_t)attention_plan(a).cuts *
           (size_t)(attention_dim(a) + 16);
}

size_t attention_partial_bound(const struct attention_args *shape, int context)
{
    struct attention_args a = *shape;
    size_t cuts = (size_t)(context + ATTENTION_SPLIT - 1) / ATTENTION_SPLIT;

    a.tokens = min_int(a.tokens, ATTENTION_TILE);
    /* A span of n positions touches no more than n / split + 2 cuts, wherever it lies. */
    if (a.window > 0 && (size_t)(a.window + a.tokens) / ATTENTION_SPLIT + 2 < cuts)
        cuts = (size_t)(a.window + a.tokens) / ATTENTION_SPLIT + 2;
    return cuts > 1 ? cuts * (size_t)a.tokens * (size_t)a.heads * (size_t)(attention_dim(&a) + 16)
                    : 0;
}

struct attention_work attention_work(const struct attention_args *a, int item)
{
    const struct attention_plan p = attention_plan(a);
    const int each = p.split ? p.cuts : p.tiles, which = item % each;
    struct attention_work w = { .kv = item / each }; /* what follows finds its K and V in a cache */

    if (p.split) {
        w.t1 = a->tokens;
        w.cut0 = p.cut0 + which;
        w.cut1 = w.cut0 + 1;
        w.partial = p.cuts > 1;
        return w;
    }
    /* The last tile sees most. */
    w.t0 = (p.tiles - 1 - which) * ATTENTION_TILE;
    w.t1 = min_int(w.t0 + ATTENTION_TILE, a->tokens);
    w.cut0 = attention_sees(a, w.t0).lo / ATTENTION_SPLIT;
    w.cut1 = (a->first + w.t1 - 1) / ATTENTION_SPLIT + 1;
    return w;
}

struct attention_work attention_store_work(const struct attention_args *a, int item)
{
    const int page = a->first / KV_PAGE + item / a->kv_heads;
    const int t0 = page * KV_PAGE - a->first;

    return (struct attention_work){ .t0 = t0 > 0 ? t0 : 0,
                                    .t1 = min_int(t0 + KV_PAGE, a->tokens),
                                    .kv = item % a->kv_heads };
}
