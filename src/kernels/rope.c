/* rope.c - kernels.rope: rotary position embedding of the heads of tokens, on one core or a
 * GPU.  All rows have one position, far along.
 *
 * Work    each value is read and written once (on a CPU in place), and takes 3 operations. */
#include "kernels/rope/rope.h"

#include <math.h>

#include "core/mem.h"
#include "kernels/variant/row_bench.h"

#if HAVE_CUDA
#include "kernels/rope/rope_gpu.h"
#endif

struct state {
    struct row_bench row;
    struct rope_args args;
    float *angles; /* owned: cos, then sin, of a position far along */
};

static const char *const kind_names[] = { "pair", "half", NULL };

static const struct axis axes[] = {
    { .name = "kind",
      .help = "pair: (2i, 2i + 1) turn together; half: (i, i + head_dim / 2)",
      .kind = AXIS_ENUM,
      .names = kind_names,
      .normal = "half" },
    { .name = "heads", .help = "of a row", .kind = AXIS_INT, .lo = 1, .hi = 256, .normal = "12" },
    { .name = "head_dim",
      .help = "values of a head, even",
      .kind = AXIS_INT,
      .lo = 2,
      .hi = 256,
      .normal = "64" },
    ROW_BENCH_AXIS_ROWS,
    ROW_BENCH_AXIS_VARIANT,
    ROW_BENCH_AXIS_DTYPE,
    GPU_VARIANT_AXIS_TIMING,
};

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, "rows=16", 0.15 },
    { SUITE_FULL, DEVICE_CPU, "kind=* rows=1,16,512", 0.2 },
    { SUITE_FULL, DEVICE_CPU, "kind=* rows=16 variant=*", 0.2 },
    { SUITE_STANDARD, DEVICE_GPU, "rows=524288", 0.15 },
    { SUITE_FULL, DEVICE_GPU, "kind=* rows=524288 dtype=*", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "rows=1,16,512", 0.2 },
};

static void run(struct row_bench *s, int variant, size_t row)
{
    const struct rope_variant *v = (const struct rope_variant *)s->op.table + variant;

    v->run(&((struct state *)s)->args, s->y + row * s->n);
}

/* Two products and a sum, each rounded: of the larger of a pair, which is no larger than the
 * largest value of the row. */
static void answer(struct row_bench *s, size_t row, double *want, double *tol)
{
    const float *x = s->x + row * s->n;
    double most = 0;

    rope_reference(&((struct state *)s)->args, x, want);
    for (size_t i = 0; i < s->n; i++)
        most = fmax(most, fabs((double)x[i]));
    for (size_t i = 0; i < s->n; i++)
        tol[i] = 0x1p-22 * most;
}

#if HAVE_CUDA
static int run_gpu(struct row_bench *s, int variant, gpu_stream stream, struct err *e)
{
    const struct rope_gpu_variant *v = (const struct rope_gpu_variant *)s->op.gpu.table + variant;
    const struct row_bench_gpu *d = &s->gpu;

    const struct rope_args *a = &((struct state *)s)->args;

    return v->run(&(struct rope_gpu_args){ .kind = a->kind,
                                           .dtype = d->dtype,
                                           .rows = d->rows,
                                           .heads = a->heads,
                                           .head_dim = a->head_dim,
                                           .rot = a->rot,
                                           .x = d->d_x,
                                           .y = d->d_y,
                                           .x_stride = s->n,
                                           .y_stride = s->n,
                                           .cos = d->d_own,
                                           .sin = d->d_own + a->rot / 2 },
                  stream, e);
}

static struct row_bench_gpu_op gpu_op(void)
{
    struct row_bench_gpu_op op = { .stride = sizeof(struct rope_gpu_variant), .run = run_gpu };

    op.table = rope_gpu_variants(&op.n_variants);
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
    struct row_bench_op op = { .stride = sizeof(struct rope_variant), .gpu = gpu_op() };

    op.table = rope_variants(&op.n_variants);
    return params_get(p, "head_dim") % 2 == 0 && row_bench_exists(p, d, &op);
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    const int position = 1000;
    struct state *s = state;
    struct row_bench_op *op = &s->row.op;
    struct rope_args *a = &s->args;
    int pairs;

    *a = (struct rope_args){ .kind = params_get(c->params, "kind") == 0 ? ROPE_PAIR : ROPE_HALF,
                             .heads = (int)params_get(c->params, "heads"),
                             .head_dim = (int)params_get(c->params, "head_dim") };
    a->rot = a->head_dim;
    pairs = a->rot / 2;
    s->angles = mem_calloc((size_t)a->rot, sizeof(float));
    if (!s->angles)
        return ERR(e, ERR_NOMEM, "no memory for %d angles", pairs);
    a->cos = s->angles;
    a->sin = s->angles + pairs;
    for (int i = 0; i < pairs; i++) {
        s->angles[i] = (float)cos(position * pow(1e4, -(double)i / pairs));
        s->angles[pairs + i] = (float)sin(position * pow(1e4, -(double)i / pairs));
    }
    *op = (struct row_bench_op){ .stride = sizeof(struct rope_variant),
                                 .reads = 1,
                                 .writes = 1,
                                 .flops = 3,
                                 .run = run,
                                 .answer = answer,
                                 .gpu = gpu_op() };
    op->gpu.own = s->angles;
    op->gpu.n_own = (size_t)a->rot;
    op->table = rope_variants(&op->n_variants);
    return row_bench_setup(c, &s->row, (size_t)(a->heads * a->head_dim), e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    row_bench_teardown(c, &s->row);
    mem_free(s->angles);
}

const struct bench bench_kernels_rope = {
    .name = "kernels.rope",
    .question = "How fast are heads turned by their position, on one core or a GPU?",
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
    .teardown = teardown,
};
