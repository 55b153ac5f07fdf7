/* ternary.c - kernels.ternary: BitNet's linear layer, alone and all of a model's in their order.
 *
 * op=matvec  RMSNorm, absmax quantisation and the product with a matrix of -1, 0, 1 (ternary.h),
 *            for one to 64 vectors; fused=apart and strict make the normalised vector first, ready
 *            leaves norm and quantisation out.
 * op=chain   every matrix of a model for one token, each after the one before (ternary_chain.h).
 *
 * Work    multiplications and additions of weights; the bytes of W, X and Y, each once a product.
 * Limit   reading those bytes from the nearest memory that holds them (silicon.memory), int8
 *         arithmetic (silicon.compute), and on a GPU what the dependent steps cost one after the
 *         other (silicon.launch). */
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "kernels/ternary/ternary_bench.h"
#include "kernels/ternary/ternary_external.h"
#include "kernels/variant/gpu_variant.h"
#include "kernels/variant/variant_axis.h"
#if HAVE_CUDA
#include "kernels/ternary/ternary_bench_gpu.h"
#endif

enum { BEST, PASS_BYTES = 8 << 20, SHARE = 32, ALIGN = 64 };

struct state {
    struct ternary_case t;
    const struct ternary_variant *v;
    struct ternary_external external;
    struct pool *pool; /* owned */
    float *answer;     /* owned, n_answer */
    size_t n_answer;
    /* matvec */
    size_t passes; /* over the matrix in one repetition */
    size_t vector_bytes, scratch_bytes;
    float *y;       /* [tokens][rows], owned */
    void *owned;    /* of each thread: acts, vectors, scratch */
    uint8_t *bytes; /* [threads][thread_bytes], aligned */
    size_t thread_bytes;
    /* chain */
    struct ternary_pass pass;
};

static const char *const op_names[] = { "matvec", "chain", NULL };
static const char *const fused_names[] = { "fused", "apart", "strict", "ready", NULL };
static const char *const shape_names[] = { "576x576",     "192x576",   "1536x576",  "576x1536",
                                           "2560x2560",   "640x2560",  "6912x2560", "2560x6912",
                                           "smollm-135m", "bitnet-2b", NULL };
static const char *const variant_names[] = { [BEST] = "best", "scalar",     "avx2",    "avxvnni",
                                             "avx512vnni",    "amx",        "lookup",  "neon",
                                             "dotprod",       "i8mm",       "dp4a",    "mma",
                                             "graph",         "persistent", "cluster", NULL };

static const struct axis axes[] = {
    { .name = "op",
      .help = "matvec: one matrix; chain: all of a model's, in order, for one token",
      .kind = AXIS_ENUM,
      .names = op_names,
      .normal = "matvec" },
    { .name = "shape",
      .help = "rows x columns of SmolLM-135M's and BitNet-2B's matrices; of a chain, the model",
      .kind = AXIS_ENUM,
      .names = shape_names,
      .normal = "576x1536" },
    { .name = "tokens",
      .help = "vectors that share a pass over the weights",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = TERNARY_TOKENS_MAX,
      .normal = "1" },
    { .name = "fused",
      .help = "norm and quantisation: fused in, apart before, strict (through BF16), or ready",
      .kind = AXIS_ENUM,
      .names = fused_names,
      .normal = "fused" },
    { .name = "threads",
      .help = "one core, or all physical cores that this process may use",
      .kind = AXIS_ENUM,
      .names = variant_axis_threads,
      .normal = "one",
      .devices = DEVICE_CPU },
    { .name = "variant",
      .help = "code path (best: the preferred one, on a GPU the fastest)",
      .kind = AXIS_ENUM,
      .names = variant_names,
      .normal = "best" },
    GPU_VARIANT_AXIS_TIMING,
    EXTERNAL_AXIS,
};

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, "shape=576x1536,1536x576", 0.3 },
    { SUITE_STANDARD, DEVICE_CPU, "op=chain shape=smollm-135m threads=*", 0.5 },
    { SUITE_FULL, DEVICE_CPU, "shape=576x1536 fused=*", 0.3 },
    { SUITE_FULL, DEVICE_CPU, "shape=576x1536 variant=*", 0.3 },
    { SUITE_FULL, DEVICE_CPU, "shape=576x1536 tokens=8,16,32,64", 0.3 },
    { SUITE_FULL, DEVICE_CPU, "shape=* threads=*", 0.3 },
    { SUITE_FULL, DEVICE_CPU, "op=chain shape=* threads=*", 0.5 },
    { SUITE_STANDARD, DEVICE_GPU, "shape=576x1536,1536x576", 0.3 },
    { SUITE_STANDARD, DEVICE_GPU, "op=chain shape=smollm-135m", 0.5 },
    { SUITE_FULL, DEVICE_GPU, "shape=* fused=fused,apart", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "shape=1536x576,6912x2560 tokens=8,64 fused=apart variant=dp4a,mma",
      0.3 },
    { SUITE_FULL, DEVICE_GPU, "op=chain shape=* variant=cluster,persistent,graph", 0.5 },
};

