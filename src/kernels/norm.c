/* norm.c - kernels.norm: RMSNorm and LayerNorm of rows, on one core or a GPU.
 *
 * Work    x is read and y written once: 8 bytes a float (the weights stay in the caches); RMSNorm
 *         is 4 operations a value (square, add, scale, weight), LayerNorm 8. */
#include "kernels/norm/norm.h"

#include <math.h>

#include "kernels/variant/row_bench.h"

#if HAVE_CUDA
#include "kernels/norm/norm_gpu.h"
#endif

enum { RMS, LAYER };

struct state {
    struct row_bench row;
    int kind;
};

static const float eps = 1e-5f;
static const char *const kind_names[] = { "rms", "layer", NULL };

static const struct axis axes[] = {
    { .name = "kind",
      .help = "rms: RMSNorm; layer: LayerNorm",
      .kind = AXIS_ENUM,
      .names = kind_names,
      .normal = "rms" },
    { .name = "n",
      .help = "values of a row",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 65536,
      .normal = "576" },
    ROW_BENCH_AXIS_ROWS,
    ROW_BENCH_AXIS_VARIANT,
    ROW_BENCH_AXIS_DTYPE,
    GPU_VARIANT_AXIS_TIMING,
};

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, "rows=16", 0.15 },
    { SUITE_FULL, DEVICE_CPU, "kind=* n=576,3072 rows=1,16,512", 0.2 },
    { SUITE_FULL, DEVICE_CPU, "rows=16 variant=*", 0.2 },
    { SUITE_STANDARD, DEVICE_GPU, "n=4096 rows=65536", 0.15 },
    { SUITE_FULL, DEVICE_GPU, "kind=* n=4096 rows=65536 dtype=*", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "n=576,4096 rows=1,16,512", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "n=576 rows=524288", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "n=4096 rows=512,65536 variant=*", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "n=4096 rows=512 timing=*", 0.2 },
};

static void run(struct row_bench *s, int variant, size_t row)
{
    const struct norm_variant *v = (const struct norm_variant *)s->op.table + variant;
    const float *x = s->x + row * s->n;
    float *y = s->y + row * s->n;

    if (((struct state *)s)->kind == RMS)
        v->rms(x, s->g, eps, y, s->n);
    else
        v->layer(x, s->g, s->b, eps, y, s->n);
}

/* Of normal values the mean square is near 1, and a sum in 16 lanes is off by n / 16 + 6 half units
 * of the sum of magnitudes: so are the mean and the factor, relatively. */
static void answer(struct row_bench *s, size_t row, double *want, double *tol)
{
    const double off = 0x1p-24 * ((double)s->n / 16 + 16);
    const float *x = s->x + row * s->n;

    if (((struct state *)s)->kind == RMS)
        norm_reference_rms(x, s->g, (double)eps, want, s->n);
    else
        norm_reference_layer(x, s->g, s->b, (double)eps, want, s->n);
    for (size_t i = 0; i < s->n; i++)
        tol[i] = off * (fabs(want[i]) + 2 * fabs((double)s->g[i]) + fabs((double)s->b[i]));
}

#if HAVE_CUDA
static int run_gpu(struct row_bench *s, int variant, gpu_stream stream, struct err *e)
{
    const struct norm_gpu_variant *v = (const struct norm_gpu_variant *)s->op.gpu.table + variant;
    const struct row_bench_gpu *d = &s->gpu;

    return v->run(
        &(struct norm_gpu_args){ .kind = ((struct state *)s)->kind == RMS ? NORM_RMS : NORM_LAYER,
                                 .dtype = d->dtype,
                                 .rows = d->rows,
                                 .n = s->n,
                                 .eps = eps,
                                 .x = d->d_x,
                                 .y = d->d_y,
                                 .x_stride = s->n,
                                 .y_stride = s->n,
                                 .g = d->d_g,
                                 .b = d->d_b },
        stream, e);
}

static struct row_bench_gpu_op gpu_op(void)
{
    struct row_bench_gpu_op op = { .stride = sizeof(struct norm_gpu_variant), .run = run_gpu };

    op.table = norm_gpu_variants(&op.n_variants);
    return op;
}
#else
static struct row_bench_gpu_op gpu_op(void)
{
    return (struct row_bench_gpu_op){ 0 };
}
#endif

static bool exists(const struct params *p, const struct device *d)
{
    struct row_bench_op op = { .stride = sizeof(struct norm_variant), .gpu = gpu_op() };

    op.table = norm_variants(&op.n_variants);
    return row_bench_exists(p, d, &op);
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    struct row_bench_op *op = &s->row.op;

    s->kind = (int)params_get(c->params, "kind");
    *op = (struct row_bench_op){ .stride = sizeof(struct norm_variant),
                                 .reads = 1,
                                 .writes = 1,
                                 .flops = s->kind == RMS ? 4 : 8,
                                 .run = run,
                                 .answer = answer,
                                 .gpu = gpu_op() };
    op->table = norm_variants(&op->n_variants);
    return row_bench_setup(c, &s->row, (size_t)params_get(c->params, "n"), e);
}

const struct bench bench_kernels_norm = {
    .name = "kernels.norm",
    .question = "How fast are rows normalised, on one core or a GPU?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = ROW_BENCH_METRIC,
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .exists = exists,
    .timing_of = gpu_variant_timing_of,
    .setup = setup,
    .verify = row_bench_verify,
    .once = row_bench_once,
    .work = row_bench_work,
    .limit = row_bench_limit,
    .teardown = row_bench_teardown,
};
