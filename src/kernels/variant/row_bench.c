/* row_bench.c - the hooks that the benchmarks of operations on rows share. */
#include "kernels/variant/row_bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "host/cpu.h"
#include "kernels/variant/variant.h"
#include "kernels/variant/variant_axis.h"

#if HAVE_CUDA
#include "kernels/variant/row_bench_gpu.h"
#endif

const char *const row_bench_variants[] = { "best", "scalar", "avx2",    "avx512", "neon",
                                           "warp", "block",  "cluster", "flat",   NULL };
const char *const row_bench_dtypes[] = { "F32", "F16", "BF16", NULL };

bool row_bench_exists(const struct params *p, const struct device *d, const struct row_bench_op *op)
{
    if (d->kind == DEVICE_GPU)
        return gpu_variant_exists(p, op->gpu.table, op->gpu.stride, op->gpu.n_variants);
    return variant_axis_exists(p, op->table, op->stride, op->n_variants);
}

static int cpu_once(struct bench_ctx *c, struct row_bench *s, struct err *e)
{
    (void)c;
    (void)e;
    for (size_t r = 0; r < s->rows; r++)
        s->op.run(s, s->variant, r);
    return 0;
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct row_bench *s = state;

    s->variant = s->candidates[which];
    return cpu_once(c, s, e);
}

void row_bench_fill(float *x, size_t n, uint64_t seed, uint64_t stream)
{
    struct rng rng;

    rng_init(&rng, seed, stream);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(&rng);
}

static int cpu_setup(struct bench_ctx *c, struct row_bench *s, size_t n, struct err *e)
{
    struct variant v;
    int found, best, rc = 0;

    s->n = n;
    s->rows = (size_t)params_get(c->params, "rows");
    s->x = mem_calloc(s->rows * n, sizeof(float));
    s->gate = mem_calloc(s->rows * n, sizeof(float));
    s->y = mem_calloc(s->rows * n, sizeof(float));
    s->g = mem_calloc(n, sizeof(float));
    s->b = mem_calloc(n, sizeof(float));
    if (!s->x || !s->gate || !s->y || !s->g || !s->b) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu rows of %zu values", s->rows, n);
        goto out;
    }
    row_bench_fill(s->x, s->rows * n, c->seed, 0);
    row_bench_fill(s->gate, s->rows * n, c->seed, 1);
    row_bench_fill(s->g, n, c->seed, 2);
    row_bench_fill(s->b, n, c->seed, 3);
    memcpy(s->y, s->x, s->rows * n * sizeof(float));
    TRY(found = variant_axis_candidates(c->params, s->op.table, s->op.stride, s->op.n_variants,
                                        s->candidates, e));
    TRY(pick_fastest(c, found, try_variant, s, &best, e));
    s->variant = s->candidates[best];
    memcpy(&v, (const char *)s->op.table + (size_t)s->variant * s->op.stride, sizeof(v));
    snprintf(c->variant, sizeof(c->variant), "%s", v.name);
    snprintf(c->inputs, sizeof(c->inputs), "normal, seed %llu", (unsigned long long)c->seed);
out:
    return rc;
}

/* From the first row, the last, and one between. */
static int cpu_verify(struct bench_ctx *c, struct row_bench *s, struct err *e)
{
    const size_t rows[] = { 0, s->rows / 2, s->rows - 1 };
    double *want = mem_calloc(2 * s->n, sizeof(*want)), *tol = want ? want + s->n : NULL;
    int rc = 0;

    if (!want)
        return ERR(e, ERR_NOMEM, "no memory for a reference of %zu values", s->n);
    snprintf(c->check.reference, sizeof(c->check.reference),
             "the formula in F64; error over the bound derived from F32's rounding");
    c->check.error = 0;
    c->check.tolerance = 1;
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        float *y = s->y + rows[k] * s->n;

        memcpy(y, s->x + rows[k] * s->n, s->n * sizeof(*y)); /* for what works in place */
        s->op.answer(s, rows[k], want, tol);
        s->op.run(s, s->variant, rows[k]);
        for (size_t i = 0; i < s->n; i++) {
            const double error = fabs((double)y[i] - want[i]) / tol[i];

            if (!(error <= c->check.error))
                c->check.error = isnan(error) ? HUGE_VAL : error;
        }
    }
    if (!(c->check.error <= c->check.tolerance))
        rc = ERR(e, ERR_MISMATCH, "%s is off by %.3g times what F32 explains", c->variant,
                 c->check.error);
    mem_free(want);
    return rc;
}

static double values_of(const struct row_bench *s)
{
    return (double)s->rows * (double)s->n;
}

static double bytes_of(const struct row_bench *s)
{
    return values_of(s) * (s->op.reads + s->op.writes) * (double)sizeof(float);
}

static const char *level_of(const struct row_bench *s)
{
    return variant_axis_level(bytes_of(s), 1);
}

static void cpu_work(const struct bench_ctx *c, const struct row_bench *s, struct work *w)
{
    (void)c;
    w->flops = values_of(s) * s->op.flops;
    w->bytes[strcmp(level_of(s), "dram") == 0 ? WORK_DRAM : WORK_CACHE] = bytes_of(s);
    w->items = (double)s->rows;
}

static int cpu_limit(struct bench_ctx *c, struct row_bench *s, struct limits *out, struct err *e)
{
    char settings[96];
    int rc = 0;

    snprintf(settings, sizeof(settings), "op=%s level=%s threads=one",
             s->op.writes > 0 ? "copy" : "read", level_of(s));
    TRY(limit_measured(c, out, "silicon.memory", settings, 1, e));
    TRY(limit_measured(c, out, "silicon.compute", "dtype=fp32 path=best threads=one",
                       bytes_of(s) / (values_of(s) * s->op.flops), e));
out:
    return rc;
}

static const struct row_bench_half on_cpu = {
    .setup = cpu_setup, .verify = cpu_verify, .once = cpu_once, .work = cpu_work, .limit = cpu_limit
};

static const struct row_bench_half *half_of(const struct bench_ctx *c)
{
#if HAVE_CUDA
    if (c->device->kind == DEVICE_GPU)
        return &row_bench_on_gpu;
#endif
    (void)c;
    return &on_cpu;
}

int row_bench_setup(struct bench_ctx *c, struct row_bench *s, size_t n, struct err *e)
{
    return half_of(c)->setup(c, s, n, e);
}

int row_bench_verify(struct bench_ctx *c, void *state, struct err *e)
{
    return half_of(c)->verify(c, state, e);
}

int row_bench_once(struct bench_ctx *c, void *state, struct err *e)
{
    return half_of(c)->once(c, state, e);
}

void row_bench_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    half_of(c)->work(c, state, w);
}

int row_bench_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    return half_of(c)->limit(c, state, out, e);
}

void row_bench_teardown(struct bench_ctx *c, void *state)
{
    struct row_bench *s = state;

    if (half_of(c)->teardown)
        half_of(c)->teardown(c, s);
    mem_free(s->x);
    mem_free(s->gate);
    mem_free(s->y);
    mem_free(s->g);
    mem_free(s->b);
}
