/* sparse_body.h - block-sparse attention over the vectors of vector.h; sparse_cpu_<isa>.c compiles
 * it.
 *
 * A list is worked on by one thread, all rows of its block row together: Q is widened once, K
 * (turned, so that the scores of neighbouring keys lie in a vector) and V once a block.  Both
 * products are panels of attention_panel.h.  Operations a block: 4 dim SPARSE_BLOCK^2 and as many
 * exponentials as scores; bytes: K and V of the block, from the nearest cache that has them.
 *
 * A score behind a mask or the end becomes -infinity, and its weight 0.  Weights are exp(score - m)
 * with m the greatest score so far; when it grows, what was seen is weighed anew. */
#ifndef KERNELS_ATTENTION_SPARSE_BODY_H
#define KERNELS_ATTENTION_SPARSE_BODY_H

#include "kernels/attention/attention_panel.h"
#include "kernels/attention/sparse.h"

enum { SPARSE_DIM_MAX = 128, BLOCK_VECS = SPARSE_BLOCK / VEC_LANES };

/* Of the rows of a list: l is the sum of weights in 16 lanes. */
struct sparse_rows {
    int n, dim;
    enum dtype dtype;
    __attribute__((aligned(64))) float q[SPARSE_BLOCK * SPARSE_DIM_MAX]; /* times the scale */
    float k[SPARSE_DIM_MAX * SPARSE_BLOCK];                              /* [dim][key] */
    float v[SPARSE_BLOCK * SPARSE_DIM_MAX];
    float acc[SPARSE_BLOCK * SPARSE_DIM_MAX];
    float weights[ATTENTION_ROWS * SPARSE_BLOCK];
    float l[SPARSE_BLOCK * VEC_SUM], m[SPARSE_BLOCK];
};

ATTENTION_INLINE vec sparse_load(enum dtype t, const uint16_t *p)
{
    return t == DTYPE_F16 ? vec_load_f16(p) : vec_load_bf16(p);
}

ATTENTION_INLINE vec sparse_round(enum dtype t, vec a)
{
    return t == DTYPE_F16 ? vec_round_f16(a) : vec_round_bf16(a);
}

/* ---- what is read */

static inline void sparse_widen(enum dtype t, const uint16_t *from, float *to, int n)
{
    for (int i = 0; i < n; i += VEC_LANES)
        vec_store(to + i, sparse_load(t, from + i));
}

/* `keys` rows of K, turned: to[d][key]; zeros for the keys that are not there. */
static inline void sparse_turn(enum dtype t, const uint16_t *from, float *to, int keys, int dim)
{
    enum { TILE = 16 };
    float tile[TILE * SPARSE_DIM_MAX];

    for (int j = 0; j < SPARSE_BLOCK; j += TILE) {
        const int n = keys - j < TILE ? (keys > j ? keys - j : 0) : TILE;

        sparse_widen(t, from + j * dim, tile, n * dim);
        memset(tile + n * dim, 0, (size_t)((TILE - n) * dim) * sizeof(*tile));
        for (int d = 0; d < dim; d++)
            for (int i = 0; i < TILE; i++)
                to[d * SPARSE_BLOCK + j + i] = tile[i * dim + d];
    }
}

static inline void sparse_begin(struct sparse_rows *s, const struct sparse_pattern *p,
                                const struct sparse_args *a, int head, int row)
{
    const int left = p->q_len - row * SPARSE_BLOCK, n = left < SPARSE_BLOCK ? left : SPARSE_BLOCK;
    const size_t at = (size_t)head * (size_t)p->q_len + (size_t)row * SPARSE_BLOCK;
    const vec scale = vec_set1(a->scale);

    s->n = n;
    s->dim = a->dim;
    s->dtype = a->dtype;
    sparse_widen(a->dtype, (const uint16_t *)a->q + at * (size_t)a->dim, s->q, n * a->dim);
    for (int i = 0; i < n * a->dim; i += VEC_LANES)
        vec_store(s->q + i, vec_mul(vec_load(s->q + i), scale));
    memset(s->acc, 0, (size_t)(n * a->dim) * sizeof(*s->acc));
    memset(s->l, 0, sizeof(s->l));
    for (int i = 0; i < n; i++)
        s->m[i] = -INFINITY;
}