static const char *name_asked(const struct params *p)
{
    return params_get(p, "variant") == BEST ? NULL : params_text(p, "variant");
}

static bool exists(const struct params *p, const struct device *d)
{
    const bool chain = params_get(p, "op") == TERNARY_CHAIN;
    const bool matrix = strchr(params_text(p, "shape"), 'x') != NULL;
    int n;
    const struct ternary_variant *v = ternary_variants(&n);

    if (!ternary_external_exists(p) || chain == matrix ||
        (chain && (params_get(p, "tokens") != 1 || params_get(p, "fused") != 0)))
        return false;
#if HAVE_CUDA
    if (d->kind == DEVICE_GPU)
        return ternary_bench_gpu_exists(p);
#endif
    (void)d;
    for (int i = 0; name_asked(p) && i < n; i++)
        if (strcmp(v[i].name, name_asked(p)) == 0)
            return true;
    return name_asked(p) == NULL;
}

static bool applies(const struct params *p, const struct axis *a)
{
    return strcmp(a->name, "library") != 0 || external_asked(p);
}

static const struct metric rate = { "throughput", "GMAC/s", METRIC_FLOPS_PER_S, 0.5e-9,
                                    HIGHER_IS_BETTER };
static const struct metric us = { "time", "us", METRIC_TIME_PER_ITEM, 1e6, LOWER_IS_BETTER };

static const struct metric *metric_of(const struct params *p)
{
    return params_get(p, "op") == TERNARY_CHAIN ? &us : &rate;
}

/* ---- on the CPU */

