/* test_timing.c - a benchmark that asks for another way to take time: recorded once and replayed,
 * or one repetition a sample; on a device that only counts. */
#include "core/device.h"
#include "core/mem.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"
#include "test.h"

static const char *const ways[] = { "own", "replayed", "single", "unfit", NULL };
static const struct axis axes[] = {
    { .name = "way",
      .help = "how time is taken",
      .kind = AXIS_ENUM,
      .names = ways,
      .normal = "own" },
};

/* What was called: the device's side, and repetitions that really ran. */
static struct {
    int begun, ended, replayed, readied, inspected;
    uint64_t once, recorded, most;
} seen;

static const char *timing_of(const struct params *p, const struct device *d)
{
    (void)d;
    return params_text(p, "way");
}

static int nothing(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    return 0;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    seen.once++;
    return 0;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    (void)c;
    (void)state;
    w->items = 1;
}

static const struct bench bench_fake = {
    .name = "fake",
    .question = "?",
    .devices = DEVICE_CPU,
    .metric = { .name = "rate",
                .unit = "1/s",
                .basis = METRIC_ITEMS_PER_S,
                .scale = 1,
                .direction = HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = 1,
    .timing_of = timing_of,
    .setup = nothing,
    .verify = nothing,
    .once = once,
    .work = work,
};
const struct bench *const bench_table[] = { &bench_fake, NULL };

static int opens(const struct device *d, void **handle, struct err *e)
{
    (void)d;
    (void)e;
    *handle = &seen;
    return 0;
}

static void closes(void *handle)
{
    (void)handle;
}

static int begin(void *handle, struct err *e)
{
    (void)handle;
    (void)e;
    seen.begun++;
    seen.recorded = seen.once;
    return 0;
}

/* 1 us a repetition. */
static int end(void *handle, double *ns, struct err *e)
{
    (void)handle;
    (void)e;
    seen.ended++;
    seen.recorded = seen.once - seen.recorded;
    if (seen.recorded > seen.most)
        seen.most = seen.recorded;
    *ns = 1000 * (double)seen.recorded;
    return 0;
}

static int replay(void *handle, double *ns, struct err *e)
{
    (void)handle;
    (void)e;
    seen.replayed++;
    *ns = 500 * (double)seen.recorded;
    return 0;
}

static double floor_own(void *handle)
{
    (void)handle;
    return 1;
}

static double floor_other(void *handle)
{
    (void)handle;
    return 2;
}

static int ready(void *handle, char *note, size_t cap, struct err *e)
{
    (void)handle;
    (void)e;
    seen.readied++;
    snprintf(note, cap, "proven");
    return 0;
}

static int never_ready(void *handle, char *note, size_t cap, struct err *e)
{
    (void)handle;
    (void)note;
    (void)cap;
    return ERR(e, ERR_NOTSUP, "this way does not work here");
}

static const struct device_timing replayed = { .name = "replayed",
                                               .max_reps = 100,
                                               .ready = ready,
                                               .begin = begin,
                                               .end = end,
                                               .replay = replay,
                                               .floor_ns = floor_other };
static const struct device_timing single = {
    .name = "single", .max_reps = 1, .begin = begin, .end = end, .floor_ns = floor_other
};
static const struct device_timing unfit = {
    .name = "unfit", .ready = never_ready, .begin = begin, .end = end, .floor_ns = floor_other
};
static const struct device_timing *const timings[] = { &replayed, &single, &unfit, NULL };
/* After the last sample, a repetition of its own. */
static void inspect(void *handle, int (*do_once)(void *self, struct err *e), void *self,
                    struct result *out)
{
    uint64_t before = seen.once;
    struct err e = { 0 };

    (void)handle;
    CHECK(out->status == RESULT_OK && isfinite(out->runs[0].value));
    CHECK_EQ(do_once(self, &e), 0);
    CHECK_EQ(seen.once, before + 1);
    result_property(out, "launches", 1, "");
    seen.inspected++;
}

static const struct device_ops ops = { .timing_mode = "own",
                                       .open = opens,
                                       .close = closes,
                                       .begin = begin,
                                       .end = end,
                                       .floor_ns = floor_own,
                                       .timings = timings,
                                       .inspect = inspect };
static const struct device device = { .kind = DEVICE_CPU, .of = 1, .name = "cpu", .ops = &ops };

static void measure_of(const struct bench *b, const char *settings, struct result *out)
{
    struct worker_options o = { .seed = 1, .dir = ".", .target = 0.005 };
    struct worker *w;
    struct params p;
    struct err e = { 0 };

    memset(&seen, 0, sizeof(seen));
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(plan_point(b, settings, &p, &e), 0);
    CHECK_EQ(worker_case(w, b, &device, &p, 0.05, out), 0);
    worker_close(w);
}

static void measure(const char *settings, struct result *out)
{
    measure_of(&bench_fake, settings, out);
}

int main(void)
{
    static struct result r;
    struct bench bench_spanning = bench_fake;

    bench_spanning.several_devices = true;

    measure("way=own", &r);
    CHECK_STR(r.timing_mode, "own");
    CHECK_NEAR(r.value, 1e6, 1);
    CHECK_NEAR(r.floor_ns, 1, 0);
    CHECK(seen.replayed == 0 && seen.readied == 0 && seen.begun > 10);
    CHECK_EQ(seen.inspected, 1);
    CHECK_NEAR(result_find(&r, "launches")->value, 1, 0);
    result_release(&r);

    /* Recorded once for each number of repetitions, all samples are replays. */
    measure("way=replayed", &r);
    CHECK_STR(r.timing_mode, "replayed");
    CHECK_NEAR(r.value, 2e6, 1);
    CHECK_NEAR(r.floor_ns, 2, 0);
    CHECK_STR(r.notes[0], "proven");
    CHECK(seen.readied == 1 && seen.begun == seen.ended && seen.begun < 10);
    CHECK(seen.replayed > 10 && seen.most == 100);
    CHECK(seen.once <= 200);
    CHECK_EQ(r.runs[0].sampling.reps, 100);
    result_release(&r);

    measure("way=single", &r);
    CHECK_STR(r.timing_mode, "single");
    CHECK_NEAR(r.value, 1e6, 1);
    CHECK_EQ(r.runs[0].sampling.reps, 1);
    CHECK_EQ(seen.most, 1);
    result_release(&r);

    measure("way=unfit", &r);
    CHECK_EQ(r.status, RESULT_SKIPPED);
    CHECK(strstr(r.reason, "does not work here") != NULL);
    CHECK_EQ(seen.begun, 0);
    CHECK_EQ(seen.inspected, 0);
    result_release(&r);

    /* One that spans devices is not asked for a repetition on one of them. */
    measure_of(&bench_spanning, "way=own", &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_EQ(seen.inspected, 0);
    CHECK(strncmp(result_find(&r, "launches")->text, "not recorded", 12) == 0);
    result_release(&r);
    TEST_DONE();
}
