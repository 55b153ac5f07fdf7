/* attention_dense_gpu.c - kernels.attention.dense on a GPU.
 *
 * A repetition is one call for each set of K and V.  With cache=memory these are four times what
 * the L2 holds, so that each call finds none of its own there.  Making so many normal values on the
 * host would take longer than measuring: the pages of the pool are `distinct` ones again and again,
 * a prime number of them, and lie in random order in the sequences, so that a page taken for
 * another one is seen. */
#include "kernels/attention/attention_dense_gpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "kernels/attention/attention_rows.h"

enum { DISTINCT = 61, CHECKED_ROWS = 8, TIMES_L2 = 4, SETS_MOST = 1024, GRAPH_NODES = 2000 };

bool attention_dense_gpu_exists(const struct params *p)
{
    const int64_t dim = params_get(p, "head_dim");
    int n;
    const struct attention_gpu_variant *table = attention_gpu_variants(&n);

    return params_get(p, "tokens") <= params_get(p, "context") &&
           params_get(p, "heads") % params_get(p, "kv_heads") == 0 &&
           (dim == 64 || dim == 96 || dim == 128) && params_get(p, "kv") != ATTENTION_DENSE_F32 &&
           gpu_variant_exists(p, table, sizeof(*table), n);
}

/* ---- what a call has */

static size_t rows_of(const struct attention_gpu_args *a)
{
    return (size_t)a->sequences * (size_t)a->tokens;
}

static size_t row_values(const struct attention_gpu_args *a)
{
    return (size_t)a->heads * (size_t)a->head_dim;
}

/* K, or V, of a page. */
static size_t half_values(const struct attention_gpu_args *a)
{
    return (size_t)a->kv_heads * KV_PAGE * (size_t)a->head_dim;
}

/* Of one call: K and V up to the end of each sequence, q and output. */
static double bytes_of(const struct attention_gpu_args *a)
{
    const double kv = 4.0 * a->kv_heads * a->head_dim * a->context * a->sequences;

    return kv + 4.0 * (double)row_values(a) * (double)rows_of(a);
}

static double flops_of(const struct attention_gpu_args *a)
{
    double visible = 0;

    for (int t = 0; t < a->tokens; t++)
        visible += a->context - a->tokens + t + 1;
    return 4.0 * (double)row_values(a) * visible * a->sequences;
}

static struct attention_gpu_args shape_of(const struct params *p)
{
    struct attention_gpu_args a = {
        .sequences = (int)params_get(p, "batch"),
        .tokens = (int)params_get(p, "tokens"),
        .context = (int)params_get(p, "context"),
        .heads = (int)params_get(p, "heads"),
        .kv_heads = (int)params_get(p, "kv_heads"),
        .head_dim = (int)params_get(p, "head_dim"),
        .scale = 1 / sqrtf((float)params_get(p, "head_dim")),
        .dtype = params_get(p, "kv") == ATTENTION_DENSE_BF16 ? DTYPE_BF16 : DTYPE_F16,
    };

    a.ldq = a.ldo = row_values(&a);
    a.head_bytes = KV_PAGE * (size_t)a.head_dim * sizeof(uint16_t);
    a.v_offset = half_values(&a) * sizeof(uint16_t);
    a.page_bytes = 2 * a.v_offset;
    a.ldpages = ((size_t)a.context + KV_PAGE - 1) / KV_PAGE;
    return a;
}

/* ---- set-up */

static int choose_sets(struct bench_ctx *c, struct attention_dense_gpu *s, struct err *e)
{
    const struct attention_gpu_args *a = &s->args;
    const size_t l2 = gpu_properties_of(s->gpu)->l2_bytes;
    size_t one, sets = 1;

    s->table_pages = a->sequences * (int)a->ldpages;
    one = (size_t)s->table_pages * a->page_bytes;
    if (params_get(c->params, "cache") == ATTENTION_DENSE_MEMORY) {
        if (l2 == 0)
            return ERR(e, ERR_NOTSUP, "the size of this GPU's L2 is not known");
        sets = (TIMES_L2 * l2 + one - 1) / one;
    } else if (one > l2 / 2) {
        return ERR(e, ERR_NOTSUP, "K and V of %zu MiB do not stay in an L2 of %zu MiB", one >> 20,
                   l2 >> 20);
    }
    if (sets > SETS_MOST)
        return ERR(e, ERR_NOTSUP,
                   "%zu sets of %zu KiB would be needed to leave the L2 behind: cache=l2 measures "
                   "it",
                   sets, one >> 10);
    s->sets = (int)sets;
    c->max_reps = GRAPH_NODES / sets;
    return gpu_memory_need(sets * (one + rows_of(a) * row_values(a) * sizeof(uint16_t)),
                           "K, V and outputs", e);
}

