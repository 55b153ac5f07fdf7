/* sparse_cpu_scalar.c - in plain C, a position at a time: the path to read first. */
#include "kernels/attention/sparse_isa.h"

#include <math.h>
#include <stdbool.h>

enum { DIM_MAX = 128 };

/* What a position has seen: m the greatest score, l the sum of weights, o that of weighted V. */
struct seen {
    float m, l, o[DIM_MAX];
};

static float widen(enum dtype t, const void *from, size_t i)
{
    const uint16_t bits = ((const uint16_t *)from)[i];

    return t == DTYPE_F16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

static uint16_t narrow(enum dtype t, float x)
{
    return t == DTYPE_F16 ? f32_to_f16(x) : f32_to_bf16(x);
}

static float rounded(enum dtype t, float x)
{
    return t == DTYPE_F16 ? f16_to_f32(f32_to_f16(x)) : bf16_to_f32(f32_to_bf16(x));
}

static bool exists(const uint32_t *mask, int i, int j)
{
    return !mask || (mask[i * SPARSE_MASK_ROW + j / 32] >> j % 32 & 1);
}

/* K and V of a block, n keys of them. */
struct block {
    int n;
    const uint32_t *mask;
    float k[SPARSE_BLOCK * DIM_MAX], v[SPARSE_BLOCK * DIM_MAX];
};

/* Position i of a block row, whose Q (scaled) is q, sees a block. */
static void see(struct seen *s, const struct sparse_args *a, const float *q, int i,
                const struct block *b)
{
    const int dim = a->dim;
    float score[SPARSE_BLOCK] = { 0 }, m = s->m, base, before;

    for (int j = 0; j < b->n; j++) {
        float sum = 0;

        for (int d = 0; d < dim; d++)
            sum += q[d] * b->k[j * dim + d];
        score[j] = exists(b->mask, i, j) ? sum : -INFINITY;
        m = score[j] > m ? score[j] : m;
    }
    base = m == -INFINITY ? 0 : m; /* nothing seen yet */
    before = expf(s->m - base);
    s->m = m;
    s->l *= before;
    for (int d = 0; d < dim; d++)
        s->o[d] *= before;
    for (int j = 0; j < b->n; j++) {
        const float weight = expf(score[j] - base), w = rounded(a->dtype, weight);

        s->l += weight;
        for (int d = 0; d < dim; d++)
            s->o[d] += w * b->v[j * dim + d];
    }
}

static void load_block(struct block *b, const struct sparse_pattern *p, const struct sparse_args *a,
                       int head, int32_t block)
{
    const int first = p->col[block] * SPARSE_BLOCK, left = p->kv_len - first;
    const size_t at = ((size_t)head * (size_t)p->kv_len + (size_t)first) * (size_t)a->dim;
    const int32_t which = p->mask ? p->mask[block] : -1;

    b->n = left < SPARSE_BLOCK ? left : SPARSE_BLOCK;
    b->mask = which < 0 ? NULL : p->masks + (size_t)which * SPARSE_MASK_WORDS;
    for (int i = 0; i < b->n * a->dim; i++) {
        b->k[i] = widen(a->dtype, a->k, at + (size_t)i);
        b->v[i] = widen(a->dtype, a->v, at + (size_t)i);
    }
}

static void finish(const struct seen *s, const struct sparse_args *a, size_t at)
{
    for (int d = 0; d < a->dim; d++)
        ((uint16_t *)a->o)[at * (size_t)a->dim + (size_t)d] =
            narrow(a->dtype, s->l == 0 ? 0 : s->o[d] / s->l);
    if (a->lse)
        a->lse[at] = s->l == 0 ? -INFINITY : s->m + logf(s->l);
}

void sparse_cpu_scalar(const struct sparse_pattern *p, const struct sparse_args *a, int list)
{
    const int rows = sparse_blocks(p->q_len), head = list / rows,
              first = list % rows * SPARSE_BLOCK;
    const int n = p->q_len - first < SPARSE_BLOCK ? p->q_len - first : SPARSE_BLOCK;
    const size_t at = (size_t)head * (size_t)p->q_len + (size_t)first;
    struct seen s[SPARSE_BLOCK];
    struct block b;

    for (int i = 0; i < n; i++)
        s[i] = (struct seen){ .m = -INFINITY };
    for (int32_t i = p->row_ptr[list]; i < p->row_ptr[list + 1]; i++) {
        load_block(&b, p, a, head, i);
        for (int r = 0; r < n; r++) {
            float q[DIM_MAX];

            for (int d = 0; d < a->dim; d++)
                q[d] =
                    a->scale * widen(a->dtype, a->q, (at + (size_t)r) * (size_t)a->dim + (size_t)d);
            see(&s[r], a, q, r, &b);
        }
    }
    for (int r = 0; r < n; r++)
        finish(&s[r], a, at + (size_t)r);
}
