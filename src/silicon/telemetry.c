/* telemetry.c - silicon.telemetry: what a device draws when idle, under a load, and after it.
 *
 * Power is the device's energy counter over the time of the row, which core takes from the
 * background sampler (METRIC_WATTS); the series of power, clock and temperature are in the result.
 *
 * idle      nothing runs; on a GPU the process holds a context, as a server that waits does
 * load      a copy through a GPU's memory, or multiply-adds on all cores: work per joule
 * cooldown  what is drawn once such a load has ended: the series is of all of it, the value of the
 *           time after the warm-up of the sampling
 *
 * Check   the load's output; on a GPU also the counter against the integral of the power readings
 *         over the same time: two ways from the same sensor that the driver goes apart. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "host/normal.h"
#include "silicon/telemetry/heater.h"

enum phase { IDLE, LOAD, COOLDOWN };
enum { STREAM, FMA };

/* Clocks fall for a second or two after the last work. */
static const uint64_t SETTLE_NS = 2000000000, WAIT_NS = 20000000;
static const double HEAT_S = 3;
/* Counter and power readings move every 0.1 s: the ends of a window may each be off by one step.
 * From AGREED_S on that is below the 5 % that we hold them to. */
static const double STEP_S = 0.1, AGREED_S = 10, AGREEMENT = 0.05;

struct state {
    enum phase phase;
    const struct heater *heater;
    void *heated; /* its state; owned; NULL while idle */
};

static const char *const phase_names[] = { "idle", "load", "cooldown", NULL };
static const char *const load_names[] = { "stream", "fma", NULL };

static const struct axis axes[] = {
    { .name = "phase",
      .help = "nothing runs, a steady load runs, or one has just ended",
      .kind = AXIS_ENUM,
      .names = phase_names,
      .normal = "idle,load,cooldown" },
    { .name = "load",
      .help = "a copy through a GPU's memory, or multiply-adds on all cores of the CPU",
      .kind = AXIS_ENUM,
      .names = load_names,
      .normal = "stream" },
};

static const struct plan plans[] = {
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "phase=idle", 4 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "phase=load load=stream", 13 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "phase=cooldown load=stream", 5 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "phase=idle", 3 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "phase=load,cooldown load=fma", 4 },
};

static bool exists(const struct params *p, const struct device *d)
{
    return params_get(p, "phase") == IDLE ||
           params_get(p, "load") == (d->kind == DEVICE_GPU ? STREAM : FMA);
}

static bool applies(const struct params *p, const struct axis *a)
{
    return strcmp(a->name, "load") != 0 || params_get(p, "phase") != IDLE;
}

static const struct metric power = { "power", "W", METRIC_WATTS, 1, LOWER_IS_BETTER };
static const struct metric bytes = { "efficiency", "GB/J", METRIC_BYTES_PER_J, 1e-9,
                                     HIGHER_IS_BETTER };
static const struct metric flops = { "efficiency", "GFLOP/J", METRIC_FLOPS_PER_J, 1e-9,
                                     HIGHER_IS_BETTER };

static const struct metric *metric_of(const struct params *p)
{
    if (params_get(p, "phase") != LOAD)
        return &power;
    return params_get(p, "load") == STREAM ? &bytes : &flops;
}

static const char *timing_of(const struct params *p, const struct device *d)
{
    return d->kind == DEVICE_GPU && params_get(p, "phase") != LOAD ? "wall" : NULL;
}

static const struct heater *heater_of(const struct device *d)
{
#if HAVE_CUDA
    if (d->kind == DEVICE_GPU)
        return &heater_gpu;
#endif
    (void)d;
    return &heater_cpu;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = 0;

    s->phase = (enum phase)params_get(c->params, "phase");
    s->heater = heater_of(c->device);
    TRY(s->heater->meter(c, e));
    if (s->phase == IDLE) {
        snprintf(c->variant, sizeof(c->variant), "nothing runs");
        clock_sleep_ns(SETTLE_NS);
        return 0;
    }
    s->heated = mem_calloc(1, s->heater->state_size);
    if (!s->heated)
        return ERR(e, ERR_NOMEM, "no memory for the load");
    TRY(s->heater->open(c, s->heated, e));
    if (s->phase == COOLDOWN) {
        TRY(s->heater->check(c, s->heated, e));
        TRY(s->heater->heat(s->heated, HEAT_S, e));
    }
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    if (s->phase == LOAD)
        return s->heater->run(s->heated, e);
    clock_sleep_ns(WAIT_NS);
    return 0;
}

