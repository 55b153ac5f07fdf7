/* row_bench_gpu.c - rows in a GPU's memory. */
#include "kernels/variant/row_bench_gpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "kernels/variant/copy_limit_gpu.h"
#include "kernels/variant/tile_gpu.h"

enum { CHECKED = 3 };

static size_t value_bytes(const struct row_bench *s)
{
    return (size_t)dtype_info(s->gpu.dtype)->bytes;
}

/* The rows whose output is checked: the first, the last, and one between. */
static size_t checked_row(const struct row_bench *s, int k)
{
    return (s->gpu.rows - 1) * (size_t)k / (CHECKED - 1);
}

static int once(struct bench_ctx *c, struct row_bench *s, struct err *e)
{
    (void)c;
    return s->op.gpu.run(s, s->variant, gpu_stream_of(s->gpu.gpu), e);
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct row_bench *s = state;

    s->variant = s->candidates[which];
    return once(c, s, e);
}

static int floats_to_device(struct row_bench *s, float **out, const float *from, size_t n,
                            struct err *e)
{
    void *d = NULL;
    int rc = 0;

    TRY(gpu_alloc(&d, n * sizeof(float), e));
    *out = d;
    TRY(gpu_to_device(d, from, n * sizeof(float), gpu_stream_of(s->gpu.gpu), e));
out:
    return rc;
}

/* One input array on the device, and the rows of it that are checked. */
static int make_input(struct row_bench *s, void **out, float *checked, uint64_t seed, int which,
                      struct err *e)
{
    const size_t values = s->gpu.rows * s->n;
    struct tile t = { 0 };
    int rc = 0;

    TRY(tile_make(&t,
                  &(struct tile_want){ .dtype = s->gpu.dtype,
                                       .values = values,
                                       .seed = seed,
                                       .stream = (uint64_t)which,
                                       .scale = 1 },
                  e));
    for (int k = 0; k < CHECKED; k++)
        tile_values(&t, checked_row(s, k) * s->n, checked + (size_t)k * s->n, s->n);
    TRY(tile_to_device(&t, values, out, gpu_stream_of(s->gpu.gpu), e));
out:
    tile_free(&t);
    return rc;
}

static int make_rows(struct bench_ctx *c, struct row_bench *s, struct err *e)
{
    struct row_bench_gpu *d = &s->gpu;
    const size_t bytes = d->rows * s->n * value_bytes(s);
    int rc = 0;

    TRY(gpu_memory_need(bytes * (size_t)(s->op.reads + s->op.writes), "the rows", e));
    TRY(make_input(s, &d->d_x, s->x, c->seed, 0, e));
    if (s->op.reads > 1)
        TRY(make_input(s, &d->d_gate, s->gate, c->seed, 1, e));
    TRY(gpu_alloc(&d->d_y, bytes, e));
    TRY(floats_to_device(s, &d->d_g, s->g, s->n, e));
    TRY(floats_to_device(s, &d->d_b, s->b, s->n, e));
    if (s->op.gpu.n_own > 0)
        TRY(floats_to_device(s, &d->d_own, s->op.gpu.own, s->op.gpu.n_own, e));
    TRY(gpu_sync(gpu_stream_of(d->gpu), e));
out:
    return rc;
}

static int setup(struct bench_ctx *c, struct row_bench *s, size_t n, struct err *e)
{
    struct gpu_variant v;
    int found, best, rc = 0;

    s->gpu.gpu = c->device_handle;
    s->gpu.rows = (size_t)params_get(c->params, "rows");
    s->n = n;
    s->rows = CHECKED;
    TRY(dtype_parse(params_text(c->params, "dtype"), &s->gpu.dtype, e));
    TRY(gpu_enter(s->gpu.gpu, e));
    s->x = mem_calloc(CHECKED * n, sizeof(float));
    s->gate = mem_calloc(CHECKED * n, sizeof(float));
    s->y = mem_calloc(CHECKED * n, sizeof(float));
    s->g = mem_calloc(n, sizeof(float));
    s->b = mem_calloc(n, sizeof(float));
    if (!s->x || !s->gate || !s->y || !s->g || !s->b) {
        rc = ERR(e, ERR_NOMEM, "no memory to check rows of %zu values", n);
        goto out;
    }
    row_bench_fill(s->g, n, c->seed, 2);
    row_bench_fill(s->b, n, c->seed, 3);
    TRY(make_rows(c, s, e));
    TRY(found = gpu_variant_candidates(
            c->params, s->op.gpu.table, s->op.gpu.stride, s->op.gpu.n_variants,
            gpu_properties_of(s->gpu.gpu)->capability, s->candidates, e));
    TRY(pick_fastest(c, found, try_variant, s, &best, e));
    s->variant = s->candidates[best];
    memcpy(&v, (const char *)s->op.gpu.table + (size_t)s->variant * s->op.gpu.stride, sizeof(v));
    snprintf(c->variant, sizeof(c->variant), "%s", v.name);
    snprintf(c->inputs, sizeof(c->inputs), "normal, %d values repeated, seed %llu", TILE_VALUES,
             (unsigned long long)c->seed);
out:
    return rc;
}