/* ---- scores and weights */

/* The bits of eight scores as floats. */
struct sparse_bits {
    float of[256][8];
};

static inline const struct sparse_bits *sparse_bits(void)
{
#define BITS_1(x)                                                                      \
    {                                                                                  \
        (x) & 1, (x) >> 1 & 1, (x) >> 2 & 1, (x) >> 3 & 1, (x) >> 4 & 1, (x) >> 5 & 1, \
            (x) >> 6 & 1, (x) >> 7 & 1                                                 \
    }
#define BITS_4(x)  BITS_1(x), BITS_1((x) + 1), BITS_1((x) + 2), BITS_1((x) + 3)
#define BITS_16(x) BITS_4(x), BITS_4((x) + 4), BITS_4((x) + 8), BITS_4((x) + 12)
#define BITS_64(x) BITS_16(x), BITS_16((x) + 16), BITS_16((x) + 32), BITS_16((x) + 48)
    static const struct sparse_bits bits = { { BITS_64(0), BITS_64(64), BITS_64(128),
                                               BITS_64(192) } };
#undef BITS_1
#undef BITS_4
#undef BITS_16
#undef BITS_64

    return &bits;
}

/* Without the scores of a row whose bits are not set. */
static inline void sparse_mask_row(float *scores, const uint32_t *words)
{
    const struct sparse_bits *bits = sparse_bits();
    const vec none = vec_set1(-INFINITY), half = vec_set1(0.5f);
    float set[SPARSE_BLOCK];

    for (int i = 0; i < SPARSE_BLOCK / 8; i++)
        memcpy(set + 8 * i, bits->of[words[i / 4] >> 8 * (i % 4) & 0xff], 8 * sizeof(*set));
    for (int i = 0; i < SPARSE_BLOCK; i += VEC_LANES)
        vec_store(scores + i, vec_if_less(vec_load(set + i), half, none, vec_load(scores + i)));
}

/* Row r gets a greater m. */
static inline void sparse_raise(struct sparse_rows *s, int r, float m)
{
    float *l = s->l + r * VEC_SUM, *acc = s->acc + r * s->dim;
    const float from = s->m[r];
    vec before;

    s->m[r] = m;
    if (from == -INFINITY)
        return;
    before = vec_exp_below(vec_set1(from - m));
    for (int i = 0; i < VEC_SUM; i += VEC_LANES)
        vec_store(l + i, vec_mul(vec_load(l + i), before));
    for (int i = 0; i < s->dim; i += VEC_LANES)
        vec_store(acc + i, vec_mul(vec_load(acc + i), before));
}

/* The scores w of row r become weights. */
static inline void sparse_weigh(struct sparse_rows *s, int r, float *w)
{
    vec most = vec_load(w), m;

    for (int i = VEC_LANES; i < SPARSE_BLOCK; i += VEC_LANES)
        most = vec_max(most, vec_load(w + i));
    if (vec_any_less(vec_set1(s->m[r]), most))
        sparse_raise(s, r, vec_max_lane(most));
    m = vec_set1(s->m[r] == -INFINITY ? 0 : s->m[r]);
    for (int i = 0; i < SPARSE_BLOCK; i += VEC_LANES) {
        const vec p = vec_exp_below(vec_sub(vec_load(w + i), m));
        float *l = s->l + r * VEC_SUM + i % VEC_SUM;

        vec_store(l, vec_add(vec_load(l), p));
        vec_store(w + i, sparse_round(s->dtype, p));
    }
}

/* ---- a block */

