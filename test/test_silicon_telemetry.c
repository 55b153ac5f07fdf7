/* test_silicon_telemetry.c - power as a metric: what core makes of a window's energy, and how
 * silicon.telemetry holds the counter against the power readings. */
#include <unistd.h>

#include "core/device.h"
#include "core/mem.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"
#include "test.h"

/* ---- what core makes of it */

static double joules, joules_lo, joules_hi, throttled;
static int marks, windows;

static int fake_open(void **handle, struct err *e)
{
    (void)e;
    *handle = &joules;
    return 0;
}

static void fake_close(void *handle)
{
    (void)handle;
}

static void fake_focus(void *handle, const struct device *d)
{
    CHECK(handle == &joules && d->kind == DEVICE_CPU);
}

static void fake_mark(void *handle)
{
    CHECK(handle == &joules);
    marks++;
}

static void fake_window(void *handle, uint64_t t0_ns, uint64_t t1_ns, struct result_run *run)
{
    CHECK(handle == &joules && t0_ns < t1_ns);
    windows++;
    run->energy_j = joules;
    run->energy_lo_j = joules_lo;
    run->energy_hi_j = joules_hi;
    run->energy_s = 2;
    run->throttled_fraction = throttled;
    snprintf(run->throttle_causes, sizeof(run->throttle_causes), "power cap %.0f %%",
             100 * throttled);
    snprintf(run->device_faults, sizeof(run->device_faults), "1 XID errors (XID 31)");
    snprintf(run->energy_reason, sizeof(run->energy_reason), "the counter is not there");
}

static const struct worker_services services = {
    .telemetry_open = fake_open,
    .telemetry_close = fake_close,
    .telemetry_focus = fake_focus,
    .telemetry_mark = fake_mark,
    .telemetry_window = fake_window,
};

static int nothing(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    return 0;
}

static int nap(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    usleep(2000);
    return 0;
}

static void some_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    (void)c;
    (void)state;
    w->flops = 1e9;
}

static const struct monitor_ops monitor = { .source = "a fake", .energy_window_min_s = 0.2 };

static void measure(const struct metric *m, double seconds, struct result *out)
{
    struct bench b = { .name = "nap",
                       .question = "?",
                       .devices = DEVICE_CPU,
                       .metric = *m,
                       .sustained = true,
                       .setup = nothing,
                       .verify = nothing,
                       .once = nap,
                       .work = some_work };
    struct device_ops ops = device_cpu_ops;
    struct device d = { .kind = DEVICE_CPU, .name = "cpu", .ops = &ops };
    struct ceilings ceilings = { 0 };
    struct worker_options o = {
        .seed = 1, .target = 0.01, .services = &services, .ceilings = &ceilings
    };
    struct params p = { 0 };
    struct worker *w;

    ops.monitor = &monitor;
    ops.idle_row = "idle row";
    CHECK_EQ(ceilings_put(&ceilings,
                          &(struct ceiling){ .key = "idle row @cpu", .value = 12, .unit = "W" },
                          NULL),
             0);
    CHECK_EQ(worker_open(&w, &o, NULL), 0);
    CHECK_EQ(worker_case(w, &b, &d, &p, seconds, out), 0);
    worker_close(w);
    ceilings_release(&ceilings);
}

/* On a busy machine there are others. */
static bool noted(const struct result *r, const char *text)
{
    for (int i = 0; i < RESULT_NOTES; i++)
        if (strstr(r->notes[i], text))
            return true;
    return false;
}

