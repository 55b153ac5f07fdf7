/* gemm.c - kernels.gemm: how fast a prompt's matrix products go, per format of weights and path.
 *
 * Y = X W^T as the language models do it (gemm/matmul.h): weights as they lie in a file, decoded
 * in each call; activations already quantised, for a model does that once for several matrices.
 *
 * Work    2 operations a weight and token; the bytes of W, X and Y, each once.
 * Limit   the rate of the path's arithmetic as silicon.compute measured it, and reading those bytes
 *         from the nearest memory that holds them all, as silicon.memory did. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "host/cpu.h"
#include "kernels/gemm/matmul.h"
#include "kernels/gemm/matmul_reference.h"
#include "kernels/variant/gpu_variant.h"
#include "kernels/variant/variant_axis.h"
#include "kernels/variant/variant_hooks.h"

#if HAVE_CUDA
#include "kernels/gemm/matmul_bench_gpu.h"
#endif

enum { BEST, SAMPLES = 512, ALIGN = 64 };

struct state {
    const struct matmul_variant *v;
    struct weight w;
    size_t tokens, act_bytes, scratch_bytes;
    struct region block; /* weights, x, activations, y and scratch, in this order */
    float *x, *y;        /* [tokens][cols], [tokens][rows] */
    struct act *act;     /* owned, [tokens] */
    uint8_t *scratch;    /* [threads][scratch_bytes] */
    struct pool *pool;   /* owned */
};

static const char *const variant_names[] = { [BEST] = "best", "scalar",     "avx2",  "avxvnni",
                                             "avx512",        "avx512vnni", "amx",   "neon",
                                             "dotprod",       "i8mm",       "wgmma", "mma",
                                             "cublaslt",      NULL };

static const struct axis axes[] = {
    { .name = "dtype",
      .help = "format of the weights",
      .kind = AXIS_ENUM,
      .names = dtype_names,
      .normal = "F16,Q8_0,Q4_0,Q4_K" },
    { .name = "rows",
      .help = "of the weights: outputs a token",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1 << 18,
      .normal = "576" },
    { .name = "cols",
      .help = "of the weights: inputs a token",
      .kind = AXIS_INT,
      .lo = 32,
      .hi = 1 << 17,
      .normal = "1536" },
    { .name = "tokens",
      .help = "of the prompt",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1 << 16,
      .normal = "512" },
    { .name = "threads",
      .help = "one core, or all physical cores that this process may use",
      .kind = AXIS_ENUM,
      .names = variant_axis_threads,
      .normal = "all",
      .devices = DEVICE_CPU },
    { .name = "variant",
      .help = "code path (best: the one that models use here)",
      .kind = AXIS_ENUM,
      .names = variant_names,
      .normal = "best" },
    GPU_VARIANT_AXIS_TIMING,
};

enum { STANDARD_AND_FULL = SUITE_STANDARD | SUITE_FULL };

/* Matrices of a model of 8 billion weights. */
#define SQUARE "rows=4096 cols=4096"
#define TALL   "rows=14336 cols=4096"

/* The shapes of SmolLM2-135M's feed-forward block, and a tall one of a larger model's. */
static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, "dtype=F16,Q8_0,Q4_0,Q4_K", 0.7 },
    { SUITE_FULL, DEVICE_CPU, "dtype=* tokens=32,512", 0.5 },
    { SUITE_FULL, DEVICE_CPU, "dtype=F16,Q4_0 rows=4864 cols=896 threads=*", 0.7 },
    { SUITE_FULL, DEVICE_CPU, "dtype=F16,Q8_0,Q4_K,TQ2_0 tokens=64 threads=one variant=*", 0.5 },
    { STANDARD_AND_FULL, DEVICE_GPU, "dtype=F16 tokens=512", 0.3 },
    { STANDARD_AND_FULL, DEVICE_GPU, "dtype=F16 tokens=16,512,4096 variant=wgmma,cublaslt " TALL,
      0.3 },
    { STANDARD_AND_FULL, DEVICE_GPU, "dtype=Q4_0,Q8_0,TQ2_64 tokens=512 " TALL, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "dtype=* tokens=512 " SQUARE, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "dtype=F16,BF16 tokens=16,64,128,512,4096 variant=* " SQUARE, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "dtype=F16,BF16 tokens=16,64,128,512,4096 variant=* " TALL, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "dtype=F16 tokens=16,64,512,4096 variant=*", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "dtype=F16 rows=8192 cols=8192 tokens=8192 variant=*", 0.5 },
};
#undef SQUARE
#undef TALL

static const char *name_asked(const struct params *p)
{
    return params_get(p, "variant") == BEST ? NULL : params_text(p, "variant");
}

