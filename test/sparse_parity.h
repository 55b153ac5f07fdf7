/* sparse_parity.h - block-sparse attention for tests: patterns, inputs and answers of all shapes,
 * for every variant on any device.
 *
 * The answer is a dense one in F64, with no lists: a grid says which blocks there are.  The
 * tolerance is what a right variant may be off, whichever way it goes through a list:
 *
 *   scores   sums of dim products in F32, each addition off by 2 u (tensor cores cut bits off);
 *            then scale, maximum and the argument of exp: some u of the greatest score; an exp of
 *            4 u, and two whenever what was seen is weighed anew (once a block, and merges)
 *   weights  rounded to the type: half a unit, and half the smallest denormal of F16
 *   sums     one addition a position, 2 u each
 *   output   rounded to the type
 *
 * with u = 2^-24.  Where weights are not known to a tenth, all that is sure is the hull of V. */
#ifndef SPARSE_PARITY_H
#define SPARSE_PARITY_H

#include "kernel_parity.h"

#include "core/mem.h"
#include "kernels/attention/sparse.h"

enum sparse_masks { MASKS_NONE, MASKS_ONES, MASKS_SOME, MASKS_EVERY };

struct sparse_form {
    int heads, dim;
    enum dtype dtype;
    int percent; /* of the blocks are there */
    enum sparse_masks masks;
};

static const struct sparse_form sparse_forms[] = {
    { 1, 64, DTYPE_F16, 100, MASKS_NONE },  { 3, 64, DTYPE_F16, 60, MASKS_SOME },
    { 2, 128, DTYPE_F16, 50, MASKS_SOME },  { 2, 64, DTYPE_BF16, 60, MASKS_EVERY },
    { 2, 128, DTYPE_BF16, 60, MASKS_NONE }, { 4, 64, DTYPE_F16, 25, MASKS_EVERY },
    { 1, 64, DTYPE_F16, 3, MASKS_SOME },    { 2, 64, DTYPE_BF16, 100, MASKS_ONES },
    { 5, 64, DTYPE_F16, 0, MASKS_NONE },    { 2, 128, DTYPE_F16, 40, MASKS_ONES },
};

/* q_len, kv_len, form */
static const struct parity_shape sparse_shapes[] = {
    { .what = "no position", .dim = { 0, 128, 0 } },
    { .what = "nothing to see", .dim = { 65, 0, 1 } },
    { .what = "one", .dim = { 1, 1, 0 } },
    { .what = "one, BF16", .dim = { 1, 129, 7 } },
    { .what = "below a half", .dim = { 63, 64, 1 } },
    { .what = "a half", .dim = { 64, 63, 2 } },
    { .what = "above a half", .dim = { 65, 127, 3 } },
    { .what = "ragged", .dim = { 127, 129, 4 } },
    { .what = "one block", .dim = { 128, 128, 7 } },
    { .what = "ragged masks", .dim = { 129, 385, 5 } },
    { .what = "several", .dim = { 512, 640, 1 } },
    { .what = "wide", .dim = { 130, 1000, 2 } },
    { .what = "tall", .dim = { 1000, 130, 3 } },
    { .what = "nothing listed", .dim = { 300, 300, 8 } },
    { .what = "large", .dim = { 4095, 4095, 6 } },
};

enum { SPARSE_SHAPES = sizeof(sparse_shapes) / sizeof(sparse_shapes[0]) };

/* Those that take long are for one kind of input, and not where everything takes long. */
PARITY_FN bool sparse_skips(const struct parity_case *pc)
{
    const bool large = pc->shape->dim[0] * pc->shape->dim[1] > 129 * 385;

    return large && (HEADROOM_INSTRUMENTED || pc->input != PARITY_RANDOM);
}

/* A call with all that it reads and writes, on the host. */
struct sparse_call {
    struct sparse_pattern p;
    struct sparse_args a;
    int32_t *row_ptr, *col, *mask; /* owned */
    uint32_t *masks;               /* owned */
    struct parity_buffer q, k, v, o, lse;
};

/* ---- patterns */

/* One of the kinds of masks that a block may have: all, none, half of the bits, some rows empty. */
PARITY_FN void sparse_mask_fill(uint32_t *words, int kind, struct rng *rng)
{
    for (int i = 0; i < SPARSE_MASK_WORDS; i++) {
        const int row = i / SPARSE_MASK_ROW;

        words[i] = kind == 0 ? UINT32_MAX : kind == 1 ? 0 : (uint32_t)rng_u64(rng);
        if (kind == 3 && row % 3 == 0)
            words[i] = 0;
        if (kind == 4) /* one bit a row: the diagonal */
            words[i] = row / 32 == i % SPARSE_MASK_ROW ? 1u << row % 32 : 0;
    }
}

