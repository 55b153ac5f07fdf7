/* gemv.c - kernels.gemv: how fast decoding goes through a matrix of weights, per format and path.
 *
 * y = W x for one to a few vectors (gemv/gemv.h), W as it lies in a file, x already quantised.
 * With weights=large a repetition goes once through as many copies of the matrix as the largest
 * cache does not hold, as a model's layers follow each other; with weights=resident often through
 * one, which stays where it fits.
 *
 * Work    the bytes of W, X and Y, each once a product; 2 operations a weight and vector.
 * Limit   reading those bytes at the same threads, from memory or the nearest cache that holds
 *         them, as silicon.memory measured it, and the rate of the arithmetic, as silicon.compute
 *         did. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "host/cpu.h"
#include "kernels/gemm/matmul_reference.h"
#include "kernels/gemv/gemv.h"
#include "kernels/variant/gpu_variant.h"
#include "kernels/variant/variant_axis.h"
#include "kernels/variant/variant_hooks.h"

#if HAVE_CUDA
#include "kernels/gemv/gemv_bench_gpu.h"
#endif

enum { LARGE, RESIDENT };
enum { BEST, SAMPLES = 256, ALIGN = 64, ROWS_TOGETHER = 4, PASS_BYTES = 8 << 20 };
enum { TIMES_LLC = 4, PART_OF_MEMORY = 4 };

struct state {
    const struct gemv_variant *v;
    struct weight w;     /* the first copy */
    size_t copies;       /* of it, one after the other */
    size_t passes;       /* over all copies in one repetition */
    int tokens;          /* vectors */
    struct region block; /* copies, then what x points to, then y */
    float *x, *y;        /* [tokens][cols], [copies][tokens][rows] */
    struct act act[GEMV_TOKENS];
    struct pool *pool; /* owned */
};

static const char *const weight_names[] = { [LARGE] = "large", [RESIDENT] = "resident", NULL };
static const char *const variant_names[] = { [BEST] = "best", "scalar",     "avx2", "avxvnni",
                                             "avx512",        "avx512vnni", "neon", "dotprod",
                                             "early",         "planes",     NULL };
static const char *const act_names[] = { "ready", "separate", "fused", NULL };

static const struct axis axes[] = {
    { .name = "dtype",
      .help = "format of the weights",
      .kind = AXIS_ENUM,
      .names = dtype_names,
      .normal = "F16,Q8_0,Q4_0,Q4_K,TQ2_0" },
    { .name = "rows",
      .help = "of the weights: outputs a vector",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1 << 18,
      .normal = "576" },
    { .name = "cols",
      .help = "of the weights: inputs a vector",
      .kind = AXIS_INT,
      .lo = 32,
      .hi = 1 << 17,
      .normal = "1536" },
    { .name = "tokens",
      .help = "vectors that share a pass over the weights",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = GEMV_TOKENS,
      .normal = "1" },
    { .name = "threads",
      .help = "one core, or all physical cores that this process may use",
      .kind = AXIS_ENUM,
      .names = variant_axis_threads,
      .normal = "all",
      .devices = DEVICE_CPU },
    { .name = "weights",
      .help = "large: more of them than the caches hold, resident: one matrix again and again",
      .kind = AXIS_ENUM,
      .names = weight_names,
      .normal = "large" },
    { .name = "variant",
      .help = "code path (best: the one that models use here)",
      .kind = AXIS_ENUM,
      .names = variant_names,
      .normal = "best" },
    { .name = "act",
      .help =
          "vectors are int8 already (ready), or made so each time by a kernel before (separate) "
          "or by the product itself (fused)",
      .kind = AXIS_ENUM,
      .names = act_names,
      .normal = "ready",
      .devices = DEVICE_GPU },
    GPU_VARIANT_AXIS_TIMING,
};