static bool exists(const struct params *p, const struct device *d)
{
    enum dtype t = (enum dtype)params_get(p, "dtype");
    const char *name = name_asked(p);
    int n;
    const struct matmul_variant *v = matmul_variants(&n);
    bool found = !name;

#if HAVE_CUDA
    if (d->kind == DEVICE_GPU)
        return dtype_row_bytes(t, (size_t)params_get(p, "cols")) > 0 && matmul_bench_gpu_exists(p);
#else
    (void)d;
#endif
    for (int i = 0; name && i < n; i++)
        found |= v[i].dtype == t && strcmp(v[i].name, name) == 0;
    return found && dtype_row_bytes(t, (size_t)params_get(p, "cols")) > 0;
}

static const struct metric flops = { "throughput", "GFLOPS", METRIC_FLOPS_PER_S, 1e-9,
                                     HIGHER_IS_BETTER };
static const struct metric ops = { "throughput", "GOPS", METRIC_FLOPS_PER_S, 1e-9,
                                   HIGHER_IS_BETTER };

/* A GPU's tensor cores multiply F16, whatever the weights are. */
static const struct metric *metric_of(const struct params *p)
{
    if (!params_has(p, "threads"))
        return &flops;
    return act_kind_of((enum dtype)params_get(p, "dtype")) == ACT_F32 ? &flops : &ops;
}

