/* activation.c - kernels.activation: what stands between the matrices of a feed-forward block, on
 * one core or a GPU.
 *
 * Work    gate (but for GELU) and up are read and y is written once; operations as in the formulas
 *         of activation.h, a division counted as one. */
#include "kernels/activation/activation.h"

#include <math.h>

#include "kernels/variant/row_bench.h"

#if HAVE_CUDA
#include "kernels/activation/activation_gpu.h"
#endif

struct state {
    struct row_bench row;
    enum activation function;
};

static const char *const function_names[] = { "gelu_tanh", "silu", "relu2", NULL };

static const struct axis axes[] = {
    { .name = "function",
      .help = "gelu_tanh (GPT-2), silu (SwiGLU), relu2 (BitNet)",
      .kind = AXIS_ENUM,
      .names = function_names,
      .normal = "silu" },
    { .name = "n",
      .help = "values of a row",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 65536,
      .normal = "1536" },
    ROW_BENCH_AXIS_ROWS,
    ROW_BENCH_AXIS_VARIANT,
    ROW_BENCH_AXIS_DTYPE,
    GPU_VARIANT_AXIS_TIMING,
};

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, "rows=16", 0.15 },
    { SUITE_FULL, DEVICE_CPU, "function=* rows=1,16,512", 0.2 },
    { SUITE_FULL, DEVICE_CPU, "rows=16 variant=*", 0.2 },
    { SUITE_STANDARD, DEVICE_GPU, "rows=131072", 0.15 },
    { SUITE_FULL, DEVICE_GPU, "function=* rows=131072 dtype=*", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "rows=1,16,512", 0.2 },
};

static void run(struct row_bench *s, int variant, size_t row)
{
    const struct activation_variant *v = (const struct activation_variant *)s->op.table + variant;
    const size_t at = row * s->n;

    v->run(((struct state *)s)->function, s->gate + at, s->x + at, s->y + at, s->n);
}

/* As activation.h says. */
static void answer(struct row_bench *s, size_t row, double *want, double *tol)
{
    const size_t at = row * s->n;

    activation_reference(((struct state *)s)->function, s->gate + at, s->x + at, want, s->n);
    for (size_t i = 0; i < s->n; i++)
        tol[i] = fmax(2e-6 * fabs(want[i]), 1e-7 * fmax(1, fabs((double)s->x[at + i])));
}

#if HAVE_CUDA
static int run_gpu(struct row_bench *s, int variant, gpu_stream stream, struct err *e)
{
    const struct activation_gpu_variant *v =
        (const struct activation_gpu_variant *)s->op.gpu.table + variant;
    const struct row_bench_gpu *d = &s->gpu;

    return v->run(&(struct activation_gpu_args){ .function = ((struct state *)s)->function,
                                                 .dtype = d->dtype,
                                                 .rows = d->rows,
                                                 .n = s->n,
                                                 .gate = d->d_gate,
                                                 .up = d->d_x,
                                                 .y = d->d_y,
                                                 .gate_stride = s->n,
                                                 .up_stride = s->n,
                                                 .y_stride = s->n },
                  stream, e);
}

static struct row_bench_gpu_op gpu_op(void)
{
    struct row_bench_gpu_op op = { .stride = sizeof(struct activation_gpu_variant),
                                   .run = run_gpu };

    op.table = activation_gpu_variants(&op.n_variants);
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
    struct row_bench_op op = { .stride = sizeof(struct activation_variant), .gpu = gpu_op() };

    op.table = activation_variants(&op.n_variants);
    return row_bench_exists(p, d, &op);
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    static const double flops[] = { [ACTIVATION_GELU_TANH] = ROW_BENCH_EXP + 8,
                                    [ACTIVATION_SILU] = ROW_BENCH_EXP + 4,
                                    [ACTIVATION_RELU2] = 3 };
    struct state *s = state;
    struct row_bench_op *op = &s->row.op;

    s->function = (enum activation)params_get(c->params, "function");
    *op = (struct row_bench_op){ .stride = sizeof(struct activation_variant),
                                 .reads = s->function == ACTIVATION_GELU_TANH ? 1 : 2,
                                 .writes = 1,
                                 .flops = flops[s->function],
                                 .run = run,
                                 .answer = answer,
                                 .gpu = gpu_op() };
    op->table = activation_variants(&op->n_variants);
    return row_bench_setup(c, &s->row, (size_t)params_get(c->params, "n"), e);
}

const struct bench bench_kernels_activation = {
    .name = "kernels.activation",
    .question = "How fast are the functions of a feed-forward block, on one core or a GPU?",
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
