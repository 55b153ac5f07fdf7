/* attention_body.h - attention over the vectors of vector.h; attention_<isa>.c compiles it.
 *
 * Both matrix products of a page, scores = q K and sums += weights V, are panels in registers
 * (attention_panel.h).  An output is one chain of multiply-adds in the order of head_dim or of
 * positions, whatever rows lie beside it: that is what keeps a row's bits.  So a masked position is
 * left out of the chain, not multiplied by 0, and a NaN behind a row's end stays there.
 *
 * Rows are (token, query head) pairs that share a KV head.  Where they are few (decoding) F16 is
 * converted as it is read, and the memory is the limit; where they are many a page is converted
 * once for CHUNK_ROWS of them.  Bytes a page: 2 head_dim KV_PAGE sizeof(cache type); operations:
 * 4 head_dim KV_PAGE a row, and 32 exponentials. */
#ifndef KERNELS_ATTENTION_ATTENTION_BODY_H
#define KERNELS_ATTENTION_ATTENTION_BODY_H

#include "kernels/attention/attention_panel.h"
#include "kernels/attention/attention_plan.h"

enum {
    PAGE_VECS = KV_PAGE / VEC_LANES,
    CHUNK_ROWS = 128,
    CHUNK_VALUES = 8192 /* of the rows together: q, sums and a page fit into an L2 cache */
};

/* A row's weights are exp(score - m).  m is the greatest score of the first page, and is raised to
 * the greatest of a later one where that is more than this above it (as in FlashAttention-4):
 * seldom, and the sums stay far from the end of F32. */
#define BASE_SLACK 8.0f

/* Rows that are worked on together, and what they have seen: m as above, l the sum of
 * weights in 16 lanes, acc the weighted sums of V; `all` likewise of the cuts that are done. */
struct chunk {
    int rows, dim; /* dim: distance of rows, head_dim rounded up to 16 */
    int token[CHUNK_ROWS], head[CHUNK_ROWS];
    struct attention_span sees[CHUNK_ROWS];
    float m[CHUNK_ROWS], all_m[CHUNK_ROWS], all_l[CHUNK_ROWS];
    bool any[CHUNK_ROWS]; /* is there something in `all`? */
    bool begun;           /* any of them */
    float *acc, *all;     /* `sums` */
    __attribute__((aligned(64))) float l[CHUNK_ROWS * VEC_SUM];
    float weights[ATTENTION_ROWS * KV_PAGE];
    float q[CHUNK_VALUES]; /* times the scale */
    float sums[2][CHUNK_VALUES];
    float page_k[KV_PAGE * ATTENTION_DIM_MAX];
    float page_v[KV_PAGE * ATTENTION_DIM_MAX];
};

/* The m of exp(x - m), where both may be -inf: before any position with a weight. */
static inline float attention_base(float m)
{
    return m == -INFINITY ? 0 : m;
}

/* Without the scores of positions that the row does not see. */
static inline void chunk_mask(float *scores, struct attention_span in)
{
    static const float index[KV_PAGE] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                          11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                          22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
    const vec none = vec_set1(-INFINITY);
    const vec lo = vec_set1((float)in.lo), hi = vec_set1((float)in.hi);

    for (int i = 0; i < KV_PAGE; i += VEC_LANES) {
        const vec at = vec_load(index + i), s = vec_load(scores + i);

        vec_store(scores + i, vec_if_less(at, hi, vec_if_less(at, lo, none, s), none));
    }
}

/* Row r gets another base: weigh anew what it has seen before, if anything. */
static inline void chunk_raise(struct chunk *c, int r, float m)
{
    float *l = c->l + r * VEC_SUM, *acc = c->acc + r * c->dim;
    const float from = c->m[r];
    vec before;

    c->m[r] = m;
    if (from == -INFINITY)
        return;
    before = vec_exp_below(vec_set1(from - m));
    for (int i = 0; i < VEC_SUM; i += VEC_LANES)
        vec_store(l + i, vec_mul(vec_load(l + i), before));
    for (int i = 0; i < c->dim; i += VEC_LANES)
        vec_store(acc + i, vec_mul(vec_load(acc + i), before));
}

