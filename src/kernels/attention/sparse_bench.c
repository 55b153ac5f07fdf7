/* sparse_bench.c - what both halves of kernels.attention.sparse share. */
#include "kernels/attention/sparse_bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"

enum {
    BLOCKS_CHECKED = 64, /* about: a block takes F64 some milliseconds */
    LISTS_CHECKED = 64,
    DIM_MAX = 128,
    STREAM_CHECKED = 20
};

/* F32 explains 1e-5 for scores of this size; exponentials of a GPU are not as good. */
static const double lse_tolerance = 1e-3;

/* A position alone may be further off than all of them together. */
static const double position_factor = 8;

/* ---- the case */

static int64_t axis_or(const struct params *p, const char *name, int64_t otherwise)
{
    return params_has(p, name) ? params_get(p, name) : otherwise;
}

static const char *structure_of(const struct params *p)
{
    return params_has(p, "structure") && strcmp(params_text(p, "structure"), "generated") != 0
               ? params_text(p, "structure")
               : NULL;
}

static void describe(struct bench_ctx *c, const struct sparse_bench *s)
{
    const struct sparse_pattern *p = &s->k.p;
    const double blocks = (double)sparse_count(p), lists = sparse_lists(p);
    int longest = 0, empty = 0;

    for (int l = 0; l < sparse_lists(p); l++) {
        const int n = p->row_ptr[l + 1] - p->row_ptr[l];

        longest = n > longest ? n : longest;
        empty += n == 0;
    }
    snprintf(c->inputs, sizeof(c->inputs), "normal Q, K, V; %d heads of %d, %.0f blocks; seed %llu",
             p->heads, p->q_len, blocks, (unsigned long long)c->seed);
    result_property(c->result, "heads", p->heads, "");
    result_property(c->result, "positions", p->q_len, "");
    result_property(c->result, "blocks", blocks, "");
    result_property(c->result, "blocks_per_row", blocks / lists, "");
    result_property(c->result, "longest_row", longest, "blocks");
    result_property(c->result, "empty_rows", empty, "");
    result_property(c->result, "density", 100 * blocks / lists / sparse_blocks(p->kv_len), "%");
    if (p->mask)
        result_property(c->result, "scores_in_blocks", 100 * sparse_case_seen(&s->k), "%");
}

/* Of the last block row and column what there is. */
static double count_flops(const struct sparse_case *k)
{
    const struct sparse_pattern *p = &k->p;
    const int rows = sparse_blocks(p->q_len), cols = sparse_blocks(p->kv_len);
    double scores = 0;

    for (int l = 0; l < sparse_lists(p); l++) {
        const int32_t begin = p->row_ptr[l], end = p->row_ptr[l + 1];
        const int left = p->q_len - l % rows * SPARSE_BLOCK;
        double keys = (double)(end - begin) * SPARSE_BLOCK;

        if (begin < end && p->col[end - 1] == cols - 1)
            keys -= (double)cols * SPARSE_BLOCK - p->kv_len;
        scores += keys * (left < SPARSE_BLOCK ? left : SPARSE_BLOCK);
    }
    return 4 * scores * k->a.dim;
}

int sparse_bench_setup(struct bench_ctx *c, struct sparse_bench *s, struct err *e)
{
    const struct params *p = c->params;
    int rc = 0;

    s->want = (struct sparse_case_want){
        .kind = (enum sparse_case_kind)params_get(p, "case"),
        .blocks = (int)axis_or(p, "blocks", 0),
        .atoms = (int)axis_or(p, "atoms", 0),
        .cutoff = (int)axis_or(p, "cutoff", 0),
        .percent = (int)axis_or(p, "density", 0),
        .structure = structure_of(p),
        .queries = (int)params_get(p, "queries"),
        .masks = params_get(p, "masks") == 1,
        .dtype = params_get(p, "dtype") == 0 ? DTYPE_F16 : DTYPE_BF16,
        .dim = params_get(p, "dim") == 0 ? 64 : 128,
        .seed = c->seed,
    };
    TRY(sparse_case_lists(&s->k, &s->want, e));
    TRY(sparse_case_values(&s->k, &s->want, e));
    s->flops = count_flops(&s->k);
    describe(c, s);
out:
    return rc;
}

void sparse_bench_release(struct sparse_bench *s)
{
    sparse_case_release(&s->k);
}

double sparse_bench_flops(const struct sparse_bench *s)
{
    return s->flops;
}

size_t sparse_bench_lse_bytes(const struct sparse_bench *s)
{
    return (size_t)s->k.p.heads * (size_t)s->k.p.q_len * sizeof(float);
}

