/* Rows measured in this process: what each way to go wrong does to the row. */
#include "core/worker.h"

#include "core/device.h"
#include "core/plan.h"
#include "fake_benches.h"
#include "test.h"

static struct ceilings ceilings;
static struct device devices[DEVICES_MAX];
static char why[64];

static const struct device_ops *const kinds[] = { &device_cpu_ops, NULL };

static double seconds = 0.1;

static int measure(const char *bench, const char *settings, struct result *out,
                   const struct worker_options *o)
{
    struct worker *w;
    struct params p;
    struct err e = { 0 };
    int rc;

    CHECK_EQ(worker_open(&w, o, &e), 0);
    CHECK_EQ(plan_point(registry_find(bench), settings, &p, &e), 0);
    rc = worker_case(w, registry_find(bench), &devices[0], &p, seconds, out);
    worker_close(w);
    return rc;
}

static void good_row(const struct worker_options *o)
{
    struct result r;

    CHECK_EQ(measure("fake.work", "", &r, o), 0);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK(r.value > 10000 && r.value < 50001);
    CHECK(r.value_lo <= r.value && r.value <= r.value_hi);
    CHECK(r.percent > 20 && r.percent < 102);
    CHECK(r.check.done && r.check.passed_before && r.check.passed_after);
    CHECK_STR(r.variant, "spinning");
    CHECK_STR(r.unit, "1/s");
    CHECK_STR(r.timing_mode, "wall");
    CHECK(r.runs[0].sampling.n >= 1);
    CHECK(r.floor_ns > 0);
    CHECK(ceilings_get(&ceilings, "fake.work mode=good us=20 size=4KiB @cpu") != NULL);
    result_release(&r);
}

static void bad_rows(const struct worker_options *o)
{
    static const struct {
        const char *settings;
        enum result_status status;
        const char *reason;
        int rc;
    } cases[] = {
        { "mode=wrong", RESULT_FAILED, "wrong output in verify: output differs by 1", 0 },
        { "mode=turns", RESULT_FAILED, "wrong output in verify", 0 },
        { "mode=absent", RESULT_SKIPPED, "this machine has no such thing", 0 },
        { "mode=broken", RESULT_FAILED, "the thing is broken", 0 },
        { "mode=allocs", RESULT_FAILED, "allocates memory inside the timed region", 0 },
        { "mode=too_fast", RESULT_INVALID, "measurement fault", 0 },
        { "mode=device", RESULT_FAILED, "the device fell off the bus", ERR_CUDA },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct result r;

        CHECK_EQ(measure("fake.work", cases[i].settings, &r, o), cases[i].rc);
        CHECK_EQ(r.status, cases[i].status);
        CHECK(strstr(r.reason, cases[i].reason) != NULL);
        CHECK(isnan(r.value) && isnan(r.value_lo) && isnan(r.percent));
        result_release(&r);
    }
}

/* Signs of life from inside a repetition; the last of `walks_left` is answered with "stop". */
static int walked, walks_left;

static int watch(void *self, const char *phase, const struct sampling_progress *p)
{
    (void)self;
    (void)p;
    if (strcmp(phase, "walking:25%") != 0)
        return 0;
    walked++;
    return --walks_left == 0 ? ERR_INTERRUPT : 0;
}

static void walking_row(struct worker_options o)
{
    struct result r;

    seconds = 0.6; /* one every 50 ms, for a quarter of it at least */
    o.progress = watch;
    CHECK_EQ(measure("fake.card", "path=near", &r, &o), 0);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK(walked >= 2 && walked <= 30);
    result_release(&r);
    walks_left = 2;
    CHECK_EQ(measure("fake.card", "path=near", &r, &o), ERR_INTERRUPT);
    CHECK_EQ(r.status, RESULT_SKIPPED);
    CHECK(strstr(r.reason, "stopped while walking") != NULL);
    result_release(&r);
    seconds = 0.1;
}

/* Every repetition finds what prepare() left. */
static void prepared_row(const struct worker_options *o)
{
    struct result r;

    CHECK_EQ(measure("fake.card", "path=near", &r, o), 0);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_STR(r.reason, "");
    CHECK_EQ(r.runs[0].sampling.reps, 1);
    result_release(&r);
}

/* A row whose limit is another row: measured when it is not known, again when the value is near. */
static void measured_limit(const struct worker_options *o)
{
    struct result r;

    ceilings_release(&ceilings);
    CHECK_EQ(measure("fake.share", "claim=honest", &r, o), 0);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_EQ(r.limits.l[0].kind, LIMIT_MEASURED);
    CHECK(r.percent > 30 && r.percent < 70); /* 40 us against 20 us */
    CHECK(strstr(r.limits.l[0].source, "fake.work mode=good us=20") != NULL);
    result_release(&r);
    CHECK_EQ(measure("fake.share", "claim=over", &r, o), 0);
    CHECK_EQ(r.status, RESULT_INVALID);
    CHECK(strstr(r.reason, "measured limit") != NULL);
    result_release(&r);
    CHECK_EQ(measure("fake.share", "claim=steps", &r, o), 0);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_EQ(r.limits.l[0].kind, LIMIT_LATENCY);
    CHECK_NEAR(r.limits.l[0].value, 1.5 * ceilings.c[0].value, 1e-9 * r.limits.l[0].value);
    CHECK_NEAR(r.limits.l[0].lo, 1.5 * ceilings.c[0].lo, 1e-9 * r.limits.l[0].value);
    CHECK_NEAR(r.limits.l[0].hi, 1.5 * ceilings.c[0].hi, 1e-9 * r.limits.l[0].value);
    CHECK(strstr(r.limits.l[0].source, "3 x fake.work mode=good us=20") != NULL);
    result_release(&r);
    /* A stale ceiling that is far too low must not make an honest row invalid. */
    struct ceiling low = ceilings.c[0];

    low.value = low.lo = low.hi = 100;
    CHECK_EQ(ceilings_put(&ceilings, &low, NULL), 0);
    CHECK_EQ(measure("fake.share", "claim=honest", &r, o), 0);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK(r.percent < 110);
    result_release(&r);
}