/* Scores of rows r .. r + rows - 1 become weights. */
static inline void chunk_weigh(struct chunk *c, int r, int rows)
{
    for (int i = 0; i < rows; i++) {
        const float *s = c->weights + i * KV_PAGE;
        vec most = vec_load(s);

        ATTENTION_UNROLL
        for (int v = 1; v < PAGE_VECS; v++)
            most = vec_max(most, vec_load(s + v * VEC_LANES));
        if (vec_any_less(vec_set1(c->m[r + i] + BASE_SLACK), most))
            chunk_raise(c, r + i, vec_max_lane(most));
    }
    for (int i = 0; i < rows; i++) {
        float *w = c->weights + i * KV_PAGE, *l = c->l + (r + i) * VEC_SUM;
        const vec m = vec_set1(attention_base(c->m[r + i]));
        vec p[PAGE_VECS];

        ATTENTION_UNROLL
        for (int v = 0; v < PAGE_VECS; v++) {
            p[v] = vec_exp_below(vec_sub(vec_load(w + v * VEC_LANES), m));
            vec_store(w + v * VEC_LANES, p[v]);
        }
        ATTENTION_UNROLL
        for (int v = 0; v < VEC_SUM_VECS; v++) {
            float *sum = l + v * VEC_LANES;

            vec_store(sum, vec_add(vec_load(sum), vec_add(p[v], p[v + VEC_SUM_VECS])));
        }
    }
}

/* acc of rows r .. r + rows - 1 += weights V over positions lo .. hi - 1 of the page. */
static inline void chunk_add(struct chunk *c, int r, int rows, const float *weights, int lo, int hi,
                             const struct factor *v)
{
    const struct panel p = { .rows = rows,
                             .vecs = c->dim / VEC_LANES,
                             .a = weights,
                             .lda = KV_PAGE,
                             .lo = lo,
                             .hi = hi,
                             .c = c->acc + r * c->dim,
                             .ldc = c->dim,
                             .add = true };

    if (lo < hi)
        panel(&p, v);
}

static inline int attention_min(int a, int b)
{
    return a < b ? a : b;
}

static inline int attention_max(int a, int b)
{
    return a > b ? a : b;
}

/* Rows r .. r + rows - 1 see a page that starts at position `page`. */
static inline void chunk_block(struct chunk *c, const struct attention_args *a, int r, int rows,
                               int page, const struct factor *k, const struct factor *v)
{
    float *w = c->weights;
    const struct panel scores = { .rows = rows,
                                  .vecs = PAGE_VECS,
                                  .a = c->q + r * c->dim,
                                  .lda = c->dim,
                                  .lo = 0,
                                  .hi = a->head_dim,
                                  .c = w,
                                  .ldc = KV_PAGE,
                                  .add = false };
    struct attention_span in[ATTENTION_ROWS], common = { 0, KV_PAGE };
    bool any = false;

    for (int i = 0; i < rows; i++) {
        in[i] = attention_within(c->sees[r + i], page, KV_PAGE);
        common.lo = attention_max(common.lo, in[i].lo);
        common.hi = attention_min(common.hi, in[i].hi);
        any |= in[i].lo < in[i].hi;
    }
    if (!any)
        return;
    panel(&scores, k);
    for (int i = 0; i < rows; i++)
        if (in[i].lo > 0 || in[i].hi < KV_PAGE)
            chunk_mask(w + i * KV_PAGE, in[i]);
    chunk_weigh(c, r, rows);
    /* What all rows see goes together, between what some see before it and after it. */
    if (common.lo >= common.hi)
        common.lo = common.hi = KV_PAGE;
    for (int i = 0; i < rows; i++)
        chunk_add(c, r + i, 1, w + i * KV_PAGE, in[i].lo, attention_min(in[i].hi, common.lo), v);
    chunk_add(c, r, rows, w, common.lo, common.hi, v);
    for (int i = 0; i < rows; i++)
        chunk_add(c, r + i, 1, w + i * KV_PAGE, attention_max(in[i].lo, common.hi), in[i].hi, v);
}

