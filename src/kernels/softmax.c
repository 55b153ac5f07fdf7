/* softmax.c - kernels.softmax: probabilities from logits, on one core.
 *
 * Work    x is read for its maximum and for the exponentials, y is written and then scaled: one
 *         read and one write a value count, the others are the method's own. */
#include "kernels/softmax/softmax.h"

#include <math.h>

#include "kernels/variant/row_bench.h"
#include "kernels/variant/variant_axis.h"

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
};

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, "rows=1", 0.15 },
    { SUITE_FULL, DEVICE_CPU, "n=4096,49152,151936 rows=1,16", 0.2 },
    { SUITE_FULL, DEVICE_CPU, "rows=1 variant=*", 0.2 },
};

static void run(struct row_bench *s, int variant, size_t row)
{
    const struct softmax_variant *v = (const struct softmax_variant *)s->op.table + variant;

    v->softmax(s->x + row * s->n, 1, s->y + row * s->n, s->n);
}

/* As softmax.h says. */
static void answer(struct row_bench *s, size_t row, double *want, double *tol)
{
    const float *x = s->x + row * s->n;
    double most = -HUGE_VAL;

    softmax_reference(x, 1, want, s->n);
    for (size_t i = 0; i < s->n; i++)
        most = fmax(most, (double)x[i]);
    for (size_t i = 0; i < s->n; i++)
        tol[i] = (most - (double)x[i] + log((double)s->n) + 22) * 0x1p-23 * want[i] + 0x1p-124;
}

static bool exists(const struct params *p, const struct device *d)
{
    int n;
    const struct softmax_variant *table = softmax_variants(&n);

    (void)d;
    return variant_axis_exists(p, table, sizeof(*table), n);
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
                                 .answer = answer };
    op->table = softmax_variants(&op->n_variants);
    return row_bench_setup(c, &s->row, (size_t)params_get(c->params, "n"), e);
}

const struct bench bench_kernels_softmax = {
    .name = "kernels.softmax",
    .question = "How fast do logits become probabilities on one core?",
    .devices = DEVICE_CPU,
    .metric = ROW_BENCH_METRIC,
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .exists = exists,
    .setup = setup,
    .verify = row_bench_verify,
    .once = row_bench_once,
    .work = row_bench_work,
    .limit = row_bench_limit,
    .teardown = row_bench_teardown,
};