/* Rows r .. r + rows - 1 see the block whose K and V have been widened. */
static inline void sparse_see(struct sparse_rows *s, int r, int rows, int keys,
                              const uint32_t *mask)
{
    static const uint32_t all[SPARSE_MASK_ROW] = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX };
    const struct factor k = { s->k, SPARSE_BLOCK, DTYPE_F32, NULL };
    const struct factor v = { s->v, s->dim, DTYPE_F32, NULL };
    const struct panel scores = { .rows = rows,
                                  .vecs = BLOCK_VECS,
                                  .a = s->q + r * s->dim,
                                  .lda = s->dim,
                                  .lo = 0,
                                  .hi = s->dim,
                                  .c = s->weights,
                                  .ldc = SPARSE_BLOCK,
                                  .add = false };
    const struct panel sums = { .rows = rows,
                                .vecs = s->dim / VEC_LANES,
                                .a = s->weights,
                                .lda = SPARSE_BLOCK,
                                .lo = 0,
                                .hi = keys,
                                .c = s->acc + r * s->dim,
                                .ldc = s->dim,
                                .add = true };

    panel(&scores, &k);
    for (int i = 0; i < rows; i++) {
        float *w = s->weights + i * SPARSE_BLOCK;
        const uint32_t *words = mask ? mask + (r + i) * SPARSE_MASK_ROW : all;

        if (mask && memcmp(words, all, sizeof(all)) != 0)
            sparse_mask_row(w, words);
        for (int j = keys; j < SPARSE_BLOCK; j++)
            w[j] = -INFINITY;
        sparse_weigh(s, r + i, w);
    }
    panel(&sums, &v);
}

static inline void sparse_block(struct sparse_rows *s, const struct sparse_pattern *p,
                                const struct sparse_args *a, int head, int32_t block)
{
    const int first = p->col[block] * SPARSE_BLOCK, left = p->kv_len - first;
    const int keys = left < SPARSE_BLOCK ? left : SPARSE_BLOCK,
              which = p->mask ? p->mask[block] : -1;
    const size_t at = ((size_t)head * (size_t)p->kv_len + (size_t)first) * (size_t)s->dim;
    const uint32_t *mask = which < 0 ? NULL : p->masks + (size_t)which * SPARSE_MASK_WORDS;

    sparse_turn(s->dtype, (const uint16_t *)a->k + at, s->k, keys, s->dim);
    sparse_widen(s->dtype, (const uint16_t *)a->v + at, s->v, keys * s->dim);
    for (int r = 0; r < s->n; r += ATTENTION_ROWS)
        sparse_see(s, r, s->n - r < ATTENTION_ROWS ? s->n - r : ATTENTION_ROWS, keys, mask);
}

/* ---- what is written */

static inline float sparse_total(const float *l)
{
    vec sum[VEC_SUM_VECS];

    for (int i = 0; i < VEC_SUM_VECS; i++)
        sum[i] = vec_load(l + i * VEC_LANES);
    return vec_sum16(sum);
}

static inline void sparse_end(struct sparse_rows *s, const struct sparse_pattern *p,
                              const struct sparse_args *a, int head, int row)
{
    const size_t first = (size_t)head * (size_t)p->q_len + (size_t)row * SPARSE_BLOCK;

    for (int r = 0; r < s->n; r++) {
        const float total = sparse_total(s->l + r * VEC_SUM);
        const vec divisor = vec_set1(total == 0 ? 1 : total); /* nothing seen: 0 of nothing */
        uint16_t *o = (uint16_t *)a->o + (first + (size_t)r) * (size_t)s->dim;

        for (int d = 0; d < s->dim; d += VEC_LANES) {
            const vec x = vec_div(vec_load(s->acc + r * s->dim + d), divisor);

            if (s->dtype == DTYPE_F16)
                vec_store_f16(o + d, x);
            else
                vec_store_bf16(o + d, x);
        }
        if (a->lse)
            a->lse[first + (size_t)r] = total == 0 ? -INFINITY : s->m[r] + logf(total);
    }
}

static inline void sparse_body(const struct sparse_pattern *p, const struct sparse_args *a,
                               int list)
{
    const int rows = sparse_blocks(p->q_len), head = list / rows, row = list % rows;
    struct sparse_rows s;

    sparse_begin(&s, p, a, head, row);
    for (int32_t b = p->row_ptr[list]; b < p->row_ptr[list + 1]; b++)
        sparse_block(&s, p, a, head, b);
    sparse_end(&s, p, a, head, row);
}

#endif