/* The widest matrix of SmolLM2-135M, and on a GPU one of a model of 8 billion weights. */
#define TALL "rows=4096 cols=14336"
static const struct plan plans[] = {
    { SUITE_QUICK, DEVICE_CPU, "dtype=Q4_0", 0.5 },
    { SUITE_STANDARD, DEVICE_CPU, "dtype=F16,Q8_0,Q4_0,Q4_K,TQ2_0", 0.5 },
    { SUITE_STANDARD, DEVICE_CPU, "dtype=TQ2_64 threads=one weights=resident", 0.4 },
    { SUITE_FULL, DEVICE_CPU, "dtype=* weights=*", 0.4 },
    { SUITE_FULL, DEVICE_CPU, "dtype=F16,Q4_0,TQ2_64 tokens=2,4,8 threads=one", 0.4 },
    { SUITE_FULL, DEVICE_CPU, "dtype=Q4_0,TQ2_0 threads=one weights=resident variant=*", 0.4 },
    { SUITE_QUICK, DEVICE_GPU, "dtype=Q4_0 " TALL, 0.3 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "dtype=F16,Q8_0,Q4_0,Q4_K,TQ2_0", 0.3 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "dtype=F16,Q8_0,Q4_0,Q4_K,TQ2_0 " TALL, 0.3 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "dtype=Q4_0,Q4_K act=separate,fused", 0.3 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "dtype=Q4_0,Q4_K act=separate,fused " TALL, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "dtype=* weights=*", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "dtype=F16,Q8_0,Q4_0,TQ2_64 tokens=2,4,8 " TALL, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "dtype=F16,Q8_0,Q4_0 variant=* " TALL, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "dtype=Q4_0 variant=*", 0.3 },
};
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
    const struct gemv_variant *v = gemv_variants(&n);
    bool found = !name;

#if HAVE_CUDA
    if (d->kind == DEVICE_GPU)
        return dtype_row_bytes(t, (size_t)params_get(p, "cols")) > 0 && gemv_bench_gpu_exists(p);
#else
    (void)d;
#endif
    for (int i = 0; name && i < n; i++)
        found |= v[i].dtype == t && strcmp(v[i].name, name) == 0;
    return found && dtype_row_bytes(t, (size_t)params_get(p, "cols")) > 0;
}