static uint16_t narrow(enum dtype t, float x)
{
    return t == DTYPE_F16 ? f32_to_f16(x) : f32_to_bf16(x);
}

static float widen(enum dtype t, uint16_t x)
{
    return t == DTYPE_F16 ? f16_to_f32(x) : bf16_to_f32(x);
}

/* n normal values of the type, on the device as they are and in *out (owned) as floats. */
static int make_normal(const struct attention_dense_gpu *s, struct rng *rng, size_t n, void *d_to,
                       float **out, struct err *e)
{
    uint16_t *narrowed = mem_calloc(n, sizeof(*narrowed));
    int rc = 0;

    *out = mem_calloc(n, sizeof(**out));
    if (!narrowed || !*out) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu values", n);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        narrowed[i] = narrow(s->args.dtype, (float)rng_normal(rng));
        (*out)[i] = widen(s->args.dtype, narrowed[i]);
    }
    TRY(gpu_to_device(d_to, narrowed, n * sizeof(*narrowed), gpu_stream_of(s->gpu), e));
out:
    mem_free(narrowed);
    return rc;
}

/* The distinct pages, then copies of all that is there. */
static int make_pool(struct attention_dense_gpu *s, struct rng *rng, struct err *e)
{
    const size_t bytes = s->args.page_bytes, pages = (size_t)s->sets * (size_t)s->table_pages;
    char *d;
    int rc = 0;

    s->distinct = pages < DISTINCT ? (int)pages : DISTINCT;
    TRY(gpu_alloc(&s->d_pool, pages * bytes, e));
    d = s->d_pool;
    TRY(make_normal(s, rng, (size_t)s->distinct * 2 * half_values(&s->args), d, &s->values, e));
    for (size_t there = (size_t)s->distinct; there < pages; there *= 2) {
        const size_t more = pages - there < there ? pages - there : there;

        TRY(gpu_copy(d + there * bytes, d, more * bytes, gpu_stream_of(s->gpu), e));
    }
    s->args.pool = d;
out:
    return rc;
}

