/* sparse_case.c - the cases that block-sparse attention is measured with. */
#include "kernels/attention/sparse_case.h"

#include <math.h>
#include <stdlib.h>

#include "core/rng.h"
#include "host/cpu.h"
#include "kernels/attention/atoms.h"
#include "kernels/attention/sparse_contacts.h"

enum {
    HEAD_LEN = 4096,
    HEAD_SIDE = HEAD_LEN / SPARSE_BLOCK,
    TABLE_BITS = 16 /* of values that all of Q, K and V are drawn from */
};

const char *const sparse_case_names[] = { "heads", "diagonal", "protein", "uniform", NULL };

/* Streams of the seed. */
enum { STREAM_TABLE = 10, STREAM_VALUES, STREAM_LISTS };

/* ---- does it fit? */

static int need_memory(double bytes, const char *what, struct err *e)
{
    const double available = (double)cpu_here()->memory_available_bytes;

    if (available > 0 && bytes > available)
        return ERR(e, ERR_NOTSUP, "%s of %.0f MiB does not fit: %.0f MiB are available", what,
                   bytes / 1048576, available / 1048576);
    return 0;
}

/* Before lists are made: about how many blocks there will be. */
static double blocks_expected(const struct sparse_case_want *w)
{
    const double rows = sparse_blocks(w->atoms);

    switch (w->kind) {
    case SPARSE_CASE_HEADS: return (double)w->blocks * w->queries;
    case SPARSE_CASE_DIAGONAL: return 1.03 * rows * w->queries;
    case SPARSE_CASE_UNIFORM:
        return rows * rows * SPARSE_CASE_HEADS_OF * 0.01 * w->percent * w->queries;
    case SPARSE_CASE_PROTEIN:
    case SPARSE_CASES: break;
    }
    return 0; /* known when they are there, and few */
}

static int need_lists(const struct sparse_case_want *w, struct err *e)
{
    const double a_block = 2 * sizeof(int32_t) + (w->masks ? SPARSE_MASK_WORDS * 4 : 0);

    return need_memory(blocks_expected(w) * a_block, "the lists", e);
}

/* ---- A, B, D */

static int compare_columns(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* SPARSE_CASE_HEAD_BLOCKS of a head's, each choice as likely as any other. */
static int make_head(struct sparse_lists *l, struct rng *rng, struct err *e)
{
    uint32_t place[HEAD_SIDE * HEAD_SIDE];
    int next = 0, rc = 0;

    for (uint32_t i = 0; i < HEAD_SIDE * HEAD_SIDE; i++)
        place[i] = i;
    rng_shuffle(rng, place, HEAD_SIDE * HEAD_SIDE);
    qsort(place, SPARSE_CASE_HEAD_BLOCKS, sizeof(place[0]), compare_columns);
    for (uint32_t row = 0; row < HEAD_SIDE; row++) {
        for (; next < SPARSE_CASE_HEAD_BLOCKS && place[next] / HEAD_SIDE == row; next++)
            TRY(sparse_lists_add(l, (int32_t)(place[next] % HEAD_SIDE), NULL, e));
        TRY(sparse_lists_end(l, e));
    }
out:
    return rc;
}

/* The diagonal, and in some rows the block behind it (in the last one: before). */
static int make_diagonal(struct sparse_lists *l, int rows, struct rng *rng, struct err *e)
{
    const int more = (rows * 23 + 500) / 1000;
    uint32_t *order = mem_calloc((size_t)rows, sizeof(*order));
    int next = 0, rc = 0;

    if (!order)
        return ERR(e, ERR_NOMEM, "no memory for %d block rows", rows);
    for (int i = 0; i < rows; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(rng, order, (size_t)rows);
    qsort(order, (size_t)more, sizeof(*order), compare_columns);
    for (int row = 0; row < rows; row++) {
        const bool beside = next < more && order[next] == (uint32_t)row && rows > 1;

        next += next < more && order[next] == (uint32_t)row;
        if (beside && row == rows - 1)
            TRY(sparse_lists_add(l, row - 1, NULL, e));
        TRY(sparse_lists_add(l, row, NULL, e));
        if (beside && row < rows - 1)
            TRY(sparse_lists_add(l, row + 1, NULL, e));
        TRY(sparse_lists_end(l, e));
    }
out:
    mem_free(order);
    return rc;
}

static int make_uniform(struct sparse_lists *l, int rows, int percent, struct rng *rng,
                        struct err *e)
{
    int rc = 0;

    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < rows; col++)
            if (rng_below(rng, 100) < (uint64_t)percent)
                TRY(sparse_lists_add(l, col, NULL, e));
        TRY(sparse_lists_end(l, e));
    }
out:
    return rc;
}