/* A page's K or V in F32, its rows (n values) `stride` apart, with zeros between. */
static inline struct factor attention_convert(const struct factor *from, int depth, int n,
                                              int stride, float *to)
{
    const int whole = n / VEC_LANES * VEC_LANES;

    for (int k = 0; k < depth; k++) {
        float *row = to + k * stride;
        const size_t at = (size_t)(k * from->stride);

        if (from->next)
            factor_fetch(from->next, at, (size_t)n, from->type);
        for (int i = 0; i < whole; i += VEC_LANES)
            vec_store(row + i, factor_load(from->at, at + (size_t)i, from->type));
        for (int i = whole; i < n; i++)
            row[i] = from->type == DTYPE_F16
                         ? f16_to_f32(((const uint16_t *)from->at)[at + (size_t)i])
                         : ((const float *)from->at)[at + (size_t)i];
        memset(row + n, 0, (size_t)(stride - n) * sizeof(*row));
    }
    return (struct factor){ to, stride, DTYPE_F32, NULL };
}

/* The page at position `page`, of those below `end`. */
static inline void chunk_page(struct chunk *c, const struct attention_args *a, int page, int end,
                              int kv)
{
    struct factor k = { attention_k(a, page, kv), KV_PAGE, a->kv_dtype, NULL };
    struct factor v = { attention_v(a, page, kv), a->head_dim, a->kv_dtype, NULL };
    const int blocks = (c->rows + ATTENTION_ROWS - 1) / ATTENTION_ROWS;

    /* The CPU's own prefetching ends with the page. */
    if (page + KV_PAGE < end) {
        k.next = attention_k(a, page + KV_PAGE, kv);
        v.next = attention_v(a, page + KV_PAGE, kv);
    }

    if (a->kv_dtype == DTYPE_F16 && blocks > 2)
        k = attention_convert(&k, a->head_dim, KV_PAGE, KV_PAGE, c->page_k);
    if ((a->kv_dtype == DTYPE_F16 && blocks > 2) || a->head_dim != c->dim)
        v = attention_convert(&v, KV_PAGE, a->head_dim, c->dim, c->page_v);
    for (int b = 0; b < blocks; b++) {
        const int r = b * c->rows / blocks;

        chunk_block(c, a, r, (b + 1) * c->rows / blocks - r, page, &k, &v);
        k.next = v.next = NULL;
    }
}

/* all = all and what (m, l, acc) has seen; all_m and all_l with it. */
static inline void attention_fold(float *all, float *all_m, float *all_l, const float *acc, float m,
                                  float l, int dim)
{
    const float most = m > *all_m ? m : *all_m, base = attention_base(most);
    const vec mine = vec_exp_below(vec_set1(*all_m - base));
    const vec other = vec_exp_below(vec_set1(m - base));

    *all_m = most;
    *all_l = *all_l * vec_max_lane(mine) + l * vec_max_lane(other);
    for (int d = 0; d < dim; d += VEC_LANES)
        vec_store(all + d, vec_madd(vec_load(acc + d), other, vec_mul(vec_load(all + d), mine)));
}

