/* attention_sparse_gpu.c - kernels.attention.sparse's hooks on a GPU. */
#include "kernels/attention/attention_sparse_gpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gpu/gpu.h"
#include "kernels/attention/sparse_external.h"

enum {
    COMPARED_BLOCKS = 100000, /* what the simple variant does in a bearable time */
    CACHE_TIMES = 4           /* beyond so often the L2 nothing of a run is left for the next */
};

/* An SM's special function units, all generations from 7.5 to 12: CUDA C++ programming guide,
 * throughput of native arithmetic instructions. */
static const double exp2_per_cycle = 16;

bool attention_sparse_gpu_exists(const struct params *p)
{
    int n;
    const struct sparse_gpu_variant *table = sparse_gpu_variants(&n);

    return gpu_variant_exists(p, table, sizeof(*table), n);
}

static size_t lse_bytes(const struct attention_sparse_gpu *s)
{
    return sparse_bench_lse_bytes(&s->b);
}

static size_t o_bytes(const struct attention_sparse_gpu *s)
{
    return sparse_case_q_bytes(&s->b.k);
}

/* ---- set-up */

static int need_memory(const struct attention_sparse_gpu *s, int variants, struct err *e)
{
    const size_t lists = sparse_case_list_bytes(&s->b.k);

    return gpu_memory_need((size_t)sparse_bench_bytes(&s->b) + lists * (size_t)variants,
                           "Q, K, V, O and lists", e);
}

static int allocate(struct attention_sparse_gpu *s, struct err *e)
{
    const struct sparse_args *from = &s->b.k.a;
    const size_t kv = sparse_case_kv_bytes(&s->b.k);
    const gpu_stream stream = gpu_stream_of(s->gpu);
    void *d = NULL;
    int rc = 0;

    s->a = *from;
    s->a.q = s->a.k = s->a.v = NULL;
    TRY(gpu_alloc(&d, o_bytes(s), e));
    s->a.q = d;
    TRY(gpu_to_device(d, from->q, o_bytes(s), stream, e));
    TRY(gpu_alloc(&d, kv, e));
    s->a.k = d;
    TRY(gpu_to_device(d, from->k, kv, stream, e));
    TRY(gpu_alloc(&d, kv, e));
    s->a.v = d;
    TRY(gpu_to_device(d, from->v, kv, stream, e));
    TRY(gpu_alloc(&s->a.o, o_bytes(s), e));
    TRY(gpu_alloc(&d, lse_bytes(s), e));
    s->a.lse = d;
    TRY(region_map(&s->out, 2 * (o_bytes(s) + lse_bytes(s)), e));
out:
    return rc;
}

static const struct sparse_gpu_variant *simple_variant(void)
{
    int n, i = 0;
    const struct sparse_gpu_variant *table = sparse_gpu_variants(&n);

    while (i < n && strcmp(table[i].is.name, "simple") != 0)
        i++;
    BUG_ON(i == n);
    return &table[i];
}

static int open_one(struct bench_ctx *c, struct attention_sparse_gpu *s,
                    const struct sparse_gpu_variant *v, const struct sparse_pattern *p,
                    struct attention_sparse_open *out, struct err *e)
{
    const struct sparse_gpu_want want = { .dtype = s->b.want.dtype,
                                          .dim = s->b.want.dim,
                                          .invariant =
                                              params_get(c->params, "mode") == SPARSE_INVARIANT };
    struct err why = { 0 };
    int rc = v->open(&out->self, p, &want, gpu_stream_of(s->gpu), &why);

    out->v = v;
    /* What does not fit is a result: the row is skipped. */
    return rc < 0 ? ERR(e, rc == ERR_NOMEM ? ERR_NOTSUP : rc, "%s: %s", v->is.name, why.msg) : 0;
}

/* The library that the user names, alone. */
static int open_external(struct bench_ctx *c, struct attention_sparse_gpu *s, struct err *e)
{
    const bool invariant = params_get(c->params, "mode") == SPARSE_INVARIANT;
    const struct headroom_sparse_options options = { .device = gpu_index_of(s->gpu),
                                                     .dtype = (int32_t)s->b.want.dtype,
                                                     .dim = s->b.want.dim,
                                                     .flags = invariant ? HEADROOM_INVARIANT : 0 };
    struct sparse_external *x;
    int rc = 0;

    TRY(need_memory(s, 1, e));
    TRY(allocate(s, e));
    TRY(sparse_external_open(&x, external_asked(c->params), &s->b.k.p, &options,
                             gpu_stream_of(s->gpu), e));
    s->open[s->n_open++] = (struct attention_sparse_open){ &sparse_external_variant, x };
    sparse_external_name(x, c->variant, sizeof(c->variant));
out:
    return rc;
}

