/* sparse_reference.c - the contract in F64: all scores of a position, then two passes over them. */
#include "kernels/attention/sparse.h"

#include <math.h>
#include <stdbool.h>

#include "core/mem.h"

/* A list of n blocks, and position i of their block row. */
struct position {
    const struct sparse_pattern *p;
    int dim, i, n;
    int32_t first; /* block */
    double *q;     /* owned, as the others: the position's Q, scaled */
    double *k, *v; /* [n][SPARSE_BLOCK][dim]: 0 behind kv_len */
    double *scores;
};

static void to_f64(enum dtype t, const void *from, size_t first, size_t n, double *to)
{
    const uint16_t *bits = (const uint16_t *)from + first;

    for (size_t i = 0; i < n; i++)
        to[i] = (double)(t == DTYPE_F16 ? f16_to_f32(bits[i]) : bf16_to_f32(bits[i]));
}

static int64_t key_of(const struct position *at, int b, int j)
{
    return (int64_t)at->p->col[at->first + b] * SPARSE_BLOCK + j;
}

/* K and V of the list's blocks. */
static void gather(struct position *at, const struct sparse_args *a, int head)
{
    const size_t dim = (size_t)at->dim;

    for (int b = 0; b < at->n; b++) {
        const int64_t key = key_of(at, b, 0), left = at->p->kv_len - key;
        const size_t values = (size_t)(left < SPARSE_BLOCK ? left : SPARSE_BLOCK) * dim;
        const size_t from = ((size_t)head * (size_t)at->p->kv_len + (size_t)key) * dim;
        const size_t to = (size_t)b * SPARSE_BLOCK * dim;

        to_f64(a->dtype, a->k, from, values, at->k + to);
        to_f64(a->dtype, a->v, from, values, at->v + to);
    }
}

static bool seen(const struct position *at, int b, int j)
{
    const struct sparse_pattern *p = at->p;
    const int32_t block = at->first + b;
    const uint32_t *words;

    if (key_of(at, b, j) >= p->kv_len)
        return false;
    if (!p->mask || p->mask[block] < 0)
        return true;
    words = p->masks + (size_t)p->mask[block] * SPARSE_MASK_WORDS;
    return words[at->i * SPARSE_MASK_ROW + j / 32] >> j % 32 & 1;
}

/* Fill the scores, -infinity where there is none.  The greatest; NaN if one is. */
static double score(struct position *at)
{
    double most = -(double)INFINITY;

    for (int b = 0; b < at->n; b++)
        for (int j = 0; j < SPARSE_BLOCK; j++) {
            const size_t key = (size_t)b * SPARSE_BLOCK + (size_t)j;
            const double *k = at->k + key * (size_t)at->dim;
            double sum = 0;

            for (int d = 0; d < at->dim; d++)
                sum += at->q[d] * k[d];
            if (!seen(at, b, j))
                sum = -(double)INFINITY;
            at->scores[key] = sum;
            if (sum > most || isnan(sum))
                most = sum;
        }
    return most;
}

/* o may be NULL.  Gives the LSE. */
static double weigh(const struct position *at, double most, double *o)
{
    double total = 0;

    for (int d = 0; o && d < at->dim; d++)
        o[d] = 0;
    if (most == -(double)INFINITY)
        return -(double)INFINITY;
    for (int b = 0; b < at->n; b++)
        for (int j = 0; j < SPARSE_BLOCK; j++) {
            const size_t key = (size_t)b * SPARSE_BLOCK + (size_t)j;
            const double *v = at->v + key * (size_t)at->dim;
            double weight;

            if (!seen(at, b, j))
                continue;
            weight = exp(at->scores[key] - most);
            total += weight;
            for (int d = 0; o && d < at->dim; d++)
                o[d] += weight * v[d];
        }
    for (int d = 0; o && d < at->dim; d++)
        o[d] /= total;
    return most + log(total);
}

int sparse_reference(const struct sparse_pattern *p, const struct sparse_args *a, int head, int row,
                     double *o, double *lse, struct err *e)
{
    const int list = head * sparse_blocks(p->q_len) + row, first = row * SPARSE_BLOCK;
    const size_t dim = (size_t)a->dim;
    struct position at = { .p = p,
                           .dim = a->dim,
                           .first = p->row_ptr[list],
                           .n = p->row_ptr[list + 1] - p->row_ptr[list] };
    const size_t keys = (size_t)at.n * SPARSE_BLOCK;
    int rc = 0;

    at.q = mem_calloc(dim, sizeof(double));
    at.k = mem_calloc(keys * dim, sizeof(double));
    at.v = mem_calloc(keys * dim, sizeof(double));
    at.scores = mem_calloc(keys, sizeof(double));
    if (!at.q || !at.k || !at.v || !at.scores) {
        rc = ERR(e, ERR_NOMEM, "no memory for a reference of %d blocks", at.n);
        goto out;
    }
    gather(&at, a, head);
    for (at.i = 0; at.i < SPARSE_BLOCK && first + at.i < p->q_len; at.i++) {
        const size_t q = ((size_t)head * (size_t)p->q_len + (size_t)(first + at.i)) * dim;
        double l;

        to_f64(a->dtype, a->q, q, dim, at.q);
        for (size_t d = 0; d < dim; d++)
            at.q[d] *= (double)a->scale;
        l = weigh(&at, score(&at), o ? o + (size_t)at.i * dim : NULL);
        if (lse)
            lse[at.i] = l;
    }
out:
    mem_free(at.q);
    mem_free(at.k);
    mem_free(at.v);
    mem_free(at.scores);
    return rc;
}
