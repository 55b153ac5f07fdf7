/* fake_benches.h - benchmarks that do what real ones must not: crash, hang, lie, allocate.
 *
 * A test that includes this brings its own bench_table. */
#ifndef FAKE_BENCHES_H
#define FAKE_BENCHES_H

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/registry.h"

/* fake.work: burns about `us` microseconds, `good` or misbehaving as asked. */
static const char *const fake_modes[] = { "good",     "wrong",  "turns",  "crash",
                                          "hang",     "absent", "broken", "allocs",
                                          "too_fast", "device", NULL };
enum fake_mode {
    FAKE_GOOD,
    FAKE_WRONG,    /* wrong from the start */
    FAKE_TURNS,    /* right before the timing, wrong after */
    FAKE_CRASH,    /* SIGSEGV while sampling */
    FAKE_HANG,     /* never returns from setup */
    FAKE_ABSENT,   /* needs what is not there */
    FAKE_BROKEN,   /* setup fails */
    FAKE_ALLOCS,   /* allocates in the timed region */
    FAKE_TOO_FAST, /* claims more work than its limit allows */
    FAKE_DEVICE    /* the device is lost: ERR_CUDA */
};

static const struct axis fake_axes[] = {
    { .name = "mode",
      .help = "how it behaves",
      .kind = AXIS_ENUM,
      .names = fake_modes,
      .normal = "good" },
    { .name = "us",
      .help = "microseconds a repetition",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 100000,
      .normal = "20" },
    { .name = "size",
      .help = "not used",
      .kind = AXIS_SIZE,
      .lo = 1,
      .hi = 1 << 30,
      .normal = "4KiB" },
};

struct fake_state {
    uint64_t calls;
    enum fake_mode mode;
    uint64_t ns;
};

static int fake_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct fake_state *s = state;

    s->mode = (enum fake_mode)params_get(c->params, "mode");
    s->ns = (uint64_t)params_get(c->params, "us") * 1000;
    snprintf(c->variant, sizeof(c->variant), "spinning");
    snprintf(c->inputs, sizeof(c->inputs), "none");
    if (s->mode == FAKE_HANG)
        for (;;)
            pause();
    if (s->mode == FAKE_ABSENT)
        return ERR(e, ERR_NOTSUP, "this machine has no such thing");
    if (s->mode == FAKE_BROKEN)
        return ERR(e, ERR_IO, "the thing is broken");
    return 0;
}

static int fake_verify(struct bench_ctx *c, void *state, struct err *e)
{
    const struct fake_state *s = state;

    snprintf(c->check.reference, sizeof(c->check.reference), "nothing");
    c->check.tolerance = 0;
    c->check.error = s->mode == FAKE_WRONG || (s->mode == FAKE_TURNS && s->calls) ? 1 : 0;
    if (!(c->check.error <= c->check.tolerance))
        return ERR(e, ERR_MISMATCH, "output differs by %g", c->check.error);
    return 0;
}

static int fake_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct fake_state *s = state;
    uint64_t start = clock_now_ns();

    (void)c;
    s->calls++;
    if (s->mode == FAKE_CRASH && s->calls > 20)
        raise(SIGSEGV);
    if (s->mode == FAKE_DEVICE && s->calls > 20)
        return ERR(e, ERR_CUDA, "the device fell off the bus");
    if (s->mode == FAKE_ALLOCS)
        mem_free(mem_calloc(1, 8));
    while (clock_now_ns() - start < s->ns)
        ;
    return 0;
}

static void fake_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct fake_state *s = state;

    (void)c;
    w->items = s->mode == FAKE_TOO_FAST ? 1000 : 1;
}

/* One item takes `us`, so 1e6 / us a second are possible. */
static int fake_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct fake_state *s = state;

    (void)c;
    (void)e;
    limit_paper(out, 1e9 / (double)s->ns, "1 / %g us", (double)s->ns / 1000);
    return 0;
}

static const struct plan fake_plans[] = {
    { SUITE_QUICK | SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "us=20", 0.1 },
    { SUITE_FULL, DEVICE_CPU, "us=10,40", 0.2 },
};

static const struct bench bench_fake_work = {
    .name = "fake.work",
    .question = "How fast is nothing?",
    .devices = DEVICE_CPU,
    .metric = { "rate", "1/s", METRIC_ITEMS_PER_S, 1, HIGHER_IS_BETTER },
    .axes = fake_axes,
    .n_axes = 3,
    .plans = fake_plans,
    .n_plans = 2,
    .state_size = sizeof(struct fake_state),
    .setup_timeout_s = 1,
    .setup = fake_setup,
    .verify = fake_verify,
    .once = fake_once,
    .work = fake_work,
    .limit = fake_limit,
};