/* All candidates that have what is wanted; "best" goes without those that have not. */
static int open_variants(struct bench_ctx *c, struct attention_sparse_gpu *s, struct err *e)
{
    int n, candidates[PICK_MAX], rc = 0;
    const struct sparse_gpu_variant *table = sparse_gpu_variants(&n);
    struct err why = { 0 };

    TRY(n = gpu_variant_candidates(c->params, table, sizeof(*table), n,
                                   gpu_properties_of(s->gpu)->capability, candidates, e));
    TRY(need_memory(s, n, e));
    TRY(allocate(s, e));
    for (int i = 0; i < n; i++) {
        if (s->n_open > 0 && &table[candidates[i]] == simple_variant())
            continue; /* it is what others are compared with */
        why = (struct err){ 0 };
        rc = open_one(c, s, &table[candidates[i]], &s->b.k.p, &s->open[s->n_open], &why);
        if (rc == 0)
            s->n_open++;
        else if (rc != ERR_NOTSUP)
            return ERR(e, rc, "%s", why.msg);
        else if (n > 1)
            result_note(c->result, "not tried: %s", why.msg);
    }
    rc = s->n_open > 0 ? 0 : ERR(e, ERR_NOTSUP, "%s", why.msg);
out:
    return rc;
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct attention_sparse_gpu *s = state;

    s->which = which;
    return attention_sparse_gpu_once(c, s, e);
}

int attention_sparse_gpu_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct attention_sparse_gpu *s = state;
    int best, rc = 0;

    s->gpu = c->device_handle;
    TRY(gpu_enter(s->gpu, e));
    TRY(sparse_bench_setup(c, &s->b, e));
    if (external_asked(c->params))
        return open_external(c, s, e);
    TRY(open_variants(c, s, e));
    TRY(pick_fastest(c, s->n_open, try_variant, s, &best, e));
    s->which = best;
    s->ran = false;
    snprintf(c->variant, sizeof(c->variant), "%s", s->open[best].v->is.name);
out:
    return rc;
}

int attention_sparse_gpu_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct attention_sparse_gpu *s = state;
    const struct attention_sparse_open *o = &s->open[s->which];

    (void)c;
    s->ran = true;
    return o->v->run(o->self, &s->a, gpu_stream_of(s->gpu), e);
}

/* ---- checks */

static int poison(struct attention_sparse_gpu *s, struct err *e)
{
    int rc = 0;

    TRY(gpu_fill(s->a.o, 0xff, o_bytes(s), gpu_stream_of(s->gpu), e));
    TRY(gpu_fill(s->a.lse, 0xff, lse_bytes(s), gpu_stream_of(s->gpu), e));
    s->ran = false;
out:
    return rc;
}

/* Outputs to the host: place 0 is for those that are checked, 1 for the simple variant's. */
static int fetch(struct attention_sparse_gpu *s, int place, const void **o, const float **lse,
                 struct err *e)
{
    char *to = (char *)s->out.p + (size_t)place * (o_bytes(s) + lse_bytes(s));
    const gpu_stream stream = gpu_stream_of(s->gpu);
    int rc = 0;

    TRY(gpu_sync(stream, e));
    TRY(gpu_to_host(to, s->a.o, o_bytes(s), stream, e));
    TRY(gpu_to_host(to + o_bytes(s), s->a.lse, lse_bytes(s), stream, e));
    *o = to;
    *lse = (const float *)(const void *)(to + o_bytes(s));
out:
    return rc;
}

/* The first heads, as many as the simple variant does in time. */
static int heads_to_compare(const struct sparse_pattern *p)
{
    const int rows = sparse_blocks(p->q_len);
    int heads = 0;

    while (heads < p->heads && p->row_ptr[(size_t)(heads + 1) * (size_t)rows] <= COMPARED_BLOCKS)
        heads++;
    return heads;
}

/* What the simple variant gives, once. */
static int run_simple(struct bench_ctx *c, struct attention_sparse_gpu *s, struct err *e)
{
    const struct sparse_gpu_variant *v = simple_variant();
    struct sparse_pattern first = s->b.k.p;
    struct attention_sparse_open simple = { 0 };
    const void *o;
    const float *lse;
    int rc = 0;

    first.heads = heads_to_compare(&first);
    if (first.heads == 0 || s->open[s->which].v == v)
        return 0;
    TRY(open_one(c, s, v, &first, &simple, e));
    TRY(poison(s, e));
    TRY(simple.v->run(simple.self, &s->a, gpu_stream_of(s->gpu), e));
    TRY(fetch(s, 1, &o, &lse, e));
    s->compared_heads = first.heads;
out:
    if (simple.v)
        simple.v->close(simple.self);
    return rc;
}

