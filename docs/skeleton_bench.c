/* skeleton_bench.c - a whole benchmark, with comments: copy it to src/<level>/<name>.c.
 *
 * It asks how fast one core sums an array of doubles.  A test compiles and runs this file, so it
 * shows what works today.  Three things change in your copy: the name (src/kernels/sum.c holds
 * bench_kernels_sum, called kernels.sum on the command line), the line BENCH(kernels_sum) in
 * src/bench_list.h, and everything below.
 *
 * A benchmark never reads the clock, never prints and never chooses how often it runs.  Say here
 * what is counted as work, and which limit the result is held against:
 *
 * Work    8 bytes and 1 addition an element.
 * Limit   additions that each wait for the one before: LATENCY_CYCLES apart, at the clock that was
 *         seen while sampling. */
#include <math.h>
#include <stdio.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"

/* The shortest latency of a double addition on any core we know; it makes the limit generous. */
enum { LATENCY_CYCLES = 2 };

/* Zeroed by core before setup and freed after teardown; what it points to is ours. */
struct state {
    double *x;
    int64_t n;
    double sum; /* the output of `once`: it must end up somewhere, or the compiler drops the work */
};

/* The parameters, in the order in which they are shown.  `normal` is used where neither a plan nor
 * the user says otherwise. */
static const struct axis axes[] = {
    { .name = "size",
      .help = "bytes of the array",
      .kind = AXIS_SIZE,
      .lo = 1 << 10,
      .hi = 1LL << 32,
      .normal = "1MiB" },
};

/* Which points each suite measures, and for how many seconds at most a row. */
static const struct plan plans[] = {
    { .suites = SUITE_QUICK, .devices = DEVICE_CPU, .set = "size=16KiB", .seconds = 0.5 },
    { .suites = SUITE_STANDARD | SUITE_FULL,
      .devices = DEVICE_CPU,
      .set = "size=16KiB,1MiB,256MiB",
      .seconds = 2 },
};

/* Everything that need not be timed.  What this machine cannot do is ERR_NOTSUP with a reason: the
 * row is then skipped, not failed.  After an error core still calls teardown. */
static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    struct rng rng;

    s->n = params_get(c->params, "size") / (int64_t)sizeof(*s->x);
    s->x = mem_calloc((size_t)s->n, sizeof(*s->x));
    if (!s->x)
        return ERR(e, ERR_NOMEM, "%s bytes for the array", params_text(c->params, "size"));
    /* Realistic, seeded inputs.  Whole numbers, so that their sum has one right answer. */
    rng_init(&rng, c->seed, 0);
    for (int64_t i = 0; i < s->n; i++)
        s->x[i] = (double)rng_below(&rng, 1000);
    snprintf(c->inputs, sizeof(c->inputs), "whole numbers 0 .. 999, seed %llu",
             (unsigned long long)c->seed);
    snprintf(c->variant, sizeof(c->variant), "one chain"); /* the code path, by its name */
    return 0;
}

/* One repetition: what is timed, and nothing else. */
static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    double sum = 0;

    (void)c;
    (void)e;
    for (int64_t i = 0; i < s->n; i++)
        sum += s->x[i];
    s->sum = sum;
    return 0;
}

/* Called before and after the timing.  The reference goes another way than `once`: here, integer
 * arithmetic.  Written so that NaN fails. */
static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int64_t reference = 0;
    int rc = 0;

    TRY(c->bench->once(c, state, e));
    for (int64_t i = 0; i < s->n; i++)
        reference += (int64_t)s->x[i];
    snprintf(c->check.reference, sizeof(c->check.reference), "sum in integers");
    c->check.error = fabs(s->sum - (double)reference);
    c->check.tolerance = 0; /* every partial sum is a whole number below 2^53, hence exact */
    if (!(c->check.error <= c->check.tolerance))
        rc = ERR(e, ERR_MISMATCH, "the sum is %.17g, not %lld", s->sum, (long long)reference);
out:
    return rc;
}

/* Useful work of one repetition; the metric turns it and the time into the value. */
static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;

    (void)c;
    w->flops = (double)s->n;
    w->bytes[WORK_CACHE] = (double)(s->n * (int64_t)sizeof(*s->x));
    w->items = (double)s->n;
}

/* What bounds it, in the metric's unit.  A ceiling that another benchmark measures comes from
 * limit_measured(c, out, "silicon.memory", "op=read ...", 1, e); several bounds may be added, and
 * the one that binds is chosen by core.  Where none is known, say why. */
static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    (void)state;
    (void)e;
    if (isfinite(c->clock_hz))
        limit_paper(out, c->clock_hz / LATENCY_CYCLES * 1e-9,
                    "%.2f GHz / %d cycles an addition, each waits for the last", c->clock_hz * 1e-9,
                    LATENCY_CYCLES);
    else
        limit_none(out, "the core's clock is not known here");
    return 0;
}

/* Also called after half a setup, and with a state that is all zero. */
static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    mem_free(s->x);
}

const struct bench bench_skeleton = {
    .name = "skeleton",
    .question = "How fast does one core sum an array of doubles?",
    .devices = DEVICE_CPU,
    .metric = { .name = "throughput",
                .unit = "Gadd/s",
                .basis = METRIC_ITEMS_PER_S,
                .scale = 1e-9,
                .direction = HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