/* What the rows have seen of the cut that starts at `start` goes to what is done. */
static inline void chunk_fold(struct chunk *c, int start)
{
    const bool first = !c->begun;

    if (first) { /* there is nothing in `all`: it becomes this */
        float *empty = c->all;

        c->all = c->acc;
        c->acc = empty;
        c->begun = true;
    }
    for (int r = 0; r < c->rows; r++) {
        const struct attention_span in = attention_within(c->sees[r], start, ATTENTION_SPLIT);
        float *all = c->all + r * c->dim, *acc = c->acc + r * c->dim, l;
        vec sum[VEC_SUM_VECS];

        if (in.lo >= in.hi)
            continue;
        for (int v = 0; v < VEC_SUM_VECS; v++)
            sum[v] = vec_load(c->l + r * VEC_SUM + v * VEC_LANES);
        l = vec_sum16(sum);
        if (c->any[r]) {
            attention_fold(all, &c->all_m[r], &c->all_l[r], acc, c->m[r], l, c->dim);
            continue;
        }
        if (!first)
            memcpy(all, acc, (size_t)c->dim * sizeof(float));
        c->all_m[r] = c->m[r];
        c->all_l[r] = l;
        c->any[r] = true;
    }
}

/* The positions of one cut, from none; then it goes to what is done. */
static inline void chunk_cut(struct chunk *c, const struct attention_args *a, int cut, int kv)
{
    const int start = cut * ATTENTION_SPLIT;
    const size_t values = (size_t)(KV_PAGE * a->head_dim);
    struct attention_span seen = { start + ATTENTION_SPLIT, start };

    memset(c->l, 0, (size_t)(c->rows * VEC_SUM) * sizeof(float));
    memset(c->acc, 0, (size_t)(c->rows * c->dim) * sizeof(float));
    for (int r = 0; r < c->rows; r++) {
        c->m[r] = -INFINITY;
        seen.lo = attention_min(seen.lo, attention_max(start, c->sees[r].lo));
        seen.hi = attention_max(seen.hi, attention_min(start + ATTENTION_SPLIT, c->sees[r].hi));
    }
    seen.lo = seen.lo / KV_PAGE * KV_PAGE;
    if (seen.lo < seen.hi) {
        factor_fetch(attention_k(a, seen.lo, kv), 0, values, a->kv_dtype);
        factor_fetch(attention_v(a, seen.lo, kv), 0, values, a->kv_dtype);
    }
    for (int page = seen.lo; page < seen.hi; page += KV_PAGE)
        chunk_page(c, a, page, seen.hi, kv);
    chunk_fold(c, start);
}

static inline void attention_finish(const struct attention_args *a, int t, int h, const float *acc,
                                    float l)
{
    float *out = a->out + (size_t)t * a->ldo + (size_t)(h * a->head_dim);
    const float factor = 1 / l;
    int d = 0;

    for (; d + VEC_LANES <= a->head_dim; d += VEC_LANES)
        vec_store(out + d, vec_mul(vec_load(acc + d), vec_set1(factor)));
    for (; d < a->head_dim; d++)
        out[d] = acc[d] * factor;
}

static inline const float *chunk_q(const struct chunk *c, const struct attention_args *a, int r)
{
    return a->q + (size_t)c->token[r] * a->ldq + (size_t)(c->head[r] * a->head_dim);
}

/* Rows from .. from + c->rows - 1 of an item, counted through its tokens and query heads. */
static inline void chunk_begin(struct chunk *c, const struct attention_args *a,
                               const struct attention_work *w, int from)
{
    const int group = a->heads / a->kv_heads;

    c->dim = attention_dim(a);
    c->acc = c->sums[0];
    c->all = c->sums[1];
    c->begun = false;
    for (int r = 0; r < c->rows; r++) {
        c->token[r] = w->t0 + (from + r) / group;
        c->head[r] = w->kv * group + (from + r) % group;
        c->sees[r] = attention_sees(a, c->token[r]);
        c->any[r] = false;
        /* The rows are far apart in memory. */
        factor_fetch(chunk_q(c, a, r), 0, (size_t)a->head_dim, DTYPE_F32);
    }
    for (int r = 0; r < c->rows; r++) {
        const float *q = chunk_q(c, a, r);
        float *to = c->q + r * c->dim;
        int d = 0;

        for (; d + VEC_LANES <= a->head_dim; d += VEC_LANES)
            vec_store(to + d, vec_mul(vec_load(q + d), vec_set1(a->scale)));
        for (; d < a->head_dim; d++)
            to[d] = q[d] * a->scale;
    }
}