static int make_tables(struct attention_dense_gpu *s, struct rng *rng, struct err *e)
{
    const size_t pages = (size_t)s->sets * (size_t)s->table_pages;
    const size_t sequences = (size_t)s->args.sequences;
    gpu_stream stream = gpu_stream_of(s->gpu);
    int32_t *first = mem_calloc(sequences, sizeof(*first));
    uint32_t *order = mem_calloc(pages, sizeof(*order));
    int rc = 0;

    s->pages = (int32_t *)order;
    if (!first || !order) {
        rc = ERR(e, ERR_NOMEM, "no memory for a table of %zu pages", pages);
        goto out;
    }
    for (size_t i = 0; i < pages; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(rng, order, pages);
    for (size_t i = 0; i < sequences; i++)
        first[i] = s->args.context - s->args.tokens;
    TRY(gpu_alloc(&s->d_pages, pages * sizeof(*order), e));
    TRY(gpu_to_device(s->d_pages, order, pages * sizeof(*order), stream, e));
    TRY(gpu_alloc(&s->d_first, sequences * sizeof(*first), e));
    TRY(gpu_to_device(s->d_first, first, sequences * sizeof(*first), stream, e));
    s->args.pages = s->d_pages;
    s->args.first = s->d_first;
out:
    mem_free(first);
    return rc;
}

static int make_rows(struct attention_dense_gpu *s, struct rng *rng, struct err *e)
{
    const size_t values = rows_of(&s->args) * row_values(&s->args);
    const size_t workspace = attention_gpu_workspace(&s->args);
    gpu_stream stream = gpu_stream_of(s->gpu);
    int rc = 0;

    TRY(gpu_alloc(&s->d_q, values * sizeof(uint16_t), e));
    TRY(make_normal(s, rng, values, s->d_q, &s->q, e));
    TRY(gpu_alloc(&s->d_out, (size_t)s->sets * values * sizeof(uint16_t), e));
    TRY(gpu_fill(s->d_out, 0xff, (size_t)s->sets * values * sizeof(uint16_t), stream, e));
    if (workspace > 0) {
        TRY(gpu_alloc(&s->d_workspace, workspace, e));
        TRY(gpu_fill(s->d_workspace, 0, workspace, stream, e));
    }
    s->args.q = s->d_q;
    s->args.out = s->d_out;
    s->args.workspace = s->d_workspace;
out:
    return rc;
}

static struct attention_gpu_args set_of(const struct attention_dense_gpu *s, int set)
{
    const size_t values = rows_of(&s->args) * row_values(&s->args);
    struct attention_gpu_args a = s->args;

    a.pages += (size_t)set * (size_t)s->table_pages;
    a.out = (uint16_t *)a.out + (size_t)set * values;
    return a;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct attention_dense_gpu *s = state;
    const int capability = gpu_properties_of(s->gpu)->capability;
    int rc = 0;

    (void)c;
    s->ran = true;
    for (int i = 0; i < s->sets; i++) {
        const struct attention_gpu_args a = set_of(s, i);

        TRY(s->v->run(&a, capability, gpu_stream_of(s->gpu), e));
    }
out:
    return rc;
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct attention_dense_gpu *s = state;
    int n;

    s->v = &attention_gpu_variants(&n)[s->candidates[which]];
    return once(c, s, e);
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct attention_dense_gpu *s = state;
    const struct attention_gpu_variant *table;
    int n, capability, best = 0, rc = 0;
    struct rng rng;

    s->gpu = c->device_handle;
    capability = gpu_properties_of(s->gpu)->capability;
    s->args = shape_of(c->params);
    TRY(attention_gpu_check(&s->args, capability, e));
    table = attention_gpu_variants(&n);
    TRY(n = gpu_variant_candidates(c->params, table, sizeof(*table), n, capability, s->candidates,
                                   e));
    TRY(gpu_enter(s->gpu, e));
    TRY(choose_sets(c, s, e));
    rng_init(&rng, c->seed, 0);
    TRY(make_pool(s, &rng, e));
    TRY(make_tables(s, &rng, e));
    TRY(make_rows(s, &rng, e));
    TRY(pick_fastest(c, n, try_variant, s, &best, e));
    s->v = &table[s->candidates[best]];
    snprintf(c->variant, sizeof(c->variant), "%s", s->v->is.name);
    snprintf(c->inputs, sizeof(c->inputs),
             "normal q, K, V, %d pages differ; in random order; seed %llu", s->distinct,
             (unsigned long long)c->seed);
    result_note(c->result, "%d set%s of K and V, %.1f MB each", s->sets, s->sets == 1 ? "" : "s",
                (double)s->table_pages * (double)s->args.page_bytes * 1e-6);
out:
    return rc;
}

/* ---- checks */

/* A row: token t of sequence `sequence` of a set, query head `head`. */
struct place {
    const struct attention_dense_gpu *s;
    int set, sequence, t, head;
};

static void kv_of(void *self, int i, const float **k, const float **v)
{
    const struct place *p = self;
    const struct attention_gpu_args *a = &p->s->args;
    const int kv_head = p->head / (a->heads / a->kv_heads);
    const int32_t page = p->s->pages[(size_t)p->set * (size_t)p->s->table_pages +
                                     (size_t)p->sequence * a->ldpages + (size_t)(i / KV_PAGE)];
    const size_t at = ((size_t)kv_head * KV_PAGE + (size_t)(i % KV_PAGE)) * (size_t)a->head_dim;

    *k = p->s->values + (size_t)(page % p->s->distinct) * 2 * half_values(a) + at;
    *v = *k + half_values(a);
}

/* The largest error of a row in units of its tolerance; NaN is infinite. */
static int check_row(struct place *p, double *worst, struct err *e)
{
    const struct attention_gpu_args *a = &p->s->args;
    const size_t row = (size_t)p->sequence * (size_t)a->tokens + (size_t)p->t;
    const size_t at = row * row_values(a) + (size_t)(p->head * a->head_dim);
    const struct attention_gpu_args set = set_of(p->s, p->set);
    const struct attention_row r = { .q = p->s->q + at,
                                     .dim = a->head_dim,
                                     .n = a->context - a->tokens + p->t + 1,
                                     .scale = a->scale,
                                     .dtype = a->dtype,
                                     .kv = kv_of,
                                     .self = p };
    double want[ATTENTION_DIM_MAX], tol[ATTENTION_DIM_MAX];
    uint16_t got[ATTENTION_DIM_MAX];
    int rc = 0;

    TRY(gpu_to_host(got, (const uint16_t *)set.out + at, (size_t)a->head_dim * sizeof(*got),
                    gpu_stream_of(p->s->gpu), e));
    attention_rows_reference(&r, want, tol);
    for (int d = 0; d < a->head_dim; d++) {
        const double error = fabs((double)widen(a->dtype, got[d]) - want[d]) / tol[d];

        if (!(error <= *worst))
            *worst = isnan(error) ? HUGE_VAL : error;
    }
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct attention_dense_gpu *s = state;
    const struct attention_gpu_args *a = &s->args;
    const size_t bytes = (size_t)s->sets * rows_of(a) * row_values(a) * sizeof(uint16_t);
    struct rng rng;
    int rc = 0;

    rng_init(&rng, c->seed, 1);
    TRY(gpu_enter(s->gpu, e));
    if (!s->ran)
        TRY(once(c, s, e));
    snprintf(c->check.reference, sizeof(c->check.reference),
             "%d rows in F64; error over the bound derived from the roundings", CHECKED_ROWS);
    c->check.tolerance = 1;
    c->check.error = 0;
    /* The first row, the last one, and others. */
    for (int i = 0; i < CHECKED_ROWS; i++) {
        struct place p = { s, 0, 0, 0, 0 };

        if (i == 1)
            p = (struct place){ s, s->sets - 1, a->sequences - 1, a->tokens - 1, a->heads - 1 };
        if (i > 1)
            p = (struct place){ s, (int)rng_below(&rng, (uint64_t)s->sets),
                                (int)rng_below(&rng, (uint64_t)a->sequences),
                                (int)rng_below(&rng, (uint64_t)a->tokens),
                                (int)rng_below(&rng, (uint64_t)a->heads) };
        TRY(check_row(&p, &c->check.error, e));
    }
    TRY(gpu_fill(s->d_out, 0xff, bytes, gpu_stream_of(s->gpu), e));
    s->ran = false;
    if (!(c->check.error <= c->check.tolerance))
        rc = ERR(e, ERR_MISMATCH, "%s is off by %.3g times what the roundings explain",
                 s->v->is.name, c->check.error);
out:
    return rc;
}

/* ---- figures */

static bool from_memory(const struct bench_ctx *c)
{
    return params_get(c->params, "cache") == ATTENTION_DENSE_MEMORY;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct attention_dense_gpu *s = state;

    w->flops = s->sets * flops_of(&s->args);
    w->bytes[from_memory(c) ? WORK_DRAM : WORK_CACHE] = s->sets * bytes_of(&s->args);
    w->items = (double)s->sets * (double)rows_of(&s->args);
}

/* Reading K and V, and the tensor cores' rate; one of them is in the row's unit. */
static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct attention_dense_gpu *s = state;
    const double intensity = flops_of(&s->args) / bytes_of(&s->args);
    const bool bandwidth = s->args.tokens == 1;
    int rc = 0;

    TRY(limit_measured(c, out, "silicon.memory",
                       from_memory(c) ? "op=read level=hbm threads=all"
                                      : "op=read level=l2 threads=all",
                       bandwidth ? 1 : intensity, e));
    TRY(limit_measured(c, out, "silicon.compute",
                       s->args.dtype == DTYPE_F16 ? "dtype=fp16 path=loop" : "dtype=bf16 path=loop",
                       bandwidth ? 1 / intensity : 1, e));
out:
    return rc;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct attention_dense_gpu *s = state;
    void *d[] = { s->d_pool, s->d_pages, s->d_first, s->d_q, s->d_out, s->d_workspace };
    struct err ignored = { 0 };

    (void)c;
    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
        gpu_free(d[i]);
    mem_free(s->values);
    mem_free(s->pages);
    mem_free(s->q);
    *s = (struct attention_dense_gpu){ 0 };
}

const struct variant_hooks attention_dense_gpu_hooks = {
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