static size_t pad(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static int choose(struct bench_ctx *c, struct state *s, struct err *e)
{
    enum dtype t = (enum dtype)params_get(c->params, "dtype");
    const char *name = name_asked(c->params);

    s->v = matmul_best(t, cpu_here(), name);
    if (!s->v)
        return ERR(e, ERR_NOTSUP, "this CPU has not what the path %s needs", name);
    snprintf(c->variant, sizeof(c->variant), "%s, %s", s->v->name, act_kind_name(s->v->act));
    return 0;
}

/* One mapping for all, so that its pages are as large as the kernel grants. */
static int allocate(struct bench_ctx *c, struct state *s, struct err *e)
{
    size_t cols = s->w.cols, values = s->tokens * cols * sizeof(float);
    size_t weights = pad(s->w.rows * s->w.row_bytes),
           y = pad(s->tokens * s->w.rows * sizeof(float));
    const int *cpus;
    int threads = variant_axis_cpus(c->params, &cpus), rc = 0;
    uint8_t *p;

    s->act_bytes = pad(act_bytes(s->v->act, cols));
    s->scratch_bytes = pad(s->v->scratch(cols, s->tokens));
    TRY(region_map(&s->block,
                   weights + pad(values) + s->tokens * s->act_bytes + y +
                       (size_t)threads * s->scratch_bytes,
                   e));
    s->act = mem_calloc(s->tokens, sizeof(*s->act));
    if (!s->act)
        return ERR(e, ERR_NOMEM, "no memory for %zu tokens", s->tokens);
    p = s->block.p;
    s->w.data = p;
    s->x = (float *)(void *)(p += weights);
    p += pad(values) + s->tokens * s->act_bytes;
    s->y = (float *)(void *)p;
    s->scratch = p + y;
    TRY(pool_new(&s->pool, threads, cpus, e));
    snprintf(c->inputs, sizeof(c->inputs), "normal, weights of variance 1/cols, seed %llu",
             (unsigned long long)c->seed);
out:
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    uint8_t *row, *act;
    float *f;
    struct rng rng;
    int rc = 0;

    TRY(choose(c, s, e));
    s->w = (struct weight){ .dtype = s->v->dtype,
                            .rows = (size_t)params_get(c->params, "rows"),
                            .cols = (size_t)params_get(c->params, "cols") };
    s->w.row_bytes = dtype_row_bytes(s->w.dtype, s->w.cols);
    s->tokens = (size_t)params_get(c->params, "tokens");
    TRY(allocate(c, s, e));
    rng_init(&rng, c->seed, 0);
    f = s->x; /* one row of weights after the other, before x is made there */
    row = s->block.p;
    for (size_t r = 0; r < s->w.rows; r++, row += s->w.row_bytes) {
        for (size_t i = 0; i < s->w.cols; i++)
            f[i] = (float)(rng_normal(&rng) / sqrt((double)s->w.cols));
        dtype_from_f32(s->w.dtype, f, row, s->w.cols);
    }
    act = (uint8_t *)s->x + pad(s->tokens * s->w.cols * sizeof(float));
    for (size_t t = 0; t < s->tokens; t++, f += s->w.cols, act += s->act_bytes) {
        for (size_t i = 0; i < s->w.cols; i++)
            f[i] = (float)rng_normal(&rng);
        act_quantize(s->v->act, f, s->w.cols, act, &s->act[t]);
    }
out:
    return rc;
}

/* Its share of the rows, in whole panels. */
static void run_thread(void *arg, int thread)
{
    struct state *s = arg;
    size_t n = (size_t)pool_size(s->pool), i = (size_t)thread;
    size_t panels = (s->w.rows + s->v->rows - 1) / s->v->rows;
    size_t row0 = panels * i / n * s->v->rows, row1 = panels * (i + 1) / n * s->v->rows;

    if (row1 > s->w.rows)
        row1 = s->w.rows;
    if (row0 < row1)
        s->v->run(&s->w, row0, row1, s->act, s->tokens, s->y, s->w.rows,
                  s->scratch + i * s->scratch_bytes);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    (void)e;
    pool_run(s->pool, run_thread, s);
    return 0;
}

/* One output against F64: on what the kernel was given, within F32's rounding; and, for the error
 * of the format of the activations, on the values themselves. */
static int check_one(struct state *s, size_t r, size_t t, float *buffer, struct check *check,
                     double squares[2], struct err *e)
{
    double want, bound, exact = 0, got = (double)s->y[t * s->w.rows + r], error;

    matmul_reference(&s->w, r, &s->act[t], 1, s->v->factor_error, &want, &bound, buffer);
    error = fabs(got - want) / bound;
    if (!(error <= check->error))
        check->error = error;
    if (!(error <= check->tolerance))
        return ERR(e, ERR_MISMATCH, "row %zu, token %zu is %.9g, not %.9g +- %.2g", r, t, got, want,
                   bound);
    for (size_t i = 0; i < s->w.cols; i++)
        exact += (double)buffer[i] * (double)s->x[t * s->w.cols + i];
    squares[0] += (got - exact) * (got - exact);
    squares[1] += exact * exact;
    return 0;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    double squares[2] = { 0, 0 };
    float *buffer = mem_calloc(s->w.cols, sizeof(*buffer));
    struct rng rng;
    int rc = 0;

    if (!buffer)
        return ERR(e, ERR_NOMEM, "no memory for a row of %zu values", s->w.cols);
    memset(s->y, 0xff, s->tokens * s->w.rows * sizeof(*s->y));
    TRY(once(c, s, e));
    snprintf(c->check.reference, sizeof(c->check.reference),
             "F64, %d outputs, in units of the path's error bound", SAMPLES);
    c->check.error = 0;
    c->check.tolerance = 1;
    rng_init(&rng, c->seed, 1);
    TRY(check_one(s, s->w.rows - 1, s->tokens - 1, buffer, &c->check, squares, e));
    for (int i = 1; i < SAMPLES; i++)
        TRY(check_one(s, (size_t)rng_below(&rng, s->w.rows), (size_t)rng_below(&rng, s->tokens),
                      buffer, &c->check, squares, e));
    result_property(c->result, "nmse", squares[0] / squares[1], "");
out:
    mem_free(buffer);
    return rc;
}

static double bytes_of(const struct state *s)
{
    size_t token = s->v->act == ACT_F32 ? s->w.cols * sizeof(float) : s->act_bytes;

    return (double)(s->w.rows * s->w.row_bytes) +
           (double)s->tokens * (double)(token + s->w.rows * sizeof(float));
}

static const char *level_of(const struct state *s)
{
    return variant_axis_level(bytes_of(s), pool_size(s->pool));
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;
    const char *level = level_of(s);

    (void)c;
    w->flops = 2 * (double)s->w.rows * (double)s->w.cols * (double)s->tokens;
    w->bytes[strcmp(level, "dram") == 0 ? WORK_DRAM : WORK_CACHE] = bytes_of(s);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    struct state *s = state;
    struct work w = { 0 };
    const char *threads = params_text(c->params, "threads");
    const char *level = level_of(s);
    char settings[96];
    int rc = 0;

    work(c, s, &w);
    snprintf(settings, sizeof(settings), "dtype=%s path=best threads=%s", s->v->math, threads);
    TRY(limit_measured(c, out, "silicon.compute", settings, 1, e));
    snprintf(settings, sizeof(settings), "op=read level=%s threads=%s", level, threads);
    TRY(limit_measured(c, out, "silicon.memory", settings, w.flops / bytes_of(s), e));
out:
    return rc;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    pool_free(s->pool);
    mem_free(s->act);
    region_unmap(&s->block);
}

/* ---- either device */

union states {
    struct state cpu;
#if HAVE_CUDA
    struct matmul_bench_gpu gpu;
#endif
};

static const struct variant_hooks *hooks_of(const struct bench_ctx *c)
{
    static const struct variant_hooks cpu = { setup, verify, once, work, limit, teardown };

#if HAVE_CUDA
    if (c->device->kind == DEVICE_GPU)
        return &matmul_bench_gpu_hooks;
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

const struct bench bench_kernels_gemm = {
    .name = "kernels.gemm",
    .question = "How fast does a prompt go through a matrix of weights?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = { "throughput", "GFLOPS", METRIC_FLOPS_PER_S, 1e-9, HIGHER_IS_BETTER },
    .metric_of = metric_of,
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(union states),
    .exists = exists,
    .timing_of = gpu_variant_timing_of,
    .setup = setup_here,
    .verify = verify_here,
    .once = once_here,
    .work = work_here,
    .limit = limit_here,
    .teardown = teardown_here,
};
