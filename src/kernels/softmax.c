/* softmax.c - kernels.softmax: probabilities from logits, on one core or a GPU.
 *
 * Work    x is read for its maximum and for the exponentials, y is written and then scaled: one
 *         read and one write a value count, the others are the method's own. */
#include "kernels/softmax/softmax.h"

#include <math.h>

#include "kernels/variant/row_bench.h"

#if HAVE_CUDA
#include "kernels/softmax/softmax_gpu.h"
#endif

struct state {
    struct row_bench row;
};

static const struct axis axes[] = {
    { .name = "n",
      .help = "logits: the size of a vocabulary",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1 << 20,
      .normal = "49152" },
    ROW_BENCH_AXIS_ROWS,
    ROW_BENCH_AXIS_VARIANT,
    ROW_BENCH_AXIS_DTYPE,
    GPU_VARIANT_AXIS_TIMING,
};

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, "rows=1", 0.15 },
    { SUITE_FULL, DEVICE_CPU, "n=4096,49152,151936 rows=1,16", 0.2 },
    { SUITE_FULL, DEVICE_CPU, "rows=1 variant=*", 0.2 },
    { SUITE_STANDARD, DEVICE_GPU, "n=4096 rows=65536", 0.15 },
    { SUITE_STANDARD, DEVICE_GPU, "n=151936 rows=1 dtype=F32", 0.15 },
    { SUITE_FULL, DEVICE_GPU, "n=4096 rows=65536 dtype=*", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "n=49152,151936 rows=1,16,1024 dtype=F32", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "n=151936 rows=1,16 dtype=F32 variant=*", 0.2 },
};

static void run(struct row_bench *s, int variant, size_t row)
{
    const struct softmax_variant *v = (const struct softmax_variant *)s->op.table + variant;

    v->softmax(s->x + row * s->n, 1, s->y + row * s->n, s->n);
}

/* As softmax.h and softmax_gpu.h say. */
static void answer(struct row_bench *s, size_t row, double *want, double *tol)
{
    const double roundings = s->gpu.gpu ? 1.5 : 1;
    const double rest = s->gpu.gpu ? 54 + (double)s->n / 4096 : 22;
    const float *x = s->x + row * s->n;
    double most = -HUGE_VAL;

    softmax_reference(x, 1, want, s->n);
    for (size_t i = 0; i < s->n; i++)
        most = fmax(most, (double)x[i]);
    for (size_t i = 0; i < s->n; i++)
        tol[i] =
            (roundings * (most - (double)x[i] + log((double)s->n)) + rest) * 0x1p-23 * want[i] +
            0x1p-124;
}

#if HAVE_CUDA
static int run_gpu(struct row_bench *s, int variant, gpu_stream stream, struct err *e)
{
    const struct softmax_gpu_variant *v =
        (const struct softmax_gpu_variant *)s->op.gpu.table + variant;
    const struct row_bench_gpu *d = &s->gpu;

    return v->run(&(struct softmax_gpu_args){ .dtype = d->dtype,
                                              .rows = d->rows,
                                              .n = s->n,
                                              .scale = 1,
                                              .x = d->d_x,
                                              .y = d->d_y,
                                              .x_stride = s->n,
                                              .y_stride = s->n },
                  stream, e);
}

static struct row_bench_gpu_op gpu_op(void)
{
    struct row_bench_gpu_op op = { .stride = sizeof(struct softmax_gpu_variant), .run = run_gpu };

    op.table = softmax_gpu_variants(&op.n_variants);
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
    struct row_bench_op op = { .stride = sizeof(struct softmax_variant), .gpu = gpu_op() };

    op.table = softmax_variants(&op.n_variants);
    return row_bench_exists(p, d, &op);
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    struct row_bench_op *op = &s->row.op;

    /* Maximum, difference, scale, exponential, sum, product. */
    *op = (struct row_bench_op){ .stride = sizeof(struct softmax_variant),
                                 .reads = 1,
                                 .writes = 1,
                                 .flops = ROW_BENCH_EXP + 5,
                                 .run = run,
                                 .answer = answer,
                                 .gpu = gpu_op() };
    op->table = softmax_variants(&op->n_variants);
    return row_bench_setup(c, &s->row, (size_t)params_get(c->params, "n"), e);
}

const struct bench bench_kernels_softmax = {
    .name = "kernels.softmax",
    .question = "How fast do logits become probabilities, on one core or a GPU?",
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