/* ---- C */

/* What is wrong with atoms is wrong with their file. */
static int make_contacts(struct sparse_case *k, const struct sparse_case_want *w,
                         const struct atoms *a, struct err *e)
{
    struct err why = { 0 };
    int rc = sparse_contacts(&k->lists, a, w->cutoff, &why);

    if (rc == ERR_ARG && w->structure)
        rc = ERR_FORMAT;
    return rc < 0 ? ERR(e, rc, "%s: %s", w->structure ? w->structure : "the protein", why.msg) : 0;
}

static int make_protein(struct sparse_case *k, const struct sparse_case_want *w, struct err *e)
{
    struct atoms a = { 0 };
    int rc = 0;

    if (w->structure)
        TRY(atoms_read(&a, w->structure, e));
    else
        TRY(atoms_generate(&a, w->atoms, w->seed, e));
    TRY(atoms_order(&a, e));
    TRY(make_contacts(k, w, &a, e));
    if (!w->masks)
        sparse_lists_drop_masks(&k->lists);
    TRY(sparse_lists_repeat(&k->lists, k->p.heads, e));
    k->p.q_len = k->p.kv_len = a.n;
out:
    atoms_release(&a);
    return rc;
}

/* ---- all of them */

static int make_head_lists(struct sparse_case *k, const struct sparse_case_want *w, struct rng *rng,
                           struct err *e)
{
    switch (w->kind) {
    case SPARSE_CASE_HEADS: return make_head(&k->lists, rng, e);
    case SPARSE_CASE_DIAGONAL: return make_diagonal(&k->lists, sparse_blocks(k->p.q_len), rng, e);
    case SPARSE_CASE_UNIFORM:
        return make_uniform(&k->lists, sparse_blocks(k->p.q_len), w->percent, rng, e);
    case SPARSE_CASE_PROTEIN:
    case SPARSE_CASES: break;
    }
    return ERR(e, ERR_ARG, "there is no case %d", (int)w->kind);
}

static int heads_of(const struct sparse_case_want *w)
{
    switch (w->kind) {
    case SPARSE_CASE_HEADS: return w->blocks / SPARSE_CASE_HEAD_BLOCKS * w->queries;
    case SPARSE_CASE_DIAGONAL: return w->queries;
    case SPARSE_CASE_PROTEIN:
    case SPARSE_CASE_UNIFORM:
    case SPARSE_CASES: break;
    }
    return SPARSE_CASE_HEADS_OF * w->queries;
}

static void point_at_lists(struct sparse_case *k)
{
    k->p.row_ptr = k->lists.row_ptr;
    k->p.col = k->lists.col;
    k->p.mask = k->lists.n_masks > 0 ? k->lists.mask : NULL;
    k->p.masks = k->lists.masks;
    k->p.n_masks = k->lists.n_masks;
}

int sparse_case_lists(struct sparse_case *k, const struct sparse_case_want *w, struct err *e)
{
    struct rng rng;
    int rc = 0;

    if (w->kind == SPARSE_CASE_HEADS && w->blocks % SPARSE_CASE_HEAD_BLOCKS != 0)
        return ERR(e, ERR_ARG, "blocks=%d: expected a multiple of %d, what a head has", w->blocks,
                   SPARSE_CASE_HEAD_BLOCKS);
    *k = (struct sparse_case){ .p = { .heads = heads_of(w) } };
    k->p.q_len = k->p.kv_len = w->kind == SPARSE_CASE_HEADS ? HEAD_LEN : w->atoms;
    TRY(need_lists(w, e));
    rng_init(&rng, w->seed, STREAM_LISTS);
    if (w->kind == SPARSE_CASE_PROTEIN)
        TRY(make_protein(k, w, e));
    for (int h = 0; h < k->p.heads && w->kind != SPARSE_CASE_PROTEIN; h++)
        TRY(make_head_lists(k, w, &rng, e));
    if (w->masks && w->kind != SPARSE_CASE_PROTEIN)
        TRY(sparse_lists_random_masks(&k->lists, w->seed, e));
    point_at_lists(k);
    TRY(sparse_check(&k->p, e));
out:
    return rc;
}