static size_t pad(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t matrix_bytes(const struct state *s)
{
    return s->w.rows * s->w.row_bytes;
}

static int choose_copies(struct bench_ctx *c, struct state *s, struct err *e)
{
    const struct cpu_info *cpu = cpu_here();
    size_t llc = cpu_last_cache_bytes(cpu), one = matrix_bytes(s), want = TIMES_LLC * llc;

    s->copies = s->passes = 1;
    if (params_get(c->params, "weights") == RESIDENT) {
        s->passes = one < PASS_BYTES ? PASS_BYTES / one : 1;
        return 0;
    }
    if (llc == 0)
        return ERR(e, ERR_NOTSUP, "the size of the last cache is not known here");
    if (cpu->memory_available_bytes > 0 &&
        want > (size_t)cpu->memory_available_bytes / PART_OF_MEMORY)
        return ERR(e, ERR_NOTSUP, "%d times the last cache, %zu MiB, is too much of the memory",
                   TIMES_LLC, want >> 20);
    s->copies = (want + one - 1) / one;
    return 0;
}

static int allocate(struct bench_ctx *c, struct state *s, struct err *e)
{
    size_t weights = pad(s->copies * matrix_bytes(s)), tokens = (size_t)s->tokens;
    size_t values = pad(tokens * s->w.cols * sizeof(float));
    size_t act = pad(act_bytes(s->v->act, s->w.cols));
    size_t y = s->copies * tokens * s->w.rows * sizeof(float);
    const int *cpus;
    int threads = variant_axis_cpus(c->params, &cpus), rc = 0;
    uint8_t *p;
    struct rng rng;

    TRY(region_map(&s->block, weights + values + tokens * act + y, e));
    p = s->block.p;
    s->w.data = p;
    s->x = (float *)(void *)(p += weights);
    p += values;
    rng_init(&rng, c->seed, 1);
    for (int t = 0; t < s->tokens; t++, p += act) {
        float *x = s->x + (size_t)t * s->w.cols;

        for (size_t i = 0; i < s->w.cols; i++)
            x[i] = (float)rng_normal(&rng);
        act_quantize(s->v->act, x, s->w.cols, p, &s->act[t]);
    }
    s->y = (float *)(void *)p;
    TRY(pool_new(&s->pool, threads, cpus, e));
out:
    return rc;
}

/* The first copy through the encoder, row by row; the others after it. */
static int make_weights(struct bench_ctx *c, struct state *s, struct err *e)
{
    float *row = mem_calloc(s->w.cols, sizeof(*row));
    uint8_t *p = s->block.p;
    /* A ternary model has one scale a tensor: -1, 0 and 1 give every block the same. */
    bool ternary = dtype_info(s->w.dtype)->ternary;
    double scale = 1 / sqrt((double)s->w.cols);
    struct rng rng;

    if (!row)
        return ERR(e, ERR_NOMEM, "no memory for a row of %zu values", s->w.cols);
    rng_init(&rng, c->seed, 0);
    for (size_t r = 0; r < s->w.rows; r++) {
        for (size_t i = 0; i < s->w.cols; i++)
            row[i] = (float)(ternary ? (double)rng_below(&rng, 3) - 1 : rng_normal(&rng) * scale);
        dtype_from_f32(s->w.dtype, row, p + r * s->w.row_bytes, s->w.cols);
    }
    for (size_t i = 1; i < s->copies; i++)
        memcpy(p + i * matrix_bytes(s), p, matrix_bytes(s));
    mem_free(row);
    return 0;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    enum dtype t = (enum dtype)params_get(c->params, "dtype");
    int rc = 0;

    s->v = gemv_best(t, cpu_here(), name_asked(c->params));
    if (!s->v)
        return ERR(e, ERR_NOTSUP, "this CPU has not what the path %s needs", name_asked(c->params));
    snprintf(c->variant, sizeof(c->variant), "%s, %s", s->v->name, act_kind_name(s->v->act));
    s->w = (struct weight){ .dtype = t,
                            .rows = (size_t)params_get(c->params, "rows"),
                            .cols = (size_t)params_get(c->params, "cols") };
    s->w.row_bytes = dtype_row_bytes(t, s->w.cols);
    s->tokens = (int)params_get(c->params, "tokens");
    TRY(choose_copies(c, s, e));
    TRY(allocate(c, s, e));
    TRY(make_weights(c, s, e));
    snprintf(c->inputs, sizeof(c->inputs), "%s, seed %llu",
             dtype_info(t)->ternary ? "weights -1, 0, 1, vectors normal" : "normal",
             (unsigned long long)c->seed);
    result_note(c->result, "%.1f MB of weights in %s", (double)(s->copies * matrix_bytes(s)) * 1e-6,
                region_pages_name(s->block.pages));
out:
    return rc;
}

/* Its share of the rows of every copy. */
static void run_thread(void *arg, int thread)
{
    struct state *s = arg;
    size_t n = (size_t)pool_size(s->pool), i = (size_t)thread;
    size_t groups = (s->w.rows + ROWS_TOGETHER - 1) / ROWS_TOGETHER;
    size_t row0 = groups * i / n * ROWS_TOGETHER, row1 = groups * (i + 1) / n * ROWS_TOGETHER;

    if (row1 > s->w.rows)
        row1 = s->w.rows;
    for (size_t pass = 0; pass < s->passes; pass++)
        for (size_t copy = 0; copy < s->copies; copy++) {
            struct weight w = s->w;

            w.data = (const uint8_t *)s->w.data + copy * matrix_bytes(s);
            s->v->run(&w, row0, row1, s->act, s->tokens, s->y + copy * (size_t)s->tokens * w.rows,
                      w.rows);
        }
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    (void)e;
    pool_run(s->pool, run_thread, s);
    return 0;
}

/* One output of the first copy against F64, on what the kernel was given. */
static int check_one(struct state *s, size_t r, int t, float *buffer, struct check *check,
                     struct err *e)
{
    double want, bound, got = (double)s->y[(size_t)t * s->w.rows + r], error;

    matmul_reference(&s->w, r, &s->act[t], 1, 0, &want, &bound, buffer);
    error = fabs(got - want) / bound;
    if (!(error <= check->error))
        check->error = error;
    if (!(error <= check->tolerance))
        return ERR(e, ERR_MISMATCH, "row %zu, vector %d is %.9g, not %.9g +- %.2g", r, t, got, want,
                   bound);
    return 0;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    size_t outputs = (size_t)s->tokens * s->w.rows;
    float *buffer = mem_calloc(s->w.cols, sizeof(*buffer));
    struct rng rng;
    int rc = 0;

    if (!buffer)
        return ERR(e, ERR_NOMEM, "no memory for a row of %zu values", s->w.cols);
    memset(s->y, 0xff, s->copies * outputs * sizeof(*s->y));
    TRY(once(c, s, e));
    snprintf(c->check.reference, sizeof(c->check.reference),
             "F64, %d outputs, in units of F32's error bound", SAMPLES);
    c->check.error = 0;
    c->check.tolerance = 1;
    rng_init(&rng, c->seed, 2);
    TRY(check_one(s, s->w.rows - 1, s->tokens - 1, buffer, &c->check, e));
    for (int i = 1; i < SAMPLES; i++)
        TRY(check_one(s, (size_t)rng_below(&rng, s->w.rows),
                      (int)rng_below(&rng, (uint64_t)s->tokens), buffer, &c->check, e));
    for (size_t copy = 1; copy < s->copies; copy++)
        if (memcmp(s->y, s->y + copy * outputs, outputs * sizeof(*s->y)) != 0) {
            rc = ERR(e, ERR_MISMATCH, "copy %zu of the matrix gives other bits than the first",
                     copy);
            goto out;
        }
out:
    mem_free(buffer);
    return rc;
}

/* Of one product. */
static double bytes_of(const struct state *s)
{
    size_t vector =
        s->v->act == ACT_F32 ? s->w.cols * sizeof(float) : act_bytes(s->v->act, s->w.cols);

    return (double)matrix_bytes(s) +
           (double)s->tokens * (double)(vector + s->w.rows * sizeof(float));
}

static double flops_of(const struct state *s)
{
    return 2 * (double)s->w.rows * (double)s->w.cols * s->tokens;
}

/* Of all that is gone through. */
static const char *level_of(const struct state *s)
{
    return variant_axis_level((double)s->copies * bytes_of(s), pool_size(s->pool));
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;
    double products = (double)s->copies * (double)s->passes;
    bool dram = strcmp(level_of(s), "dram") == 0;

    (void)c;
    w->flops = products * flops_of(s);
    w->bytes[dram ? WORK_DRAM : WORK_CACHE] = products * bytes_of(s);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    const char *threads = params_text(c->params, "threads");
    char settings[96];
    int rc = 0;

    snprintf(settings, sizeof(settings), "op=read level=%s threads=%s", level_of(s), threads);
    TRY(limit_measured(c, out, "silicon.memory", settings, 1, e));
    snprintf(settings, sizeof(settings), "dtype=%s path=best threads=%s",
             s->v->act == ACT_F32 ? "fp32" : "int8", threads);
    TRY(limit_measured(c, out, "silicon.compute", settings, bytes_of(s) / flops_of(s), e));
out:
    return rc;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    pool_free(s->pool);
    region_unmap(&s->block);
}

/* ---- either device */

union states {
    struct state cpu;
#if HAVE_CUDA
    struct gemv_bench_gpu gpu;
#endif
};

static const struct variant_hooks *hooks_of(const struct bench_ctx *c)
{
    static const struct variant_hooks cpu = { setup, verify, once, work, limit, teardown };

#if HAVE_CUDA
    if (c->device->kind == DEVICE_GPU)
        return &gemv_bench_gpu_hooks;
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

const struct bench bench_kernels_gemv = {
    .name = "kernels.gemv",
    .question = "How fast does decoding read a matrix of weights?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = { "bandwidth", "GB/s", METRIC_BYTES_PER_S, 1e-9, HIGHER_IS_BETTER },
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