static size_t pad(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

/* A thread's memory: acts, what they point to, scratch. */
static struct act *acts_of(const struct state *s, int thread)
{
    return (struct act *)(void *)(s->bytes + (size_t)thread * s->thread_bytes);
}

static uint8_t *vector_of(const struct state *s, int thread, size_t token)
{
    return (uint8_t *)acts_of(s, thread) + pad(s->t.tokens * sizeof(struct act)) +
           token * s->vector_bytes;
}

static void quantize(const struct state *s, int thread)
{
    const struct ternary_case *t = &s->t;
    enum ternary_order how =
        t->fused == TERNARY_READY ? TERNARY_FUSED : (enum ternary_order)t->fused;

    for (size_t i = 0; i < t->tokens; i++)
        ternary_quantize(t->x + i * t->m.w.cols, t->g, t->eps, how, t->m.w.cols,
                         vector_of(s, thread, i), &acts_of(s, thread)[i]);
}

static int open_matvec(struct state *s, int threads, struct err *e)
{
    const struct ternary_case *t = &s->t;
    size_t one = t->m.w.rows * t->m.w.row_bytes;

    s->passes = one < PASS_BYTES ? PASS_BYTES / one : 1;
    s->vector_bytes = pad(ternary_vector_bytes(t->m.w.cols));
    s->scratch_bytes = pad(ternary_scratch(s->v, t->m.w.cols, t->tokens));
    s->thread_bytes =
        pad(t->tokens * sizeof(struct act)) + t->tokens * s->vector_bytes + s->scratch_bytes;
    s->y = mem_calloc(t->tokens * t->m.w.rows, sizeof(*s->y));
    s->owned = mem_calloc((size_t)threads * s->thread_bytes + ALIGN, 1);
    if (!s->y || !s->owned)
        return ERR(e, ERR_NOMEM, "no memory for the vectors of %d threads", threads);
    s->bytes = (uint8_t *)s->owned + (-(uintptr_t)s->owned & (ALIGN - 1));
    for (int i = 0; i < threads; i++)
        quantize(s, i);
    return 0;
}

static int cpu_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const int *cpus;
    int threads = variant_axis_cpus(c->params, &cpus), rc = 0;
    size_t tokens = (size_t)params_get(c->params, "tokens");

    s->v = ternary_best(cpu_here(), name_asked(c->params), tokens);
    if (!s->v)
        return ERR(e, ERR_NOTSUP, "this CPU has not what the path %s needs", name_asked(c->params));
    snprintf(c->variant, sizeof(c->variant), "%s", s->v->name);
    snprintf(c->inputs, sizeof(c->inputs), "weights -1, 0, 1, vectors normal, seed %llu",
             (unsigned long long)c->seed);
    TRY(ternary_case_make(&s->t, c, e));
    TRY(ternary_case_answer(&s->t, &s->answer, &s->n_answer, e));
    if (external_asked(c->params)) { /* its threads, before this one is bound to a CPU */
        TRY(ternary_external_open(&s->external, external_asked(c->params), &s->t, HEADROOM_CPU,
                                  threads, NULL, e));
        external_name(&s->external.theirs, c->variant, sizeof(c->variant));
    }
    TRY(pool_new(&s->pool, threads, cpus, e));
    if (s->t.op == TERNARY_CHAIN)
        TRY(ternary_pass_open(&s->pass, &s->t.chain, s->v, s->pool, e));
    else
        TRY(open_matvec(s, threads, e));
out:
    return rc;
}

static void matvec_thread(void *arg, int thread)
{
    struct state *s = arg;
    const struct ternary_case *t = &s->t;
    size_t n = (size_t)pool_size(s->pool), i = (size_t)thread, rows = t->m.w.rows;
    size_t shares = (rows + SHARE - 1) / SHARE;
    size_t row0 = shares * i / n * SHARE, row1 = shares * (i + 1) / n * SHARE;
    uint8_t *scratch = vector_of(s, thread, t->tokens);

    row1 = row1 < rows ? row1 : rows;
    for (size_t pass = 0; pass < s->passes && row0 < row1; pass++) {
        if (t->fused != TERNARY_READY)
            quantize(s, thread);
        ternary_run(s->v, &t->m, row0, row1, acts_of(s, thread), t->tokens, s->y, rows, scratch);
    }
}

static int run_external(const struct state *s, struct err *e)
{
    int rc = 0;

    for (size_t pass = 0; pass < s->passes; pass++)
        TRY(ternary_external_run(&s->external, s->t.x, s->y, s->t.tokens, NULL, e));
out:
    return rc;
}

static int cpu_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    if (s->external.handle)
        return run_external(s, e);
    if (s->t.op == TERNARY_MATVEC) {
        pool_run(s->pool, matvec_thread, s);
        return 0;
    }
    memcpy(s->pass.x, s->t.x, (size_t)s->t.chain.shape.dim * sizeof(*s->pass.x));
    ternary_pass_run(&s->pass);
    return 0;
}

static int cpu_verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    size_t dim = (size_t)s->t.chain.shape.dim, qkv = s->n_answer - dim;
    int rc = 0;

    if (s->t.op == TERNARY_MATVEC) {
        memset(s->y, 0xff, s->n_answer * sizeof(*s->y));
        TRY(cpu_once(c, s, e));
        if (s->external.handle)
            return ternary_external_check(&s->t, s->y, s->answer, &c->check, e);
        return ternary_case_same(s->y, s->answer, s->n_answer, &c->check, e);
    }
    memset(s->pass.qkv, 0xff, qkv * sizeof(*s->pass.qkv));
    TRY(cpu_once(c, s, e));
    TRY(ternary_case_same(s->pass.x, s->answer, dim, &c->check, e));
    TRY(ternary_case_same(s->pass.qkv, s->answer + dim, qkv, &c->check, e));
