/* api_case.c - the cases of the benchmark of block-sparse attention, for others. */
#include <headroom.h>

#include "api/api.h"
#include "core/mem.h"
#include "kernels/attention/atoms.h"
#include "kernels/attention/sparse_case.h"

enum { QUERIES_MAX = 1 << 16, CUTOFF_MAX = 100, BLOCKS_MAX = 1 << 30 };

struct headroom_sparse_case {
    struct sparse_case k;
};

#define SAME(theirs, ours) _Static_assert((int)(theirs) == (int)(ours), "cases of headroom.h")
SAME(HEADROOM_CASE_HEADS, SPARSE_CASE_HEADS);
SAME(HEADROOM_CASE_DIAGONAL, SPARSE_CASE_DIAGONAL);
SAME(HEADROOM_CASE_PROTEIN, SPARSE_CASE_PROTEIN);
SAME(HEADROOM_CASE_UNIFORM, SPARSE_CASE_UNIFORM);
#undef SAME

static int in_range(const char *what, int64_t value, int64_t lo, int64_t hi, struct err *e)
{
    if (value < lo || value > hi)
        return ERR(e, ERR_ARG, "%s %lld: expected %lld .. %lld", what, (long long)value,
                   (long long)lo, (long long)hi);
    return 0;
}

static int check(const struct headroom_sparse_case_want *w, struct err *e)
{
    int rc = 0;

    TRY(in_range("kind", w->kind, 0, SPARSE_CASES - 1, e));
    TRY(in_range("queries", w->queries, 1, QUERIES_MAX, e));
    TRY(in_range("masks", w->masks, 0, 1, e));
    TRY(in_range("reserved", w->reserved, 0, 0, e));
    if (w->kind == HEADROOM_CASE_HEADS) {
        TRY(in_range("blocks", w->blocks, SPARSE_CASE_HEAD_BLOCKS, BLOCKS_MAX, e));
        TRY(in_range("blocks times queries", (int64_t)w->blocks * w->queries, 1, BLOCKS_MAX, e));
    } else if (w->kind != HEADROOM_CASE_PROTEIN || !w->structure) {
        TRY(in_range("atoms", w->atoms, 1, ATOMS_MAX, e));
        TRY(in_range("atoms times queries", (int64_t)w->atoms * w->queries, 1, BLOCKS_MAX, e));
    }
    if (w->kind == HEADROOM_CASE_PROTEIN)
        TRY(in_range("cutoff", w->cutoff, 1, CUTOFF_MAX, e));
    if (w->kind == HEADROOM_CASE_UNIFORM)
        TRY(in_range("percent", w->percent, 1, 100, e));
    if (w->dtype != 0)
        TRY(in_range("dtype", w->dtype, HEADROOM_F16, HEADROOM_BF16, e));
    if (w->dtype != 0 && w->dim != 64 && w->dim != 128)
        return ERR(e, ERR_ARG, "dim %d: expected 64 or 128", w->dim);
out:
    return rc;
}

int headroom_sparse_case_make(struct headroom_sparse_case **out,
                              const struct headroom_sparse_case_want *want)
{
    struct err *e = api_begin();
    struct headroom_sparse_case *c = NULL;
    struct sparse_case_want w;
    int rc = 0;

    if (!out)
        return ERR(e, ERR_ARG, "out is NULL");
    *out = NULL;
    if (!want)
        return ERR(e, ERR_ARG, "want is NULL");
    TRY(check(want, e));
    w = (struct sparse_case_want){ .kind = (enum sparse_case_kind)want->kind,
                                   .blocks = want->blocks,
                                   .atoms = want->atoms,
                                   .cutoff = want->cutoff,
                                   .percent = want->percent,
                                   .structure = want->structure,
                                   .queries = want->queries,
                                   .masks = want->masks == 1,
                                   .dtype = want->dtype == HEADROOM_F16 ? DTYPE_F16 : DTYPE_BF16,
                                   .dim = want->dim,
                                   .seed = want->seed };
    c = mem_calloc(1, sizeof(*c));
    if (!c)
        return ERR(e, ERR_NOMEM, "no memory for a case");
    TRY(sparse_case_lists(&c->k, &w, e));
    if (want->dtype != 0)
        TRY(sparse_case_values(&c->k, &w, e));
    *out = c;
out:
    if (rc < 0)
        headroom_sparse_case_free(c);
    return rc;
}

void headroom_sparse_case_lists(const struct headroom_sparse_case *c,
                                struct headroom_sparse_lists *out)
{
    const struct sparse_pattern *p = &c->k.p;

    *out = (struct headroom_sparse_lists){ .heads = p->heads,
                                           .q_len = p->q_len,
                                           .kv_len = p->kv_len,
                                           .n_masks = p->n_masks,
                                           .n_blocks = sparse_count(p),
                                           .row_ptr = p->row_ptr,
                                           .col = p->col,
                                           .mask = p->mask,
                                           .masks = p->masks };
}

void headroom_sparse_case_values(const struct headroom_sparse_case *c, const void **q,
                                 const void **k, const void **v)
{
    *q = c->k.a.q;
    *k = c->k.a.k;
    *v = c->k.a.v;
}

void headroom_sparse_case_free(struct headroom_sparse_case *c)
{
    if (!c)
        return;
    sparse_case_release(&c->k);
    mem_free(c);
}