static void test_metrics(void)
{
    const struct metric watts = { "power", "W", METRIC_WATTS, 1, LOWER_IS_BETTER };
    const struct metric per_j = { "efficiency", "GFLOP/J", METRIC_FLOPS_PER_J, 1e-9,
                                  HIGHER_IS_BETTER };
    struct result r = { 0 };
    double ns;

    joules = 100;
    joules_lo = 90;
    joules_hi = 120;
    throttled = 0.93;
    marks = windows = 0;
    measure(&watts, 0.3, &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_NEAR(r.value, 50, 1e-9);
    CHECK_NEAR(r.value_lo, 45, 1e-9);
    CHECK_NEAR(r.value_hi, 60, 1e-9);
    CHECK_NEAR(r.runs[0].idle_w, 12, 0);
    CHECK_EQ(marks, 1);
    CHECK_EQ(windows, 1);
    CHECK(noted(&r, "held down in the window: power cap 93 %"));
    CHECK(noted(&r, "during this row: 1 XID errors (XID 31)"));
    result_release(&r);
    throttled = 0.04; /* too little to be noted */
    measure(&per_j, 0.1, &r);
    CHECK_EQ(r.status, RESULT_OK);
    ns = r.runs[0].sampling.summary.median;
    CHECK_NEAR(r.value, 1 / (50 * ns * 1e-9), 1e-9);
    CHECK(r.value_lo <= r.value && r.value <= r.value_hi);
    CHECK(r.value_hi >= 1 / (45 * ns * 1e-9) - 1e-9);
    CHECK_EQ(marks, 1); /* too short a row for its energy */
    CHECK(!noted(&r, "held down"));
    result_release(&r);
    joules = NAN;
    measure(&watts, 0.1, &r);
    CHECK_EQ(r.status, RESULT_SKIPPED);
    CHECK(isnan(r.value));
    CHECK_STR(r.reason, "no energy: the counter is not there");
    result_release(&r);
}

/* ---- counter against readings */

enum { READINGS = 131 };

static double times[READINGS], watts_read[READINGS];

/* `watts` read every tenth of a second for 13 s, of which the last `counted_s` the counter gave
 * `counted_w`. */
static int agrees(double watts, double counted_w, double counted_s, struct check *check)
{
    const struct bench *b = registry_find("silicon.telemetry");
    struct series power = { .name = "gpu.power", .t_s = times, .value = watts_read, .n = READINGS };
    struct result_run run = { .energy_j = counted_w * counted_s, .energy_s = counted_s };
    struct result result = { .n_runs = 1, .runs = &run };
    struct bench_ctx c = { .bench = b, .result = &result };
    struct err e = { 0 };
    void *state = mem_calloc(1, b->state_size); /* zeroed: nothing runs */
    int rc;

    if (!state)
        exit(1);
    for (int i = 0; i < READINGS; i++) {
        times[i] = 0.1 * i;
        watts_read[i] = times[i] < 13 - counted_s - 0.05 ? 1000 : watts; /* before: not counted */
    }
    run.telemetry = &power;
    run.n_telemetry = 1;
    run.sampling.warmup_s = 0.5;
    run.sampling.wall_s = 12.5;
    rc = b->verify(&c, state, &e);
    *check = c.check;
    mem_free(state);
    return rc;
}

static void test_agreement(void)
{
    struct check check;

    CHECK_EQ(agrees(400, 400, 12, &check), 0);
    CHECK_NEAR(check.error, 0, 1e-9);
    CHECK_NEAR(check.tolerance, 0.05, 0);
    CHECK(strstr(check.reference, "131 power readings") != NULL);
    CHECK_EQ(agrees(400, 419, 12, &check), 0);
    CHECK_NEAR(check.error, 0.0475, 1e-9);
    CHECK_EQ(agrees(400, 421, 12, &check), ERR_MISMATCH);
    CHECK_EQ(agrees(400, 379, 12, &check), ERR_MISMATCH);
    CHECK_EQ(agrees(400, 0.4, 12, &check), ERR_MISMATCH); /* millijoules taken for joules */
    /* Short windows may miss a step at each end: 0.2 s of 4. */
    CHECK_EQ(agrees(400, 436, 4, &check), 0);
    CHECK_NEAR(check.tolerance, 0.1, 1e-9);
    CHECK_EQ(agrees(400, 444, 4, &check), ERR_MISMATCH);
    CHECK_EQ(agrees(400, NAN, 12, &check), 0); /* without energy the row is skipped by core */
    CHECK_EQ(agrees(NAN, 400, 12, &check), 0); /* no second way to look */
}

int main(void)
{
    test_metrics();
    test_agreement();
    TEST_DONE();
}
