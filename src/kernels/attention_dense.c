/* attention_dense.c - kernels.attention.dense: attention over a paged KV cache, as a model does it.
 *
 * tokens=1 is decoding: the newest token over all positions before it.  The memory sets its pace,
 * so the caches of as many layers as leave the CPU's caches are read in turn, as in a model; bytes
 * are K and V once, q and the result.  More tokens are (the end of) a prompt, over one layer; only
 * what the causal mask leaves counts as operations: 4 head_dim a query head, token and position
 * that it sees.  The GPU's rows (attention/attention_dense_gpu.c) have a batch of sequences too.
 *
 * Limits  decoding: the memory's read bandwidth, and the rate of multiply-adds for that many bytes;
 *         a prompt: the rate of FP32 multiply-adds.  The exponentials are not counted. */
#include "kernels/attention/attention.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "kernels/variant/gpu_variant.h"
#include "kernels/variant/variant_axis.h"
#include "kernels/variant/variant_hooks.h"

#if HAVE_CUDA
#include "kernels/attention/attention_dense_gpu.h"
#endif

enum { LEAST_BYTES = 256 << 20, CHECKED_TOKENS = 4 };

struct state {
    const struct attention_variant *v;
    int candidates[PICK_MAX];
    struct attention_args *layer; /* owned: one a layer */
    int layers, items, merges;    /* of one layer */
    struct region cache;
    float *q, *out, *partial, *kv; /* owned */
    int32_t *pages;                /* owned */
    struct pool *pool;
    atomic_size_t next, next_merge;
    double visible; /* positions that all tokens together see */
    bool ran;       /* since the last check */
};

enum { KV_F16, KV_F32 };
static const char *const kv_names[] = { [KV_F16] = "f16", [KV_F32] = "f32", "bf16", NULL };
static const char *const cache_names[] = { "memory", "l2", NULL };
static const char *const variant_names[] = {
    "best", "scalar", "avx2", "avx512", "neon", "mma", NULL
};

static const struct axis axes[] = {
    { .name = "tokens",
      .help = "tokens of the call: 1 is decoding, more a prompt or its end",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 8192,
      .normal = "1,512" },
    { .name = "context",
      .help = "positions that the last token sees",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 131072,
      .normal = "512,4096" },
    { .name = "heads", .help = "query heads", .kind = AXIS_INT, .lo = 1, .hi = 128, .normal = "9" },
    { .name = "kv_heads",
      .help = "heads of K and V, which query heads share evenly",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 128,
      .normal = "3" },
    { .name = "head_dim",
      .help = "values of a head, a multiple of 8",
      .kind = AXIS_INT,
      .lo = 8,
      .hi = ATTENTION_DIM_MAX,
      .normal = "64" },
    { .name = "kv",
      .help = "type of the cache, and on a GPU of q and of the result (bf16: a GPU's alone)",
      .kind = AXIS_ENUM,
      .names = kv_names,
      .normal = "f16" },
    { .name = "threads",
      .help = "one core, or all physical cores that this process may use",
      .kind = AXIS_ENUM,
      .names = variant_axis_threads,
      .normal = "all",
      .devices = DEVICE_CPU },
    { .name = "batch",
      .help = "sequences of a call, each with a context of its own",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1024,
      .normal = "1",
      .devices = DEVICE_GPU },
    { .name = "cache",
      .help = "memory: more K and V than the L2 holds, in turn; l2: the same ones every time",
      .kind = AXIS_ENUM,
      .names = cache_names,
      .normal = "memory",
      .devices = DEVICE_GPU },
    { .name = "variant",
      .help = "code path; best: the fastest here",
      .kind = AXIS_ENUM,
      .names = variant_names,
      .normal = "best" },
    GPU_VARIANT_AXIS_TIMING,
};

/* SmolLM's heads, then those of Qwen2.5-0.5B, Phi-3-mini and BitNet-2B; on a GPU also those of
 * models of 8 billion weights. */