/* Drawn from 65,536 normal values: the host makes half a million numbers a millisecond. */
static int fill(struct sparse_case *k, const struct sparse_case_want *w, struct err *e)
{
    const size_t n = k->values.bytes / sizeof(uint16_t);
    uint16_t *table = mem_calloc(1 << TABLE_BITS, sizeof(*table)), *to = k->values.p;
    struct rng rng;

    if (!table)
        return ERR(e, ERR_NOMEM, "no memory for a table of values");
    rng_init(&rng, w->seed, STREAM_TABLE);
    for (int i = 0; i < 1 << TABLE_BITS; i++) {
        const float x = (float)rng_normal(&rng);

        table[i] = w->dtype == DTYPE_F16 ? f32_to_f16(x) : f32_to_bf16(x);
    }
    rng_init(&rng, w->seed, STREAM_VALUES);
    for (size_t i = 0; i < n; i += 4) { /* a multiple of 4: dim is one */
        const uint64_t bits = rng_u64(&rng);

        for (size_t j = 0; j < 4; j++)
            to[i + j] = table[bits >> TABLE_BITS * j & ((1 << TABLE_BITS) - 1)];
    }
    mem_free(table);
    return 0;
}

int sparse_case_values(struct sparse_case *k, const struct sparse_case_want *w, struct err *e)
{
    size_t q, kv;
    char *at;
    int rc = 0;

    k->a.dtype = w->dtype;
    k->a.dim = w->dim;
    k->a.scale = 1 / sqrtf((float)w->dim);
    q = sparse_case_q_bytes(k);
    kv = sparse_case_kv_bytes(k);
    TRY(need_memory((double)q + 2.0 * (double)kv, "Q, K and V", e));
    TRY(region_map(&k->values, q + 2 * kv, e));
    at = k->values.p;
    k->a.q = at;
    k->a.k = at + q;
    k->a.v = at + q + kv;
    TRY(fill(k, w, e));
out:
    return rc;
}

void sparse_case_release(struct sparse_case *k)
{
    sparse_lists_release(&k->lists);
    region_unmap(&k->values);
    *k = (struct sparse_case){ 0 };
}

static size_t tensor_bytes(const struct sparse_case *k, int len)
{
    return (size_t)k->p.heads * (size_t)len * (size_t)k->a.dim * sizeof(uint16_t);
}

size_t sparse_case_q_bytes(const struct sparse_case *k)
{
    return tensor_bytes(k, k->p.q_len);
}

size_t sparse_case_kv_bytes(const struct sparse_case *k)
{
    return tensor_bytes(k, k->p.kv_len);
}

size_t sparse_case_list_bytes(const struct sparse_case *k)
{
    const size_t blocks = (size_t)sparse_count(&k->p), index = sizeof(int32_t);

    return ((size_t)sparse_lists(&k->p) + 1) * index + blocks * index * (k->p.mask ? 2 : 1) +
           (size_t)k->p.n_masks * SPARSE_MASK_WORDS * sizeof(uint32_t);
}

static int64_t bits_set(const uint32_t *words)
{
    int64_t n = 0;

    for (int i = 0; i < SPARSE_MASK_WORDS; i++)
        n += __builtin_popcount(words[i]);
    return n;
}

double sparse_case_seen(const struct sparse_case *k)
{
    const double whole = (double)SPARSE_BLOCK * SPARSE_BLOCK;
    const int64_t blocks = sparse_count(&k->p);
    double seen = 0;
    int32_t last = -1;
    int64_t bits = 0;

    for (int64_t b = 0; b < blocks; b++) {
        const int32_t mask = k->p.mask ? k->p.mask[b] : -1;

        if (mask >= 0 && mask != last)
            bits = bits_set(k->p.masks + (size_t)mask * SPARSE_MASK_WORDS);
        last = mask;
        seen += mask < 0 ? whole : (double)bits;
    }
    return blocks > 0 ? seen / ((double)blocks * whole) : 0;
}