out:
    return rc;
}

/* Of one pass over a matrix, of one chain. */
static double bytes_of(const struct state *s)
{
    const struct ternary_case *t = &s->t;

    if (t->op == TERNARY_CHAIN)
        return ternary_shape_weights(&t->chain.shape) / TERNARY_BLOCK * TERNARY_BLOCK_BYTES;
    return (double)(t->m.w.rows * t->m.w.row_bytes) +
           (double)t->tokens * (double)(t->m.w.cols + t->m.w.rows) * (double)sizeof(float);
}

static double passes_of(const struct state *s)
{
    return s->t.op == TERNARY_CHAIN ? 1 : (double)s->passes;
}

static void cpu_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;
    const char *level = variant_axis_level(bytes_of(s), pool_size(s->pool));

    (void)c;
    w->flops = 2 * passes_of(s) * ternary_case_macs(&s->t);
    w->bytes[strcmp(level, "dram") == 0 ? WORK_DRAM : WORK_CACHE] = passes_of(s) * bytes_of(s);
    w->items = passes_of(s) * (double)s->t.tokens;
}

static int cpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    const bool chain = s->t.op == TERNARY_CHAIN;
    const char *threads = params_text(c->params, "threads");
    double macs = ternary_case_macs(&s->t);
    char settings[96];
    /* GB/s and GOPS to GMAC/s; a chain's to microseconds. */
    struct limit_row memory = { .device = c->device,
                                .bench = "silicon.memory",
                                .settings = settings,
                                .factor = chain ? 1 : macs / bytes_of(s),
                                .over = chain ? bytes_of(s) * 1e-3 : 0 };
    struct limit_row compute = { .device = c->device,
                                 .bench = "silicon.compute",
                                 .settings = settings,
                                 .factor = chain ? 1 : 0.5,
                                 .over = chain ? 2 * macs * 1e-3 : 0 };
    int rc = 0;

    snprintf(settings, sizeof(settings), "op=read level=%s threads=%s",
             variant_axis_level(bytes_of(s), pool_size(s->pool)), threads);
    TRY(limit_measured_on(c, out, &memory, e));
    snprintf(settings, sizeof(settings), "dtype=int8 path=best threads=%s", threads);
    TRY(limit_measured_on(c, out, &compute, e));
out:
    return rc;
}

static void cpu_teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    ternary_external_close(&s->external);
    ternary_pass_close(&s->pass);
    pool_free(s->pool);
    ternary_case_release(&s->t);
    mem_free(s->answer);
    mem_free(s->y);
    mem_free(s->owned);
}

/* ---- either */

#if HAVE_CUDA
#define EITHER(hook, c, ...)                                                      \
    ((c)->device->kind == DEVICE_GPU ? ternary_bench_gpu_##hook((c), __VA_ARGS__) \
                                     : cpu_##hook((c), __VA_ARGS__))
#else
#define EITHER(hook, c, ...) cpu_##hook((c), __VA_ARGS__)
#endif

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    return EITHER(setup, c, state, e);
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    return EITHER(verify, c, state, e);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    return EITHER(once, c, state, e);
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    EITHER(work, c, state, w);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    return EITHER(limit, c, state, out, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    EITHER(teardown, c, state);
}

/* The hooks share one state: whichever device a row is of. */
union either_state {
    struct state cpu;
#if HAVE_CUDA
    struct ternary_bench_gpu gpu;
#endif
};

const struct bench bench_kernels_ternary = {
    .name = "kernels.ternary",
    .question = "How fast are products with weights of -1, 0, 1, norm and quantisation included?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = { "throughput", "GMAC/s", METRIC_FLOPS_PER_S, 0.5e-9, HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(union either_state),
    .exists = exists,
    .applies = applies,
    .metric_of = metric_of,
    .timing_of = gpu_variant_timing_of,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