#define QWEN  "heads=14 kv_heads=2"
#define PHI   "heads=32 kv_heads=32 head_dim=96"
#define LARGE "heads=32 kv_heads=8 head_dim=128"
static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, "tokens=1 context=512,4096", 0.5 },
    { SUITE_STANDARD, DEVICE_CPU, "tokens=512 context=512,4096", 0.5 },
    { SUITE_FULL, DEVICE_CPU, "tokens=1 context=128,512,4096,16384 threads=*", 0.5 },
    { SUITE_FULL, DEVICE_CPU, "tokens=1 context=4096 kv=f32", 0.5 },
    { SUITE_FULL, DEVICE_CPU, "tokens=1 context=4096 variant=*", 0.5 },
    { SUITE_FULL, DEVICE_CPU, "tokens=32,128,512 context=512,4096 threads=*", 0.5 },
    { SUITE_FULL, DEVICE_CPU, "tokens=512 context=512 variant=*", 0.5 },
    { SUITE_FULL, DEVICE_CPU, "tokens=1,512 context=4096 " QWEN, 0.5 },
    { SUITE_FULL, DEVICE_CPU, "tokens=1,512 context=4096 " PHI, 0.5 },
    { SUITE_FULL, DEVICE_CPU, "tokens=1,512 context=4096 heads=20 kv_heads=5 head_dim=128", 0.5 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "tokens=1,512 context=512", 0.3 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "tokens=1 context=32768 batch=8 " LARGE, 0.3 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "tokens=4096 context=4096 " LARGE, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "tokens=1,512 context=4096", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "tokens=1,512 context=4096,32768 " LARGE, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "tokens=1 context=512,4096 cache=l2", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "tokens=1,8 context=4096 batch=1,8,64 " LARGE, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "tokens=1 context=131072 " LARGE, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "tokens=4096 context=4096 kv=bf16 " LARGE, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "tokens=8192 context=8192 " LARGE, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "tokens=1,512 context=4096 " QWEN, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "tokens=1,512 context=4096 " PHI, 0.3 },
};
#undef QWEN
#undef PHI
#undef LARGE

static const struct metric bandwidth = { "bandwidth", "GB/s", METRIC_BYTES_PER_S, 1e-9,
                                         HIGHER_IS_BETTER };

static bool decoding(const struct params *p)
{
    return params_get(p, "tokens") == 1;
}

static const struct metric *metric_of(const struct params *p)
{
    static const struct metric flops = { "throughput", "GFLOPS", METRIC_FLOPS_PER_S, 1e-9,
                                         HIGHER_IS_BETTER };

    return decoding(p) ? &bandwidth : &flops;
}

static bool exists(const struct params *p, const struct device *d)
{
    int n;
    const struct attention_variant *table = attention_variants(&n);

#if HAVE_CUDA
    if (d->kind == DEVICE_GPU)
        return attention_dense_gpu_exists(p);
#else
    (void)d;
#endif
    return params_get(p, "kv") <= KV_F32 && params_get(p, "tokens") <= params_get(p, "context") &&
           params_get(p, "heads") % params_get(p, "kv_heads") == 0 &&
           params_get(p, "head_dim") % 8 == 0 && variant_axis_exists(p, table, sizeof(*table), n);
}

/* ---- the work */

static void run_thread(void *state, int thread)
{
    struct state *s = state;
    const size_t items = (size_t)s->items, merges = (size_t)s->merges;
    const size_t all = items * (size_t)s->layers, all_merges = merges * (size_t)s->layers;

    (void)thread;
    for (size_t i; (i = atomic_fetch_add(&s->next, 1)) < all;)
        s->v->run(&s->layer[i / items], (int)(i % items));
    if (merges == 0)
        return;
    pool_barrier(s->pool);
    for (size_t i; (i = atomic_fetch_add(&s->next_merge, 1)) < all_merges;)
        s->v->merge(&s->layer[i / merges], (int)(i % merges));
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    (void)e;
    atomic_store(&s->next, 0);
    atomic_store(&s->next_merge, 0);
    pool_run(s->pool, run_thread, s);
    s->ran = true;
    return 0;
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct state *s = state;
    int n;

    s->v = &attention_variants(&n)[s->candidates[which]];
    return once(c, s, e);
}

/* ---- set-up */

/* Twice what all last-level caches hold. */
static size_t bytes_to_walk(void)
{
    size_t caches = 2 * cpu_last_cache_bytes(cpu_here());

    return caches > LEAST_BYTES ? caches : LEAST_BYTES;
}

static struct attention_args shape_of(const struct params *p)
{
    const int tokens = (int)params_get(p, "tokens");

    return (struct attention_args){
        .tokens = tokens,
        .first = (int)params_get(p, "context") - tokens,
        .heads = (int)params_get(p, "heads"),
        .kv_heads = (int)params_get(p, "kv_heads"),
        .head_dim = (int)params_get(p, "head_dim"),
        .scale = 1 / sqrtf((float)params_get(p, "head_dim")),
        .kv_dtype = params_get(p, "kv") == KV_F16 ? DTYPE_F16 : DTYPE_F32,
    };
}

static size_t row_floats(const struct attention_args *a)
{
    return (size_t)a->heads * (size_t)a->head_dim;
}