PARITY_FN void sparse_pattern_make(struct sparse_call *c, const struct sparse_form *f,
                                   uint64_t seed)
{
    const int rows = sparse_blocks(c->p.q_len), cols = sparse_blocks(c->p.kv_len);
    const size_t most = (size_t)c->p.heads * (size_t)rows * (size_t)cols;
    struct rng rng;
    int n = 0, masks = 0;

    rng_init(&rng, seed, 77);
    c->row_ptr = mem_calloc((size_t)c->p.heads * (size_t)rows + 1, sizeof(*c->row_ptr));
    c->col = mem_calloc(most, sizeof(*c->col));
    c->mask = mem_calloc(most, sizeof(*c->mask));
    c->masks = mem_calloc(most, SPARSE_MASK_WORDS * sizeof(*c->masks));
    for (int l = 0; l < c->p.heads * rows; l++) {
        for (int j = 0; j < cols && (l % 5 != 3 || f->percent == 100); j++) {
            if ((int)rng_below(&rng, 100) >= f->percent)
                continue;
            c->col[n] = j;
            c->mask[n] = -1;
            if (f->masks == MASKS_ONES || f->masks == MASKS_EVERY || (n % 3 == 0 && f->masks)) {
                const int kind = f->masks == MASKS_ONES ? 0 : (int)rng_below(&rng, 5);

                sparse_mask_fill(c->masks + (size_t)masks * SPARSE_MASK_WORDS, kind, &rng);
                c->mask[n] = masks++;
            }
            n++;
        }
        c->row_ptr[l + 1] = n;
    }
    c->p.row_ptr = c->row_ptr;
    c->p.col = c->col;
    c->p.mask = f->masks == MASKS_NONE ? NULL : c->mask;
    c->p.masks = c->masks;
    c->p.n_masks = masks;
}

/* ---- inputs */

PARITY_FN void sparse_put(enum dtype t, const float *x, void *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint16_t *)to)[i] = t == DTYPE_F16 ? f32_to_f16(x[i]) : f32_to_bf16(x[i]);
}