static int stop_now(void *self, const char *phase, const struct sampling_progress *p)
{
    int *left = self;

    (void)phase;
    return p && !p->warming_up && --*left <= 0 ? ERR_INTERRUPT : 0;
}

static void interrupted(struct worker_options o)
{
    struct result r;
    int left = 1;

    seconds = 2; /* so that a progress report falls into the kept part */
    o.progress = stop_now;
    o.progress_self = &left;
    CHECK_EQ(measure("fake.work", "", &r, &o), ERR_INTERRUPT);
    CHECK(r.status == RESULT_OK || r.status == RESULT_SKIPPED);
    if (r.status == RESULT_OK)
        CHECK(strstr(r.notes[0], "interrupted") || strstr(r.notes[1], "interrupted") ||
              strstr(r.notes[2], "interrupted"));
    result_release(&r);
}

static bool always_sustained(const struct params *p)
{
    return params_get(p, "us") == 20;
}

static double fake_clock_hz(void *handle)
{
    (void)handle;
    return 1.5e9;
}

/* A point may ask for the whole budget, and a device may know its own clock. */
static void sustained_and_clocked(const struct worker_options *o)
{
    struct bench b = bench_fake_work;
    struct device_ops ops = device_cpu_ops;
    struct device d = device_cpu;
    struct worker *w;
    struct params p;
    struct result r;

    b.sustained_of = always_sustained;
    ops.clock_hz = fake_clock_hz;
    ops.clock_source = "a fake";
    d.ops = &ops;
    CHECK_EQ(worker_open(&w, o, NULL), 0);
    CHECK_EQ(plan_point(&bench_fake_work, "us=20", &p, NULL), 0);
    CHECK_EQ(worker_case(w, &b, &d, &p, 0.3, &r), 0);
    CHECK(r.runs[0].sampling.warmup_s + r.runs[0].sampling.wall_s > 0.28);
    CHECK_EQ(r.runs[0].clock_hz_median, 1.5e9);
    CHECK_STR(r.runs[0].clock_source, "a fake");
    result_release(&r);
    worker_close(w);
}

static double waited_s;

static int waiting_cpu(struct worker_cpu *out, struct err *e)
{
    (void)e;
    *out = (struct worker_cpu){ .run_s = 1e-9 * (double)clock_now_ns(), .wait_s = waited_s };
    waited_s *= 2;
    return 0;
}

static void waiting(struct worker_options o)
{
    static const struct worker_services services = { .cpu_now = waiting_cpu };
    struct result r;

    o.services = &services;
    seconds = 0.1;
    waited_s = 0.1; /* 0.1 s in a row of 0.1 s: half of the time it could have run */
    CHECK_EQ(measure("fake.work", "", &r, &o), 0);
    CHECK_EQ(r.runs[0].sampling.stop, SAMPLING_UNSTABLE);
    CHECK(strstr(r.runs[0].sampling.why, "waited for a CPU") || strstr(r.notes[0], "unstable"));
    result_release(&r);
    waited_s = 1e-4;
    CHECK_EQ(measure("fake.work", "", &r, &o), 0);
    CHECK(strstr(r.runs[0].sampling.why, "waited for a CPU") == NULL);
    result_release(&r);
}

/* Every allocation of a row fails once: an error each time, no leak, no crash. */
static void out_of_memory(struct worker_options o)
{
    int failures = 0;

    for (uint64_t n = 1; n < 200; n++) {
        struct worker *w = NULL;
        struct result r = { 0 };
        struct params p;
        int rc;

        CHECK_EQ(plan_point(&bench_fake_work, "us=5", &p, NULL), 0);
        mem_fail_at(n);
        rc = worker_open(&w, &o, NULL);
        if (rc == 0)
            rc = worker_case(w, &bench_fake_work, &devices[0], &p, 0.01, &r);
        mem_fail_at(0);
        CHECK(rc == 0 || rc == ERR_NOMEM);
        failures += rc == ERR_NOMEM || r.status == RESULT_FAILED;
        result_release(&r);
        worker_close(w);
    }
    CHECK(failures >= 5);
}

int main(void)
{
    struct worker_options o = { .seed = 1, .dir = ".", .target = 0.005, .ceilings = &ceilings };

    CHECK_EQ(device_list(kinds, devices, why, sizeof(why)), 1);
    prepared_row(&o);
    walking_row(o);
    good_row(&o);
    bad_rows(&o);
    measured_limit(&o);
    sustained_and_clocked(&o);
    waiting(o);
    interrupted(o);
    out_of_memory(o);
    ceilings_release(&ceilings);
    TEST_DONE();
}