/* What one token has, of q as of the result, times the layers of a cache page by page. */
static int allocate(struct state *s, struct attention_args *a, struct err *e)
{
    const size_t context = (size_t)(a->first + a->tokens), rows = row_floats(a) * (size_t)a->tokens;
    const size_t pages = (context + KV_PAGE - 1) / KV_PAGE, heads = (size_t)a->kv_heads;
    const size_t layer = 2 * heads * attention_head_bytes(a->kv_dtype, a->head_dim);

    s->layers = a->tokens > 1 ? 1 : (int)(bytes_to_walk() / (layer * pages)) + 1;
    a->head_bytes = attention_head_bytes(a->kv_dtype, a->head_dim);
    a->page_bytes = layer * (size_t)s->layers;
    a->ldq = a->ldo = row_floats(a);
    a->ldkv = heads * (size_t)a->head_dim;
    s->layer = mem_calloc((size_t)s->layers, sizeof(*s->layer));
    s->pages = mem_calloc(pages, sizeof(*s->pages));
    s->q = mem_calloc(rows, sizeof(float));
    s->out = mem_calloc(rows * (size_t)s->layers, sizeof(float));
    s->kv = mem_calloc(2 * context * a->ldkv, sizeof(float));
    s->partial = mem_calloc(attention_partial_floats(a) * (size_t)s->layers, sizeof(float));
    if (!s->layer || !s->pages || !s->q || !s->out || !s->kv || !s->partial)
        return ERR(e, ERR_NOMEM, "no memory for %zu positions of %d heads", context, a->heads);
    return region_map(&s->cache, a->page_bytes * pages, e);
}