double sparse_bench_bytes(const struct sparse_bench *s)
{
    return 2 * (double)sparse_case_q_bytes(&s->k) + 2 * (double)sparse_case_kv_bytes(&s->k) +
           (double)sparse_bench_lse_bytes(s) + (double)sparse_case_list_bytes(&s->k);
}

/* ---- errors */

struct errors {
    double squares, of_squares; /* of what is off, of what is wanted */
    double most, worst, lse;    /* one value; a position's relative L2; an LSE */
    long wrong;                 /* positions that see nothing and are not 0, -infinity */
};

/* NaN, once it is there, stays. */
static double bigger(double a, double b)
{
    return isnan(a) || a >= b ? a : b;
}

static void add_position(struct errors *x, const double *got, const double *want, int dim,
                         double lse, double want_lse)
{
    double squares = 0, of_squares = 0;
    bool zero = true;

    for (int d = 0; d < dim; d++) {
        const double off = got[d] - want[d];

        squares += off * off;
        of_squares += want[d] * want[d];
        x->most = bigger(x->most, fabs(off));
        zero &= got[d] == 0;
    }
    if (want_lse == -(double)INFINITY) {
        x->wrong += !zero || lse != want_lse;
        return;
    }
    x->squares += squares;
    x->of_squares += of_squares;
    x->worst = bigger(x->worst, sqrt(squares / of_squares));
    x->lse = bigger(x->lse, fabs(lse - want_lse));
}

static void to_f64(enum dtype t, const void *from, size_t at, int n, double *to)
{
    const uint16_t *bits = (const uint16_t *)from + at;

    for (int i = 0; i < n; i++)
        to[i] = (double)(t == DTYPE_F16 ? f16_to_f32(bits[i]) : bf16_to_f32(bits[i]));
}

/* What rounding every output the wrong way alone would come to: weights and outputs are rounded to
 * the type once each, to the nearest, so that the errors of normal values stay below. */
static double tolerance_of(enum dtype t)
{
    return t == DTYPE_F16 ? 0x1p-11 : 0x1p-8;
}

static int judge(const struct errors *x, double tolerance, const char *than, struct err *e)
{
    const double all = x->of_squares > 0 ? sqrt(x->squares / x->of_squares) : 0;

    if (x->wrong > 0)
        return ERR(e, ERR_MISMATCH, "%ld positions that see nothing are not 0 with LSE -infinity",
                   x->wrong);
    if (!(all <= tolerance) || !(x->worst <= position_factor * tolerance))
        return ERR(e, ERR_MISMATCH,
                   "O is off %s by %.3g in all and %.3g in one position (relative L2), more than "
                   "%.3g and %.3g",
                   than, all, x->worst, tolerance, position_factor * tolerance);
    if (!(x->lse <= lse_tolerance))
        return ERR(e, ERR_MISMATCH, "an LSE is off %s by %.3g, more than %.3g", than, x->lse,
                   lse_tolerance);
    return 0;
}

/* ---- the check */

static int check_list(struct errors *x, const struct sparse_bench *s, int list, const void *o,
                      const float *lse, double *want, struct err *e)
{
    const struct sparse_pattern *p = &s->k.p;
    const int rows = sparse_blocks(p->q_len), head = list / rows, row = list % rows;
    const int dim = s->k.a.dim, left = p->q_len - row * SPARSE_BLOCK;
    const size_t first = (size_t)head * (size_t)p->q_len + (size_t)row * SPARSE_BLOCK;
    double want_lse[SPARSE_BLOCK], got[DIM_MAX];
    int rc = 0;

    TRY(sparse_reference(p, &s->k.a, head, row, want, want_lse, e));
    for (int i = 0; i < SPARSE_BLOCK && i < left; i++) {
        to_f64(s->k.a.dtype, o, (first + (size_t)i) * (size_t)dim, dim, got);
        add_position(x, got, want + i * dim, dim, (double)lse[first + (size_t)i], want_lse[i]);
    }
out:
    return rc;
}

/* The first, the last, the longest, the first empty list; then any, until it is enough. */
static int checked_list(const struct sparse_pattern *p, int i, struct rng *rng)
{
    const int lists = sparse_lists(p);
    int longest = 0, empty = 0;

    if (i < 2 || i > 3)
        return i == 0 ? 0 : i == 1 ? lists - 1 : (int)rng_below(rng, (uint64_t)lists);
    for (int l = lists - 1; l >= 0; l--) {
        const int n = p->row_ptr[l + 1] - p->row_ptr[l];

        longest = n > p->row_ptr[longest + 1] - p->row_ptr[longest] ? l : longest;
        empty = n == 0 ? l : empty;
    }
    return i == 2 ? longest : empty;
}