PARITY_FN float sparse_get(enum dtype t, const void *from, size_t i)
{
    const uint16_t bits = ((const uint16_t *)from)[i];

    return t == DTYPE_F16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

/* HUGE: scores of some ten thousands; DENORMAL: of F16.  A NaN goes into one of Q, K and V. */
PARITY_FN void sparse_fill(struct sparse_call *c, enum parity_input input, uint64_t seed)
{
    const struct parity_buffer *b[3] = { &c->q, &c->k, &c->v };

    for (int i = 0; i < 3; i++) {
        const size_t n = b[i]->bytes / sizeof(uint16_t);
        const bool scaled = input == PARITY_HUGE || input == PARITY_DENORMAL;
        const float factor = input == PARITY_HUGE ? (i < 2 ? 100.0f : 1.0f) : 0x1p-20f;
        enum parity_input kind = input;
        float *x = mem_calloc(n, sizeof(*x));

        if (scaled || (input == PARITY_NAN && (int)(seed / PARITY_INPUTS % 3) != i))
            kind = PARITY_RANDOM;
        parity_fill(x, n, kind, seed, (uint64_t)i);
        for (size_t k = 0; scaled && k < n; k++)
            x[k] *= factor;
        sparse_put(c->a.dtype, x, b[i]->p, n);
        mem_free(x);
    }
}

PARITY_FN void sparse_call_make(struct sparse_call *c, const struct parity_shape *s,
                                enum parity_input input, uint64_t seed)
{
    const struct sparse_form *f = &sparse_forms[s->dim[2]];
    const size_t row = (size_t)f->heads * (size_t)f->dim * sizeof(uint16_t);

    *c = (struct sparse_call){
        .p = { .heads = f->heads, .q_len = (int)s->dim[0], .kv_len = (int)s->dim[1] },
        .a = { .dtype = f->dtype, .dim = f->dim, .scale = 1 / sqrtf((float)f->dim) },
        .q = parity_new(s->dim[0] * row, 0),
        .k = parity_new(s->dim[1] * row, 0),
        .v = parity_new(s->dim[1] * row, 0),
        .o = parity_new(s->dim[0] * row, 0),
        .lse = parity_new(s->dim[0] * (size_t)f->heads * sizeof(float), 0)
    };
    c->a.q = c->q.p;
    c->a.k = c->k.p;
    c->a.v = c->v.p;
    c->a.o = c->o.p;
    c->a.lse = c->lse.p;
    sparse_pattern_make(c, f, seed);
    sparse_fill(c, input, seed);
}

PARITY_FN void sparse_call_release(struct sparse_call *c, const struct parity_case *pc,
                                   struct parity_report *r)
{
    struct parity_buffer *b[] = { &c->q, &c->k, &c->v, &c->o, &c->lse };

    for (size_t i = 0; i < sizeof(b) / sizeof(b[0]); i++)
        parity_free(b[i], pc, r);
    mem_free(c->row_ptr);
    mem_free(c->col);
    mem_free(c->mask);
    mem_free(c->masks);
}

/* Outputs as they were before: NaN. */
PARITY_FN void sparse_call_poison(struct sparse_call *c)
{
    memset(c->o.p, 0xff, c->o.bytes);
    memset(c->lse.p, 0xff, c->lse.bytes);
}

/* ---- answers */

/* What a call has to give.  any: O may be anything there (see sparse.h on NaN in V). */
struct sparse_answer {
    double *o, *o_tol, *lse, *lse_tol; /* owned */
    uint8_t *any;                      /* owned; [heads][q_len] */
};

/* 0 not listed, 1 listed; then the score of (i, j) exists or not. */
PARITY_FN int32_t sparse_block_at(const struct sparse_call *c, int h, int row, int col)
{
    const int l = h * sparse_blocks(c->p.q_len) + row;

    for (int32_t b = c->row_ptr[l]; b < c->row_ptr[l + 1]; b++)
        if (c->col[b] == col)
            return b;
    return -1;
}

PARITY_FN bool sparse_exists(const struct sparse_call *c, int32_t block, int i, int j)
{
    const int bit = i % SPARSE_BLOCK * SPARSE_BLOCK + j % SPARSE_BLOCK;

    if (c->mask[block] < 0)
        return true;
    return c->masks[(size_t)c->mask[block] * SPARSE_MASK_WORDS + (size_t)(bit / 32)] >> bit % 32 &
           1;
}

static const double sparse_u = 0x1p-24;

/* A position's own sums. */
struct sparse_sums {
    double most, greatest, total, off;
    int seen, blocks;
};

/* Score of key j for q (scaled), and the sum of |terms|. */
PARITY_FN double sparse_score(const double *q, const float *k, int dim, double *of_abs)
{
    double s = 0;

    *of_abs = 0;
    for (int d = 0; d < dim; d++) {
        s += q[d] * (double)k[d];
        *of_abs += fabs(q[d] * (double)k[d]);
    }
    return s;
}

PARITY_FN void sparse_answer_weights(struct sparse_sums *s, double *score, double *of_abs,
                                     const uint8_t *exists, int n, int dim)
{
    for (int j = 0; j < n; j++)
        if (exists[j]) {
            s->most = score[j] > s->most || isnan(score[j]) ? score[j] : s->most;
            s->greatest = fmax(s->greatest, fabs(score[j]));
            s->seen++;
        }
    for (int j = 0; j < n; j++)
        if (exists[j]) {
            const double off =
                sparse_u * (2 * (dim + 3) * of_abs[j] + 16 * s->greatest + 8 * (s->blocks + 4));

            score[j] = exp(score[j] - s->most);
            of_abs[j] = off;
            s->total += score[j];
            s->off += score[j] * off;
        }
}

/* Position i of head h, whose scores with all keys are made here: F64 copies of K and V. */
PARITY_FN void sparse_answer_row(const struct sparse_call *c, const float *k, const float *v, int h,
                                 int i, struct sparse_answer *to, double *scratch, uint8_t *exists)
{
    const int dim = c->a.dim, n = c->p.kv_len;
    const size_t at = (size_t)h * (size_t)c->p.q_len + (size_t)i;
    const double eps = c->a.dtype == DTYPE_F16 ? 0x1p-11 : 0x1p-8;
    const double least = c->a.dtype == DTYPE_F16 ? 0x1p-25 : 0x1p-133;
    double *q = scratch, *score = q + dim, *of_abs = score + n;
    double *o = to->o + at * (size_t)dim, *tol = to->o_tol + at * (size_t)dim;
    struct sparse_sums s = { .most = -INFINITY };
    double adds, hull = 0;

    for (int d = 0; d < dim; d++) {
        q[d] = (double)c->a.scale *
               (double)sparse_get(c->a.dtype, c->q.p, at * (size_t)dim + (size_t)d);
        o[d] = tol[d] = 0;
    }
    for (int j = 0; j < n; j += SPARSE_BLOCK) {
        const int32_t b = sparse_block_at(c, h, i / SPARSE_BLOCK, j / SPARSE_BLOCK);
        const int end = j + SPARSE_BLOCK < n ? j + SPARSE_BLOCK : n;

        s.blocks += b >= 0;
        for (int x = j; x < end; x++) {
            exists[x] = b >= 0 && sparse_exists(c, b, i, x);
            if (exists[x])
                score[x] = sparse_score(q, k + (size_t)x * (size_t)dim, dim, &of_abs[x]);
            for (int d = 0; b >= 0 && !exists[x] && d < dim; d++)
                if (isnan(v[(size_t)x * (size_t)dim + (size_t)d]))
                    to->any[at] = 1;
        }
    }
    sparse_answer_weights(&s, score, of_abs, exists, n, dim);
    adds = 2 * (s.seen + 4 * s.blocks + 16);
    to->lse[at] = s.seen ? s.most + log(s.total) : -(double)INFINITY;
    to->lse_tol[at] =
        s.seen ? 1.1 * (s.off / s.total + adds * sparse_u) + 4 * sparse_u * fabs(to->lse[at]) : 0;
    for (int j = 0; j < n; j++)
        for (int d = 0; exists[j] && d < dim; d++) {
            const double x = (double)v[(size_t)j * (size_t)dim + (size_t)d], w = score[j];

            o[d] += w * x;
            tol[d] += fabs(x) * (w * (of_abs[j] + eps + adds * sparse_u) + least + 0x1p-124);
            hull = fmax(hull, fabs(x));
        }
    for (int d = 0; s.seen && d < dim; d++) {
        o[d] /= s.total;
        tol[d] =
            1.01 * (tol[d] / s.total + fabs(o[d]) * (s.off / s.total + adds * sparse_u + eps)) +
            least;
        if (!(s.off / s.total < 0.1))
            tol[d] = 2.01 * hull;
    }
}

PARITY_FN float *sparse_floats(const struct sparse_call *c, const void *from, int h)
{
    const size_t n = (size_t)c->p.kv_len * (size_t)c->a.dim;
    float *x = mem_calloc(n, sizeof(*x));

    for (size_t i = 0; i < n; i++)
        x[i] = sparse_get(c->a.dtype, from, (size_t)h * n + i);
    return x;
}

PARITY_FN void sparse_answer_make(const struct sparse_call *c, struct sparse_answer *to)
{
    const size_t rows = (size_t)c->p.heads * (size_t)c->p.q_len, dim = (size_t)c->a.dim;
    double *scratch = mem_calloc(dim + 2 * (size_t)c->p.kv_len, sizeof(*scratch));
    uint8_t *exists = mem_calloc((size_t)c->p.kv_len, 1);

    to->o = mem_calloc(rows * dim, sizeof(double));
    to->o_tol = mem_calloc(rows * dim, sizeof(double));
    to->lse = mem_calloc(rows, sizeof(double));
    to->lse_tol = mem_calloc(rows, sizeof(double));
    to->any = mem_calloc(rows, 1);
    for (int h = 0; h < c->p.heads; h++) {
        float *k = sparse_floats(c, c->k.p, h), *v = sparse_floats(c, c->v.p, h);

        for (int i = 0; i < c->p.q_len; i++)
            sparse_answer_row(c, k, v, h, i, to, scratch, exists);
        mem_free(k);
        mem_free(v);
    }
    mem_free(scratch);
    mem_free(exists);
}

PARITY_FN void sparse_answer_release(struct sparse_answer *a)
{
    mem_free(a->o);
    mem_free(a->o_tol);
    mem_free(a->lse);
    mem_free(a->lse_tol);
    mem_free(a->any);
}

/* The answer of a case, made once for all variants. */
PARITY_FN const struct sparse_answer *sparse_answer_of(const struct parity_case *pc,
                                                       const struct sparse_call *c)
{
    static struct sparse_answer known[SPARSE_SHAPES][PARITY_INPUTS];
    struct sparse_answer *k = &known[pc->shape - sparse_shapes][pc->input];

    if (!k->o)
        sparse_answer_make(c, k);
    return k;
}

/* O and LSE of the call against the answer. */
PARITY_FN void sparse_compare(const struct parity_case *pc, struct parity_report *r,
                              const struct sparse_call *c, const struct sparse_answer *want)
{
    const size_t rows = (size_t)c->p.heads * (size_t)c->p.q_len, dim = (size_t)c->a.dim;
    float got[128];

    for (size_t i = 0; i < rows; i++) {
        for (size_t d = 0; d < dim; d++)
            got[d] = sparse_get(c->a.dtype, c->o.p, i * dim + d);
        if (!want->any[i])
            parity_values(pc, r, got, want->o + i * dim, want->o_tol + i * dim, dim);
    }
    for (size_t i = 0; i < rows; i++) {
        const float lse = ((const float *)c->lse.p)[i];

        if (want->lse[i] == -(double)INFINITY) { /* of anything that is not finite, this one */
            r->compared++;
            if (lse != -INFINITY)
                parity_wrong(pc, r, i, (double)lse, want->lse[i], 0);
        } else {
            parity_values(pc, r, &lse, want->lse + i, want->lse_tol + i, 1);
        }
    }
}

#endif