/* Normal q, K and V; the layers have the same K and V, each its own copy. */
static void fill(struct state *s, struct attention_args *a, uint64_t seed)
{
    const size_t context = (size_t)(a->first + a->tokens), values = context * a->ldkv;
    const size_t pages = (context + KV_PAGE - 1) / KV_PAGE;
    const size_t layer = a->page_bytes / (size_t)s->layers;
    struct attention_args all = *a;
    uint32_t *order = (uint32_t *)s->pages;
    struct rng rng;

    rng_init(&rng, seed, 0);
    for (size_t i = 0; i < row_floats(a) * (size_t)a->tokens; i++)
        s->q[i] = (float)rng_normal(&rng);
    for (size_t i = 0; i < 2 * values; i++)
        s->kv[i] = (float)rng_normal(&rng);
    for (size_t i = 0; i < pages; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(&rng, order, pages);
    all.k = s->kv;
    all.v = s->kv + values;
    all.tokens = a->first + a->tokens;
    all.first = 0;
    for (int i = 0; i < attention_stores(&all); i++)
        attention_variants(&(int){ 0 })[0].store(&all, i);
    for (size_t p = 0; p < pages; p++)
        for (int i = 1; i < s->layers; i++)
            memcpy((char *)a->pool + p * a->page_bytes + (size_t)i * layer,
                   (char *)a->pool + p * a->page_bytes, layer);
}

static void place_layers(struct state *s, const struct attention_args *a)
{
    const size_t layer = a->page_bytes / (size_t)s->layers;

    for (int i = 0; i < s->layers; i++) {
        s->layer[i] = *a;
        s->layer[i].k_offset = (size_t)i * layer;
        s->layer[i].v_offset = (size_t)i * layer + layer / 2;
        s->layer[i].out = s->out + (size_t)i * row_floats(a) * (size_t)a->tokens;
        s->layer[i].partial = s->partial + (size_t)i * attention_partial_floats(a);
    }
    s->items = attention_items(a);
    s->merges = attention_merges(a);
    for (int t = 0; t < a->tokens; t++)
        s->visible += a->first + t + 1;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    struct attention_args a = shape_of(c->params);
    const struct attention_variant *table;
    const int *cpus;
    int n, threads, best, rc = 0;

    table = attention_variants(&n);
    TRY(n = variant_axis_candidates(c->params, table, sizeof(*table), n, s->candidates, e));
    threads = variant_axis_cpus(c->params, &cpus);
    TRY(allocate(s, &a, e));
    a.q = s->q;
    a.pool = s->cache.p;
    a.pages = s->pages;
    a.v_offset = a.page_bytes / (size_t)s->layers / 2;
    fill(s, &a, c->seed);
    place_layers(s, &a);
    TRY(pool_new(&s->pool, threads, cpus, e));
    TRY(pick_fastest(c, n, try_variant, s, &best, e));
    s->v = &table[s->candidates[best]];
    snprintf(c->variant, sizeof(c->variant), "%s", s->v->name);
    snprintf(c->inputs, sizeof(c->inputs), "normal q, K, V; pages in random order; seed %llu",
             (unsigned long long)c->seed);
    result_note(c->result, "K and V of %d layer%s in %s", s->layers, s->layers == 1 ? "" : "s",
                region_pages_name(s->cache.pages));
out:
    return rc;
}

/* ---- checks */

/* The largest error of token t in units of its tolerance; NaN is infinite. */
static int check_token(const struct attention_args *layer, int t, double *worst, struct err *e)
{
    struct attention_args a = *layer;
    const size_t n = row_floats(&a);
    const float *got = a.out + (size_t)t * a.ldo;
    double *want = mem_calloc(2 * n, sizeof(*want));

    if (!want)
        return ERR(e, ERR_NOMEM, "no memory for a reference of %zu values", n);
    a.q += (size_t)t * a.ldq;
    a.first += t;
    a.tokens = 1;
    attention_reference(&a, want, want + n);
    for (size_t i = 0; i < n; i++) {
        const double error = fabs((double)got[i] - want[i]) / want[n + i];

        if (!(error <= *worst))
            *worst = isnan(error) ? HUGE_VAL : error;
    }
    mem_free(want);
    return 0;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct attention_args *first = &s->layer[0], *last = &s->layer[s->layers - 1];
    const int tokens = first->tokens;
    int rc = 0;

    if (!s->ran)
        TRY(once(c, s, e));
    snprintf(c->check.reference, sizeof(c->check.reference),
             "two passes in F64; error over the bound derived from F32's rounding");
    c->check.tolerance = 1;
    c->check.error = 0;
    for (int i = 0; i < CHECKED_TOKENS && i < tokens; i++)
        TRY(check_token(i % 2 ? last : first, tokens - 1 - i * tokens / CHECKED_TOKENS,
                        &c->check.error, e));
    if (last != first)
        TRY(check_token(last, 0, &c->check.error, e));
    memset(s->out, 0xff, row_floats(first) * (size_t)tokens * (size_t)s->layers * sizeof(*s->out));
    s->ran = false;
    if (!(c->check.error <= c->check.tolerance))
        rc = ERR(e, ERR_MISMATCH, "%s is off by %.3g times what F32 explains", s->v->name,
                 c->check.error);
out:
    return rc;
}

/* ---- figures */

static double flops_of(const struct state *s)
{
    return 4 * (double)row_floats(&s->layer[0]) * s->visible * s->layers;
}

static double bytes_of(const struct state *s)
{
    const struct attention_args *a = &s->layer[0];
    const double position = 2.0 * (double)dtype_row_bytes(a->kv_dtype, a->ldkv);
    const double rows = 2.0 * (double)row_floats(a) * a->tokens * (double)sizeof(float);

    return s->layers * (position * (a->first + a->tokens) + rows);
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;

    w->flops = flops_of(s);
    w->bytes[decoding(c->params) ? WORK_DRAM : WORK_CACHE] = bytes_of(s);
    w->items = (double)s->layer[0].tokens * s->layers;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    const bool decodes = decoding(c->params);
    const char *threads = params_text(c->params, "threads");
    char settings[96];
    int rc = 0;

    if (decodes) {
        snprintf(settings, sizeof(settings), "op=read level=dram threads=%s", threads);
        TRY(limit_measured(c, out, "silicon.memory", settings, 1, e));
    }
    snprintf(settings, sizeof(settings), "dtype=fp32 path=best threads=%s", threads);
    TRY(limit_measured(c, out, "silicon.compute", settings, decodes ? bytes_of(s) / flops_of(s) : 1,
                       e));
out:
    return rc;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    pool_free(s->pool);
    region_unmap(&s->cache);
    mem_free(s->layer);
    mem_free(s->pages);
    mem_free(s->q);
    mem_free(s->out);
    mem_free(s->kv);
    mem_free(s->partial);
}

/* ---- either device */

union states {
    struct state cpu;
#if HAVE_CUDA
    struct attention_dense_gpu gpu;
#endif
};

static const struct variant_hooks *hooks_of(const struct bench_ctx *c)
{
    static const struct variant_hooks cpu = { setup, verify, once, work, limit, teardown };

#if HAVE_CUDA
    if (c->device->kind == DEVICE_GPU)
        return &attention_dense_gpu_hooks;
#else
    (void)c;
#endif
    return &cpu;
}

static int setup_here(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->setup(c, state, e);
}

static int verify_here(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->verify(c, state, e);
}

static int once_here(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->once(c, state, e);
}

static void work_here(const struct bench_ctx *c, const void *state, struct work *w)
{
    hooks_of(c)->work(c, state, w);
}

static int limit_here(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    return hooks_of(c)->limit(c, state, out, e);
}

static void teardown_here(struct bench_ctx *c, void *state)
{
    hooks_of(c)->teardown(c, state);
}

const struct bench bench_kernels_attention_dense = {
    .name = "kernels.attention.dense",
    .question = "How fast is attention over a paged KV cache, for a prompt and for decoding?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = { "bandwidth", "GB/s", METRIC_BYTES_PER_S, 1e-9, HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(union states),
    .exists = exists,
    .metric_of = metric_of,
    .timing_of = gpu_variant_timing_of,
    .setup = setup_here,
    .verify = verify_here,
    .once = once_here,
    .work = work_here,
    .limit = limit_here,
    .teardown = teardown_here,
};