static int check_lists(struct errors *x, const struct sparse_bench *s, const void *o,
                       const float *lse, int *checked, struct err *e)
{
    const struct sparse_pattern *p = &s->k.p;
    const int lists = sparse_lists(p);
    const bool all = sparse_count(p) <= BLOCKS_CHECKED && lists <= LISTS_CHECKED;
    double *want = mem_calloc((size_t)SPARSE_BLOCK * (size_t)s->k.a.dim, sizeof(*want));
    struct rng rng;
    int rc = 0, blocks = 0;

    *checked = 0;
    if (!want)
        return ERR(e, ERR_NOMEM, "no memory for a reference");
    rng_init(&rng, s->want.seed, STREAM_CHECKED);
    for (int i = 0; i < (all ? lists : LISTS_CHECKED); i++) {
        const int l = all ? i : checked_list(p, i, &rng), n = p->row_ptr[l + 1] - p->row_ptr[l];

        if (blocks > 0 && blocks + n > BLOCKS_CHECKED)
            continue;
        TRY(check_list(x, s, l, o, lse, want, e));
        blocks += n;
        ++*checked;
    }
out:
    mem_free(want);
    return rc;
}

static uint64_t hash(uint64_t h, const void *p, size_t n)
{
    const char *bytes = p;

    for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
        uint64_t word = 0;

        memcpy(&word, bytes + i, n - i < sizeof(word) ? n - i : sizeof(word));
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h;
}

/* Positions that still hold what outputs are poisoned with, a NaN: finite inputs give none. */
static size_t unwritten(const struct sparse_bench *s, const void *o, const float *lse)
{
    const size_t positions = (size_t)s->k.p.heads * (size_t)s->k.p.q_len;
    const size_t dim = (size_t)s->k.a.dim;
    const uint16_t *values = o;
    size_t found = 0;

    for (size_t i = 0; i < positions; i++) {
        bool poison = false;
        uint32_t bits;

        memcpy(&bits, &lse[i], sizeof(bits));
        for (size_t d = 0; d < dim; d++)
            poison |= values[i * dim + d] == UINT16_MAX;
        found += poison || bits == UINT32_MAX;
    }
    return found;
}

int sparse_bench_check(struct bench_ctx *c, struct sparse_bench *s, const void *o, const float *lse,
                       struct err *e)
{
    const uint64_t bits =
        hash(hash(1, o, sparse_case_q_bytes(&s->k)), lse, sparse_bench_lse_bytes(s)) | 1;
    const size_t left = unwritten(s, o, lse);
    struct errors x = { 0 };
    int checked, rc = 0;

    TRY(check_lists(&x, s, o, lse, &checked, e));
    c->check.error = x.of_squares > 0 ? sqrt(x.squares / x.of_squares) : 0;
    c->check.tolerance = tolerance_of(s->k.a.dtype);
    snprintf(c->check.reference, sizeof(c->check.reference),
             "F64, %d of %d block rows; relative L2 error", checked, sparse_lists(&s->k.p));
    result_property(c->result, "max_error", x.most, "");
    result_property(c->result, "lse_error", x.lse, "");
    result_property_text(c->result, "output_hash", "%016llx", (unsigned long long)bits);
    TRY(judge(&x, c->check.tolerance, "F64", e));
    if (left > 0)
        return ERR(e, ERR_MISMATCH, "%zu positions were not written", left);
    if (s->hash && s->hash != bits)
        rc = ERR(e, ERR_MISMATCH, "the outputs of two runs are not the same bits");
    s->hash = bits;
out:
    return rc;
}

int sparse_bench_compare(const struct sparse_bench *s, int heads, const void *o, const float *lse,
                         const void *other_o, const float *other_lse, struct err *e)
{
    const size_t positions = (size_t)heads * (size_t)s->k.p.q_len;
    const int dim = s->k.a.dim;
    struct errors x = { 0 };
    double got[DIM_MAX], want[DIM_MAX];

    for (size_t i = 0; i < positions; i++) {
        to_f64(s->k.a.dtype, o, i * (size_t)dim, dim, got);
        to_f64(s->k.a.dtype, other_o, i * (size_t)dim, dim, want);
        add_position(&x, got, want, dim, (double)lse[i], (double)other_lse[i]);
    }
    /* Each may be off by its own tolerance. */
    return judge(&x, 2 * tolerance_of(s->k.a.dtype), "the simple variant", e);
}
