/* dial_bench.c - a benchmark that is slower by as much as it is told: what a real regression looks
 * like to `compare --ab`.  It is in no product: headroom-dial-N is the program with this table.
 *
 * Work    steps of an integer recurrence, each waiting for the one before; DIAL_PERCENT more of
 *         them than are counted. */
#include <stdio.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/registry.h"

#ifndef DIAL_PERCENT
#error "DIAL_PERCENT says how much slower it is"
#endif

enum { STEPS = 20000 };

struct dial_state {
    uint64_t x;
};

static const struct axis dial_axes[] = {
    { .name = "row",
      .help = "nothing but a number: each is a row of its own",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 100,
      .normal = "1" },
};

static const struct plan dial_plans[] = {
    { SUITE_QUICK | SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "row=1,2,3,4,5", 0.05 },
};

static uint64_t recurrence(uint64_t x, int steps)
{
    for (int i = 0; i < steps; i++)
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return x;
}

static int dial_setup(struct bench_ctx *c, void *state, struct err *e)
{
    (void)state;
    (void)e;
    snprintf(c->variant, sizeof(c->variant), "integer recurrence");
    snprintf(c->inputs, sizeof(c->inputs), "none");
    return 0;
}

/* Two halves in turn are the whole. */
static int dial_verify(struct bench_ctx *c, void *state, struct err *e)
{
    (void)state;
    snprintf(c->check.reference, sizeof(c->check.reference), "the same in two halves");
    c->check.error = recurrence(recurrence(1, STEPS / 2), STEPS / 2) != recurrence(1, STEPS);
    if (!(c->check.error <= c->check.tolerance))
        return ERR(e, ERR_MISMATCH, "the halves do not give the whole");
    return 0;
}

static int dial_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct dial_state *s = state;

    (void)c;
    (void)e;
    s->x = recurrence(s->x, STEPS + STEPS / 100 * DIAL_PERCENT);
    return 0;
}

static void dial_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct dial_state *s = state;

    (void)c;
    w->items = STEPS + (s->x == 1); /* so that the recurrence is not dropped */
}

static int dial_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    limit_none(out, "a test");
    return 0;
}

static const struct bench bench_dial_work = {
    .name = "dial.work",
    .question = "Is a known slowdown found?",
    .devices = DEVICE_CPU,
    .metric = { "latency", "ns", METRIC_TIME_PER_ITEM, 1e9, LOWER_IS_BETTER },
    .axes = dial_axes,
    .n_axes = 1,
    .plans = dial_plans,
    .n_plans = 1,
    .state_size = sizeof(struct dial_state),
    .setup = dial_setup,
    .verify = dial_verify,
    .once = dial_once,
    .work = dial_work,
    .limit = dial_limit,
};

const struct bench *const bench_table[] = { &bench_dial_work, NULL };