static const struct series *series_of(const struct result_run *run, const char *name)
{
    for (int i = 0; i < run->n_telemetry; i++)
        if (strcmp(run->telemetry[i].name, name) == 0 && run->telemetry[i].n > 1)
            return &run->telemetry[i];
    return NULL;
}

/* Mean of the power readings from `from_s` on, by the trapezoidal rule; *most the highest. */
static double integrate(const struct series *s, double from_s, double *most)
{
    double joules = 0, seconds = 0;

    *most = 0;
    for (size_t i = 1; i < s->n; i++) {
        double dt = s->t_s[i] - s->t_s[i - 1];

        if (s->t_s[i - 1] < from_s)
            continue;
        joules += dt * (s->value[i] + s->value[i - 1]) / 2;
        seconds += dt;
        *most = fmax(*most, fmax(s->value[i], s->value[i - 1]));
    }
    return joules / seconds;
}

/* The counter against the integral of power over the same time. */
static int agree(struct bench_ctx *c, const struct result_run *run, struct err *e)
{
    const struct series *p = series_of(run, "gpu.power");
    double counted = run->energy_j / run->energy_s, end_s, most, mean;

    if (!p || isnan(counted))
        return 0;
    end_s = run->sampling.warmup_s + run->sampling.wall_s;
    mean = integrate(p, end_s - run->energy_s, &most);
    if (!isfinite(mean))
        return 0;
    snprintf(c->check.reference, sizeof(c->check.reference),
             "energy counter against the integral of %zu power readings", p->n);
    c->check.error = fabs(counted / mean - 1);
    c->check.tolerance = AGREEMENT;
    if (run->energy_s < AGREED_S)
        c->check.tolerance += 2 * STEP_S / run->energy_s * most / mean;
    result_note(c->result, "%.1f W by the counter, %.1f W by the power readings, over %.1f s",
                counted, mean, run->energy_s);
    if (!(c->check.error <= c->check.tolerance))
        return ERR(e, ERR_MISMATCH, "the energy counter says %.1f W, the power readings %.1f W",
                   counted, mean);
    return 0;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = 0;

    c->check.error = c->check.tolerance = 0;
    snprintf(c->check.reference, sizeof(c->check.reference), "nothing is computed");
    /* The check is work too: it must not heat what has begun to cool down. */
    if (s->phase == LOAD)
        TRY(s->heater->check(c, s->heated, e));
    if (c->result->n_runs > 0)
        TRY(agree(c, &c->result->runs[0], e));
out:
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;

    (void)c;
    if (s->phase == LOAD)
        s->heater->work(s->heated, w);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    limit_none(out, "no bound on what a device draws or does with a joule is known");
    return 0;
}

static void expect(const struct bench_ctx *c, const void *state, struct expected *out)
{
    const struct state *s = state;

    if (s->phase == IDLE)
        normal_find(c->device->model, "silicon.telemetry", "phase=idle", out);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    if (s->heated)
        s->heater->close(s->heated);
    mem_free(s->heated);
    *s = (struct state){ 0 };
}

const struct bench bench_silicon_telemetry = {
    .name = "silicon.telemetry",
    .question = "What does the device draw when idle, under load and after it?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = { "power", "W", METRIC_WATTS, 1, LOWER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .sustained = true,
    .exists = exists,
    .applies = applies,
    .metric_of = metric_of,
    .timing_of = timing_of,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .expect = expect,
    .teardown = teardown,
};