/* What rounding a value to the type may be off by. */
static double rounding(enum dtype t, double value)
{
    if (t == DTYPE_F16)
        return 0x1p-11 * fabs(value) + 0x1p-25;
    return t == DTYPE_BF16 ? 0x1p-8 * fabs(value) + 0x1p-134 : 0x1p-24 * fabs(value);
}

static int check_row(struct bench_ctx *c, struct row_bench *s, int k, double *want, struct err *e)
{
    const size_t size = value_bytes(s);
    const char *from = (const char *)s->gpu.d_y + checked_row(s, k) * s->n * size;
    float *y = s->y + (size_t)k * s->n;
    double *tol = want + s->n;
    void *typed = mem_calloc(s->n, size);
    int rc = 0;

    if (!typed)
        return ERR(e, ERR_NOMEM, "no memory to check %zu values", s->n);
    TRY(gpu_to_host(typed, from, s->n * size, gpu_stream_of(s->gpu.gpu), e));
    dtype_to_f32(s->gpu.dtype, typed, y, s->n);
    s->op.answer(s, (size_t)k, want, tol);
    for (size_t i = 0; i < s->n; i++) {
        const double error =
            fabs((double)y[i] - want[i]) / (tol[i] + 1.01 * rounding(s->gpu.dtype, want[i]));

        if (!(error <= c->check.error))
            c->check.error = isnan(error) ? HUGE_VAL : error;
    }
out:
    mem_free(typed);
    return rc;
}

static int verify(struct bench_ctx *c, struct row_bench *s, struct err *e)
{
    struct row_bench_gpu *d = &s->gpu;
    double *want = mem_calloc(2 * s->n, sizeof(*want));
    int rc = 0;

    if (!want)
        return ERR(e, ERR_NOMEM, "no memory for a reference of %zu values", s->n);
    snprintf(c->check.reference, sizeof(c->check.reference),
             "the formula in F64; error over the bound derived from the roundings");
    c->check.error = 0;
    c->check.tolerance = 1;
    TRY(gpu_enter(d->gpu, e));
    if (!d->verified) { /* afterwards: what the timed repetitions left */
        TRY(gpu_fill(d->d_y, 0xff, d->rows * s->n * value_bytes(s), gpu_stream_of(d->gpu), e));
        TRY(once(c, s, e));
    }
    d->verified = true;
    for (int k = 0; k < CHECKED; k++)
        TRY(check_row(c, s, k, want, e));
    if (!(c->check.error <= c->check.tolerance))
        rc = ERR(e, ERR_MISMATCH, "%s is off by %.3g times what %s explains", c->variant,
                 c->check.error, dtype_info(d->dtype)->name);
out:
    mem_free(want);
    return rc;
}

static struct copy_limit limit_of(const struct bench_ctx *c, const struct row_bench *s)
{
    const char *timing = params_text(c->params, "timing");

    return (struct copy_limit){ .gpu = s->gpu.gpu,
                                .op = s->op.reads > s->op.writes ? "read" : "copy",
                                .bytes = (double)(s->gpu.rows * s->n * value_bytes(s)) *
                                         (s->op.reads + s->op.writes),
                                .cold = strcmp(timing, "isolated-cold") == 0,
                                .launches = strcmp(timing, "graph") == 0 };
}

static void work(const struct bench_ctx *c, const struct row_bench *s, struct work *w)
{
    const struct copy_limit l = limit_of(c, s);

    w->flops = (double)(s->gpu.rows * s->n) * s->op.flops;
    w->bytes[copy_limit_memory(&l)] = l.bytes;
    w->items = (double)s->gpu.rows;
}

static int limit(struct bench_ctx *c, struct row_bench *s, struct limits *out, struct err *e)
{
    const struct copy_limit l = limit_of(c, s);

    return copy_limit_add(c, &l, out, e);
}

static void teardown(struct bench_ctx *c, struct row_bench *s)
{
    struct row_bench_gpu *d = &s->gpu;
    struct err ignored = { 0 };

    (void)c;
    if (!d->gpu || gpu_enter(d->gpu, &ignored) < 0)
        return;
    gpu_free(d->d_x);
    gpu_free(d->d_gate);
    gpu_free(d->d_y);
    gpu_free(d->d_g);
    gpu_free(d->d_b);
    gpu_free(d->d_own);
    *d = (struct row_bench_gpu){ 0 };
}

const struct row_bench_half row_bench_on_gpu = { .setup = setup,
                                                 .verify = verify,
                                                 .once = once,
                                                 .work = work,
                                                 .limit = limit,
                                                 .teardown = teardown };