static inline void attention_body_run(const struct attention_args *a, int item)
{
    const struct attention_work w = attention_work(a, item);
    const int rows = (w.t1 - w.t0) * (a->heads / a->kv_heads);
    const int most = attention_min(CHUNK_ROWS, CHUNK_VALUES / attention_dim(a));
    struct chunk c;

    for (int from = 0; from < rows; from += most) {
        c.rows = attention_min(most, rows - from);
        chunk_begin(&c, a, &w, from);
        for (int cut = w.cut0; cut < w.cut1; cut++)
            chunk_cut(&c, a, cut, w.kv);
        for (int r = 0; r < c.rows; r++) {
            float *p;

            if (!w.partial) {
                attention_finish(a, c.token[r], c.head[r], c.all + r * c.dim, c.all_l[r]);
                continue;
            }
            if (!c.any[r])
                continue;
            p = attention_partial(a, w.cut0 - attention_plan(a).cut0, c.token[r], c.head[r]);
            memcpy(p, c.all + r * c.dim, (size_t)c.dim * sizeof(*p));
            p[c.dim] = c.all_m[r];
            p[c.dim + 1] = c.all_l[r];
        }
    }
}

static inline void attention_body_merge(const struct attention_args *a, int item)
{
    const int t = item / a->heads, h = item % a->heads, dim = attention_dim(a);
    const struct attention_span sees = attention_sees(a, t);
    const int cut0 = attention_plan(a).cut0, first = sees.lo / ATTENTION_SPLIT;
    const float *p = attention_partial(a, first - cut0, t, h);
    __attribute__((aligned(64))) float all[ATTENTION_DIM_MAX];
    float m = p[dim], l = p[dim + 1];

    memcpy(all, p, (size_t)dim * sizeof(*p));
    for (int cut = first + 1; cut <= (sees.hi - 1) / ATTENTION_SPLIT; cut++) {
        p = attention_partial(a, cut - cut0, t, h);
        attention_fold(all, &m, &l, p, p[dim], p[dim + 1], dim);
    }
    attention_finish(a, t, h, all, l);
}

/* n floats to F16; `to` has room for whole vectors. */
static inline void attention_to_f16(const float *x, uint16_t *to, int n)
{
    int i = 0;

    for (; i + VEC_LANES <= n; i += VEC_LANES)
        vec_store_f16(to + i, vec_load(x + i));
    if (i < n)
        vec_store_f16(to + i, vec_load_some(x + i, (size_t)(n - i)));
}

static inline void attention_body_store(const struct attention_args *a, int item)
{
    const struct attention_work w = attention_store_work(a, item);
    const int dim = a->head_dim;

    for (int t = w.t0; t < w.t1; t++) {
        const int position = a->first + t, at = position % KV_PAGE;
        const size_t from = (size_t)t * a->ldkv + (size_t)(w.kv * dim);
        void *k = attention_k(a, position, w.kv), *v = attention_v(a, position, w.kv);
        uint16_t half[ATTENTION_DIM_MAX];

        if (a->kv_dtype == DTYPE_F16) {
            attention_to_f16(a->k + from, half, dim);
            for (int d = 0; d < dim; d++)
                ((uint16_t *)k)[d * KV_PAGE + at] = half[d];
            attention_to_f16(a->v + from, half, dim);
            memcpy((uint16_t *)v + at * dim, half, (size_t)dim * sizeof(*half));
        } else {
            for (int d = 0; d < dim; d++)
                ((float *)k)[d * KV_PAGE + at] = a->k[from + (size_t)d];
            memcpy((float *)v + at * dim, a->v + from, (size_t)dim * sizeof(float));
        }
    }
}

#endif