/* Every position of those heads. */
static int compare(struct bench_ctx *c, struct attention_sparse_gpu *s, const void *o,
                   const float *lse, struct err *e)
{
    const char *simple = (const char *)s->out.p + o_bytes(s) + lse_bytes(s);
    char *reference = c->check.reference;
    const size_t n = strlen(reference);
    int rc = sparse_bench_compare(&s->b, s->compared_heads, o, lse, simple,
                                  (const float *)(const void *)(simple + o_bytes(s)), e);

    snprintf(reference + n, sizeof(c->check.reference) - n, "; %d heads with the simple variant",
             s->compared_heads);
    return rc;
}

int attention_sparse_gpu_verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct attention_sparse_gpu *s = state;
    const void *o;
    const float *lse;
    int rc = 0;

    TRY(gpu_enter(s->gpu, e));
    if (!s->ran) {
        TRY(run_simple(c, s, e));
        TRY(poison(s, e));
        TRY(attention_sparse_gpu_once(c, s, e));
    }
    TRY(fetch(s, 0, &o, &lse, e));
    TRY(sparse_bench_check(c, &s->b, o, lse, e));
    if (s->compared_heads > 0)
        TRY(compare(c, s, o, lse, e));
    TRY(poison(s, e));
out:
    return rc;
}

/* ---- figures */

void attention_sparse_gpu_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct attention_sparse_gpu *s = state;

    (void)c;
    w->flops = sparse_bench_flops(&s->b);
    w->bytes[WORK_HBM] = sparse_bench_bytes(&s->b);
    w->items = s->b.want.queries;
}

/* Does each run find the caches without what it needs? */
static bool from_memory(const struct bench_ctx *c, const struct attention_sparse_gpu *s)
{
    const double l2 = (double)gpu_properties_of(s->gpu)->l2_bytes;

    return sparse_bench_bytes(&s->b) > CACHE_TIMES * l2 ||
           strcmp(params_text(c->params, "timing"), "isolated-cold") == 0;
}

/* A score takes 4 dim operations of the tensor cores and one exponential.  With dim 64 both units
 * are as busy: 1,024 cycles a block of an H200 each.  Of a block with a mask not all exponentials
 * need be taken. */
static void limit_exp2(const struct bench_ctx *c, const struct attention_sparse_gpu *s,
                       struct limits *out)
{
    const struct gpu_properties *p = gpu_properties_of(s->gpu);
    const double hz = isfinite(c->clock_hz) ? c->clock_hz : p->clock_hz;
    const double flops = 4 * exp2_per_cycle * s->b.want.dim * p->multiprocessors * hz;

    if (!s->b.k.p.mask && hz > 0)
        limit_paper(out, 1e-12 * flops,
                    "an exponential a score: %d multiprocessors x %.0f a cycle x %.3f GHz, %d "
                    "operations each",
                    p->multiprocessors, exp2_per_cycle, hz * 1e-9, 4 * s->b.want.dim);
}

int attention_sparse_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct attention_sparse_gpu *s = state;
    const double flops_a_byte = sparse_bench_flops(&s->b) / sparse_bench_bytes(&s->b);
    int rc = 0;

    TRY(limit_measured(
        c, out, "silicon.compute",
        s->b.want.dtype == DTYPE_F16 ? "dtype=fp16 path=loop" : "dtype=bf16 path=loop", 1e-3, e));
    limit_exp2(c, s, out);
    TRY(limit_measured(c, out, "silicon.memory",
                       from_memory(c, s) ? "op=read level=hbm threads=all"
                                         : "op=read level=l2 threads=all",
                       1e-3 * flops_a_byte, e));
out:
    return rc;
}

void attention_sparse_gpu_teardown(struct bench_ctx *c, void *state)
{
    struct attention_sparse_gpu *s = state;
    const void *inputs[] = { s->a.q, s->a.k, s->a.v };
    struct err ignored = { 0 };

    (void)c;
    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    for (int i = 0; i < s->n_open; i++)
        s->open[i].v->close(s->open[i].self);
    for (int i = 0; i < 3; i++)
        gpu_free((void *)(uintptr_t)inputs[i]);
    gpu_free(s->a.o);
    gpu_free(s->a.lse);
    region_unmap(&s->out);
    sparse_bench_release(&s->b);
}