/* fake.share: held against what fake.work reaches; `over` claims four times the work, `steps` is
 * bounded by three steps that each take what fake.work does. */
static const char *const share_claims[] = { "honest", "over", "steps", NULL };
static const struct axis share_axes[] = {
    { .name = "claim",
      .help = "what it says it did",
      .kind = AXIS_ENUM,
      .names = share_claims,
      .normal = "honest" },
};

static int share_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct fake_state *s = state;

    (void)c;
    (void)e;
    s->ns = 40000;
    return 0;
}

static void share_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    (void)state;
    w->items = strcmp(params_text(c->params, "claim"), "over") == 0 ? 8 : 1;
}

static int share_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    struct limit_row row = { .device = c->device,
                             .bench = "fake.work",
                             .settings = "mode=good us=20",
                             .factor = 0.5,
                             .phases = 3 };

    (void)state;
    if (strcmp(params_text(c->params, "claim"), "steps") == 0)
        return limit_measured_on(c, out, &row, e);
    return limit_measured(c, out, "fake.work", "mode=good us=20", 1, e);
}

static const struct bench bench_fake_share = {
    .name = "fake.share",
    .question = "How much of fake.work is left?",
    .devices = DEVICE_CPU,
    .metric = { "rate", "1/s", METRIC_ITEMS_PER_S, 1, HIGHER_IS_BETTER },
    .axes = share_axes,
    .n_axes = 1,
    .plans = &fake_plans[0],
    .n_plans = 0,
    .state_size = sizeof(struct fake_state),
    .setup = share_setup,
    .verify = fake_verify,
    .once = fake_once,
    .work = share_work,
    .limit = share_limit,
};

/* fake.card: on every GPU; `size` means something over the link only; each repetition needs its
 * prepare(). */
static const char *const card_paths[] = { "near", "link", NULL };
static const struct axis card_axes[] = {
    { .name = "path",
      .help = "where to",
      .kind = AXIS_ENUM,
      .names = card_paths,
      .normal = "near" },
    { .name = "size",
      .help = "bytes over the link",
      .kind = AXIS_SIZE,
      .lo = 1,
      .hi = 1 << 30,
      .normal = "4KiB" },
};

static bool card_exists(const struct params *p, const struct device *d)
{
    return params_get(p, "path") == 0 || d->of > 1;
}

static bool card_applies(const struct params *p, const struct axis *a)
{
    return strcmp(a->name, "size") != 0 || params_get(p, "path") == 1;
}

static int card_prepare(struct bench_ctx *c, void *state, struct err *e)
{
    struct fake_state *s = state;

    (void)c;
    (void)e;
    mem_free(mem_calloc(1, 8)); /* it is not timed: it may */
    s->ns = 20000;
    return 0;
}

static int card_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct fake_state *s = state;

    if (s->ns == 0)
        return ERR(e, ERR_IO, "not prepared");
    if (bench_progress(c, "walking", 1, 4) < 0)
        return ERR(e, ERR_INTERRUPT, "stopped while walking");
    fake_once(c, s, e);
    s->ns = 0;
    return 0;
}

static int card_setup(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    return 0;
}

static int card_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    limit_none(out, "none");
    return 0;
}

static const struct plan card_plans[] = {
    { SUITE_STANDARD, DEVICE_GPU | DEVICE_EACH_GPU, "path=link size=4KiB,1MiB", 0.1 },
    { SUITE_STANDARD, DEVICE_GPU, "path=near size=4KiB,1MiB", 0.1 },
};

static const struct bench bench_fake_card = {
    .name = "fake.card",
    .question = "How fast is no card?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = { "rate", "1/s", METRIC_ITEMS_PER_S, 1, HIGHER_IS_BETTER },
    .axes = card_axes,
    .n_axes = 2,
    .plans = card_plans,
    .n_plans = 2,
    .state_size = sizeof(struct fake_state),
    .max_reps = 1,
    .one_run = DEVICE_GPU,
    .exists = card_exists,
    .applies = card_applies,
    .setup = card_setup,
    .verify = fake_verify,
    .prepare = card_prepare,
    .once = card_once,
    .work = fake_work,
    .limit = card_limit,
};

const struct bench *const bench_table[] = { &bench_fake_work, &bench_fake_share, &bench_fake_card,
                                            NULL };

#endif
