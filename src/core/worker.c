/* worker.c - measures rows, one after the other, in the process it is called in. */
#include "core/worker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/device.h"
#include "core/mem.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/stats.h"

enum { HANDLES_MAX = 16, CLOCK_PROBES_MAX = 8192, ALIVE_NS = 50000000 };

/* Paper limits rest on a clock that is itself measured; this much above one is not yet a fault. */
static const double PAPER_SLACK = 0.02;
/* From here on a measured ceiling is measured again, next to the value. */
static const double NEAR_CEILING_PERCENT = 95;
static const double CEILING_SECONDS = 0.4;
/* A share of waiting that matters: as much as a drift of the samples that does. */
static const double WAIT_SHARE = 0.02;
/* Less of the window under a cap does not move a median. */
static const double THROTTLE_NOTED = 0.05;

struct worker {
    struct worker_options o;
    void *telemetry;
    struct {
        const struct device *device;
        void *handle;
    } handles[HANDLES_MAX];
    int n_handles;
    int depth;            /* rows measured inside a row: ceilings have no ceilings of their own */
    bool refresh;         /* measure ceilings again although they are known */
    double *clock_probes; /* of the row that is being sampled */
    int n_probes;
    uint64_t alive_ns; /* the last bench_progress() that was passed on */
};

/* One row while it is being measured. */
struct row {
    struct worker *w;
    struct bench_ctx ctx;
    void *state;
    struct device_timing timing; /* the device's own way, or the one that the benchmark asks for */
    uint64_t recorded;           /* repetitions that a replay does; 0: nothing is recorded */
    struct hist *ops;
    const char *phase;
    bool set_up;
    bool stopped;          /* from outside, while sampling */
    bool marked;           /* the telemetry knows that the warm-up is over */
    bool sampled;          /* there are samples: a signal no longer takes the row away */
    bool measured;         /* and the check after them passed */
    uint64_t t0_ns, t1_ns; /* the sampling window */
    bool cpu_known;
    struct worker_cpu cpu_from; /* when the window began */
};

int worker_open(struct worker **out, const struct worker_options *o, struct err *e)
{
    struct worker *w = mem_calloc(1, sizeof(*w));
    int rc = 0;

    *out = NULL;
    if (!w)
        return ERR(e, ERR_NOMEM, "no memory for a worker");
    w->o = *o;
    w->clock_probes = mem_calloc(CLOCK_PROBES_MAX, sizeof(*w->clock_probes));
    if (!w->clock_probes) {
        rc = ERR(e, ERR_NOMEM, "no memory for a worker");
        goto out;
    }
    if (o->services && o->services->telemetry_open)
        TRY(o->services->telemetry_open(&w->telemetry, e));
    *out = w;
out:
    if (rc < 0)
        worker_close(w);
    return rc;
}

void worker_close(struct worker *w)
{
    if (!w)
        return;
    for (int i = 0; i < w->n_handles; i++)
        w->handles[i].device->ops->close(w->handles[i].handle);
    if (w->telemetry)
        w->o.services->telemetry_close(w->telemetry);
    mem_free(w->clock_probes);
    mem_free(w);
}

static int worker_handle(struct worker *w, const struct device *d, void **handle, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < w->n_handles; i++)
        if (w->handles[i].device == d) {
            *handle = w->handles[i].handle;
            return 0;
        }
    if (w->n_handles == HANDLES_MAX)
        return ERR(e, ERR_NOMEM, "more than %d devices in one run", HANDLES_MAX);
    TRY(d->ops->open(d, handle, e));
    w->handles[w->n_handles].device = d;
    w->handles[w->n_handles++].handle = *handle;
out:
    return rc;
}

uint64_t op_start(const struct bench_ctx *c)
{
    return c->ops ? clock_now_ns() : 0;
}

void op_done(const struct bench_ctx *c, uint64_t started)
{
    if (c->ops)
        hist_add(c->ops, clock_now_ns() - started);
}

int bench_progress(const struct bench_ctx *c, const char *what, uint64_t done, uint64_t total)
{
    struct worker *w = c->worker;
    uint64_t now = clock_now_ns();
    char phase[16];

    if (!w || !w->o.progress || now - w->alive_ns < ALIVE_NS)
        return 0;
    w->alive_ns = now;
    snprintf(phase, sizeof(phase), "%.10s:%.0f%%", what,
             total ? 100 * fmin(1, (double)done / (double)total) : 0);
    return w->o.progress(w->o.progress_self, phase, NULL) == ERR_INTERRUPT ? ERR_INTERRUPT : 0;
}

static int say(struct row *r, const char *phase, const struct sampling_progress *p)
{
    int rc;

    r->phase = phase;
    rc = r->w->o.progress ? r->w->o.progress(r->w->o.progress_self, phase, p) : 0;
    return rc == ERR_INTERRUPT && r->sampled ? 0 : rc;
}

static int row_timing_ready(struct row *r, struct result *out, struct err *e)
{
    char note[sizeof(out->notes[0])] = "";
    int rc = 0;

    if (r->timing.ready)
        TRY(r->timing.ready(r->ctx.device_handle, note, sizeof(note), e));
    if (note[0])
        result_note(out, "%s", note);
    out->floor_ns = r->timing.floor_ns(r->ctx.device_handle);
out:
    return rc;
}

/* The repetitions, timed or only recorded. */
static int row_repeat(struct row *r, uint64_t reps, double *ns, struct err *e)
{
    uint64_t allocations = mem_count();
    int rc = 0;

    TRY(r->timing.begin(r->ctx.device_handle, e));
    for (uint64_t i = 0; i < reps && rc == 0; i++)
        rc = r->ctx.bench->once(&r->ctx, r->state, e);
    if (rc < 0) {
        r->timing.end(r->ctx.device_handle, ns, NULL); /* no recording stays open */
        goto out;
    }
    TRY(r->timing.end(r->ctx.device_handle, ns, e));
    if (mem_count() != allocations && !r->ctx.bench->allocates)
        rc = ERR(e, ERR_ARG, "%s allocates memory inside the timed region", r->ctx.bench->name);
out:
    return rc;
}

/* The sampling driver's view of a row. */
static int row_sample(void *self, uint64_t reps, double *ns, struct err *e)
{
    struct row *r = self;
    int rc = 0;

    if (r->ctx.bench->prepare)
        TRY(r->ctx.bench->prepare(&r->ctx, r->state, e));
    if (!r->timing.replay)
        return row_repeat(r, reps, ns, e);
    if (r->recorded != reps) {
        r->recorded = 0;
        TRY(row_repeat(r, reps, ns, e));
        r->recorded = reps;
    }
    TRY(r->timing.replay(r->ctx.device_handle, ns, e));
out:
    return rc;
}

static int row_between(void *self, struct err *e)
{
    struct row *r = self;
    struct worker *w = r->w;
    const struct device_ops *ops = r->ctx.device->ops;
    double hz = NAN;

    (void)e;
    if (w->n_probes == CLOCK_PROBES_MAX)
        return 0;
    if (ops->clock_hz && !r->timing.quiet)
        hz = ops->clock_hz(r->ctx.device_handle);
    else if (r->ctx.device->kind == DEVICE_CPU && w->o.services && w->o.services->clock_hz)
        hz = w->o.services->clock_hz();
    if (isfinite(hz))
        w->clock_probes[w->n_probes++] = hz;
    return 0;
}

static uint64_t row_now(void *self)
{
    (void)self;
    return clock_now_ns();
}

/* Between two samples: it costs the row nothing that is timed, but some milliseconds of its time,
 * so a row that is too short for its energy to be known goes without. */
static void row_mark(struct row *r)
{
    const struct worker_services *s = r->w->o.services;
    const struct monitor_ops *m = r->ctx.device->ops->monitor;

    r->marked = true;
    if (!m || r->ctx.seconds < m->energy_window_min_s)
        return;
    if (s && s->telemetry_mark && r->w->telemetry)
        s->telemetry_mark(r->w->telemetry);
}

static int row_progress(void *self, const struct sampling_progress *p)
{
    struct row *r = self;

    if (p->warming_up && r->ops)
        hist_reset(r->ops); /* percentiles are of the kept part only */
    if (!p->warming_up && !r->marked)
        row_mark(r);
    if (say(r, p->warming_up ? "warm-up" : "sampling", p) < 0)
        r->stopped = true;
    return r->stopped || (r->ctx.enough && !p->warming_up) ? ERR_INTERRUPT : 0;
}

/* The account of CPU time; without one nothing is known of waiting. */
static bool row_cpu(const struct row *r, struct worker_cpu *out)
{
    const struct worker_services *s = r->w->o.services;

    *out = (struct worker_cpu){ 0 };
    return s && s->cpu_now && s->cpu_now(out, NULL) == 0;
}

/* Samples agree with each other while a neighbour takes the same share of the CPU all along; the
 * next run, with another neighbour, agrees with none of them. */
static void row_judge_wait(struct row *r, struct sampling_result *s)
{
    double wall_s = s->warmup_s + s->wall_s, run_s, wait_s;
    struct worker_cpu now;

    if (!r->cpu_known || s->n == 0 || s->stop == SAMPLING_UNSTABLE || !row_cpu(r, &now))
        return;
    run_s = fmax(0, now.run_s - r->cpu_from.run_s);
    wait_s = fmax(0, now.wait_s - r->cpu_from.wait_s);
    if (wait_s <= WAIT_SHARE * (run_s + wait_s) || wait_s <= WAIT_SHARE * wall_s)
        return;
    s->stop = SAMPLING_UNSTABLE;
    snprintf(s->why, sizeof(s->why),
             "its threads waited for a CPU %.0f %% of the time they could have run",
             100 * wait_s / (run_s + wait_s));
}

/* A row measured inside another may be of another device: each says so before its window. */
static void row_focus(const struct row *r)
{
    const struct worker_services *s = r->w->o.services;

    if (s && s->telemetry_focus && r->w->telemetry)
        s->telemetry_focus(r->w->telemetry, r->ctx.device);
}

/* What the device draws when idle, where its row has been measured on this machine. */
static void row_idle(const struct row *r, struct result_run *run)
{
    const char *settings = r->ctx.device->ops->idle_row;
    const struct ceiling *idle;
    char key[sizeof(idle->key)];

    if (!settings || !r->w->o.ceilings)
        return;
    snprintf(key, sizeof(key), "%s @%s", settings, r->ctx.device->name);
    idle = ceilings_get(r->w->o.ceilings, key);
    if (idle)
        run->idle_w = idle->value;
}

static int row_run_sampling(struct row *r, double seconds, struct result_run *run, struct err *e)
{
    const struct bench *b = r->ctx.bench;
    const struct sampling_ops ops = {
        .sample = row_sample, .between = row_between, .now_ns = row_now, .progress = row_progress
    };
    struct sampling_config c = sampling_defaults();
    int rc = 0;

    c.seconds = seconds;
    c.target = r->w->o.target;
    c.keep_full_budget = b->sustained_of ? b->sustained_of(r->ctx.params) : b->sustained;
    /* Long enough to bury the clock and the bookkeeping (tools/bench-overhead.c), short enough for
     * some dozens of samples in the budget. */
    c.sample_ns = fmin(5e6, fmax(2.5e5, seconds * 1e9 / 400));
    if (b->max_reps)
        c.max_reps = b->max_reps;
    if (r->timing.max_reps && r->timing.max_reps < c.max_reps)
        c.max_reps = r->timing.max_reps;
    if (r->ctx.max_reps && r->ctx.max_reps < c.max_reps)
        c.max_reps = r->ctx.max_reps;
    r->w->n_probes = 0;
    row_focus(r);
    run->start_unix_s = clock_unix_s();
    r->cpu_known = row_cpu(r, &r->cpu_from);
    r->t0_ns = clock_now_ns();
    TRY(sampling_run(&c, &ops, r, &run->sampling, e));
    r->t1_ns = clock_now_ns();
    row_judge_wait(r, &run->sampling);
    if (run->sampling.interrupted && !r->stopped) {
        run->sampling.interrupted = false;
        if (run->sampling.stop != SAMPLING_UNSTABLE)
            snprintf(run->sampling.why, sizeof(run->sampling.why),
                     "the benchmark's own bound was reached (see its notes)");
    }
    if (r->w->o.services && r->w->o.services->telemetry_window && r->w->telemetry)
        r->w->o.services->telemetry_window(r->w->telemetry, r->t0_ns, r->t1_ns, run);
    row_idle(r, run);
out:
    return rc;
}

/* The clock is what was probed between the samples; without probes, what came with the window. */
static void row_clock(struct row *r, struct result_run *run)
{
    const double *p = r->w->clock_probes;
    size_t n = (size_t)r->w->n_probes;

    if (n == 0)
        return;
    snprintf(run->clock_source, sizeof(run->clock_source), "%s",
             r->ctx.device->ops->clock_hz ? r->ctx.device->ops->clock_source
                                          : "chain of dependent additions");
    run->clock_hz_median = stats_median(p, n);
    run->clock_hz_min = run->clock_hz_max = p[0];
    for (size_t i = 1; i < n; i++) {
        run->clock_hz_min = fmin(run->clock_hz_min, p[i]);
        run->clock_hz_max = fmax(run->clock_hz_max, p[i]);
    }
}

/* From times and energy to the row's unit.  More time and more watts are worse at once or better at
 * once, so the ends of both intervals together are the ends of the value's. */
static int row_value(struct row *r, struct result *out, const struct metric *m, struct err *e)
{
    struct result_run *run = &out->runs[0];
    const struct stats_summary *s = &run->sampling.summary;
    double a, b;

    if (metric_of_energy(m) && isnan(run->energy_j))
        return ERR(e, ERR_NOTSUP, "no energy: %s", run->energy_reason);
    r->ctx.bench->work(&r->ctx, r->state, &out->work);
    run->value = metric_energy_value(m, &out->work, s->median, run->energy_j / run->energy_s);
    a = metric_energy_value(m, &out->work, s->median_ci.lo, run->energy_lo_j / run->energy_s);
    b = metric_energy_value(m, &out->work, s->median_ci.hi, run->energy_hi_j / run->energy_s);
    run->value_lo = fmin(a, b);
    run->value_hi = fmax(a, b);
    return 0;
}

static void row_notes(struct result *out)
{
    const struct sampling_result *s = &out->runs[0].sampling;
    double sample_ns = s->summary.median * (double)s->reps;

    if (s->summary.mean > 0 && s->summary.std / s->summary.mean > 0.10)
        result_note(out,
                    "coefficient of variation %.0f %% (over 10 %%): the median stands, the "
                    "spread is part of the result",
                    100 * s->summary.std / s->summary.mean);
    if (out->runs[0].throttled_fraction >= THROTTLE_NOTED)
        result_note(out, "the clock was held down in the window: %s", out->runs[0].throttle_causes);
    if (out->runs[0].device_faults[0])
        result_note(out, "during this row: %s", out->runs[0].device_faults);
    if (sample_ns < 10 * out->floor_ns)
        result_note(out, "a sample of %.3g ns is below 10 times the timer's floor of %.3g ns",
                    sample_ns, out->floor_ns);
    if (s->n < 6)
        result_note(out, "samples that fit the time: only %zu; the interval is their range", s->n);
}

static void per_item(struct result *out, const char *what, const char *item, double value,
                     const char *unit, const char *why)
{
    char name[sizeof(out->properties[0].name)];

    snprintf(name, sizeof(name), "%s_per_%s", what, item);
    if (isfinite(value))
        result_property(out, name, value, unit);
    else
        result_property_text(out, name, "%s", why);
}

/* What an item costs beside time, over the window. */
static void row_per_item(const struct row *r, struct result *out)
{
    const char *item = r->ctx.bench->item;
    const struct result_run *run = &out->runs[0];
    double items = out->work.items * (double)(run->sampling.n * run->sampling.reps);

    if (!item || !(items > 0))
        return;
    per_item(out, "cpu_time", item, run->cpu_seconds * 1e6 / items, "us", "not known here");
    per_item(out, "context_switches", item, run->context_switches / items, "", "not known here");
    per_item(out, "energy", item, run->energy_j / run->energy_s * run->sampling.wall_s / items, "J",
             run->energy_reason);
}

static void row_ops(const struct row *r, struct ops_latency *o)
{
    if (!r->ops || r->ops->count == 0)
        return;
    o->n = r->ops->count;
    o->mean_ns = hist_mean(r->ops);
    o->min_ns = (double)r->ops->min;
    o->max_ns = (double)r->ops->max;
    o->p50_ns = hist_quantile(r->ops, 0.50);
    o->p90_ns = hist_quantile(r->ops, 0.90);
    o->p95_ns = hist_quantile(r->ops, 0.95);
    o->p99_ns = hist_quantile(r->ops, 0.99);
    o->p999_ns = hist_quantile(r->ops, 0.999);
}

static int row_limits_once(struct row *r, struct result *out, struct err *e)
{
    int rc = 0;

    out->limits = (struct limits){ .binding = -1 };
    if (r->ctx.bench->limit)
        TRY(r->ctx.bench->limit(&r->ctx, r->state, &out->limits, e));
    limits_bind(&out->limits, out->direction);
    result_settle(out);
out:
    return rc;
}

/* A probe reads low while somebody else has the core, and the clock may have moved during the row:
 * a value above a paper limit made from the median clock is held against the highest seen. */
static int row_limits_paper(struct row *r, struct result *out, struct err *e)
{
    const struct result_run *run = &out->runs[0];
    int rc = 0;

    r->ctx.clock_hz = run->clock_hz_median;
    TRY(row_limits_once(r, out, e));
    if (out->percent > 100 && out->limits.l[out->limits.binding].kind == LIMIT_PAPER &&
        run->clock_hz_max > run->clock_hz_median) {
        r->ctx.clock_hz = run->clock_hz_max;
        TRY(row_limits_once(r, out, e));
    }
out:
    return rc;
}

/* Limits, and where the value comes near a measured ceiling, that ceiling again beside it. */
static int row_limits(struct row *r, struct result *out, struct err *e)
{
    struct worker *w = r->w;
    int rc = 0;

    out->limits = (struct limits){ .binding = -1 };
    result_settle(out);
    if (w->depth > 1)
        return 0;
    TRY(say(r, "limit", NULL));
    TRY(row_limits_paper(r, out, e));
    if (out->percent > NEAR_CEILING_PERCENT &&
        out->limits.l[out->limits.binding].kind != LIMIT_PAPER) {
        w->refresh = true;
        rc = row_limits_once(r, out, e);
        w->refresh = false;
    }
    if (r->ctx.bench->expect)
        r->ctx.bench->expect(&r->ctx, r->state, &out->expected);
out:
    return rc;
}

static int row_once(void *self, struct err *e)
{
    struct row *r = self;

    return r->ctx.bench->once(&r->ctx, r->state, e);
}

/* After the last check: what a repetition leaves when it is only recorded is not looked at. */
static void row_inspect(struct row *r, struct result *out)
{
    const struct device_ops *ops = r->ctx.device->ops;

    if (!ops->inspect || r->w->depth > 1)
        return;
    if (r->ctx.bench->several_devices)
        result_property_text(out, "launches", "not recorded: a repetition is of several devices");
    else
        ops->inspect(r->ctx.device_handle, row_once, r, out);
}

static int row_measure(struct row *r, double seconds, const struct metric *m, struct result *out,
                       struct err *e)
{
    const struct bench *b = r->ctx.bench;
    struct result_run *run;
    int rc = 0;

    TRY(worker_handle(r->w, r->ctx.device, &r->ctx.device_handle, e));
    TRY(row_timing_ready(r, out, e));
    TRY(say(r, "setup", NULL));
    r->set_up = true;
    TRY(b->setup(&r->ctx, r->state, e));
    TRY(say(r, "verify", NULL));
    TRY(b->verify(&r->ctx, r->state, e));
    r->ctx.check.passed_before = true;
    r->ctx.ops = r->ops;
    out->n_runs = 1;
    run = &out->runs[0];
    TRY(row_run_sampling(r, seconds, run, e));
    r->ctx.ops = NULL;
    if (run->sampling.n == 0) { /* the signal came during the warm-up */
        sampling_release(&run->sampling);
        out->n_runs = 0;
        return ERR(e, ERR_INTERRUPT, "interrupted before it was measured");
    }
    r->sampled = true;
    row_clock(r, run);
    row_ops(r, &run->ops);
    TRY(say(r, "verify", NULL));
    TRY(b->verify(&r->ctx, r->state, e));
    r->ctx.check.passed_after = r->ctx.check.done = true;
    TRY(row_value(r, out, m, e));
    out->status = RESULT_OK;
    r->measured = true;
    row_notes(out);
    row_per_item(r, out);
    row_inspect(r, out);
    TRY(row_limits(r, out, e));
    if (run->sampling.interrupted)
        rc = ERR(e, ERR_INTERRUPT, "interrupted while sampling; the samples until then are kept");
out:
    return rc;
}

/* What an error means for the row. */
static void row_failed(struct result *out, const struct row *r, int rc, const struct err *e)
{
    if (rc == ERR_INTERRUPT && r->measured) {
        result_note(out, "%s", e->msg);
        return;
    }
    out->status = rc == ERR_NOTSUP      ? RESULT_SKIPPED
                  : rc == ERR_INTERRUPT ? RESULT_SKIPPED
                                        : RESULT_FAILED;
    if (rc == ERR_NOTSUP || rc == ERR_INTERRUPT)
        snprintf(out->reason, sizeof(out->reason), "%s",
                 e->msg[0] ? e->msg : "interrupted before it was measured");
    else
        snprintf(out->reason, sizeof(out->reason), "%s in %s: %s", err_name(rc), r->phase, e->msg);
}

static int row_begin(struct row *r, const struct bench *b, struct result *out, struct err *e)
{
    r->state = mem_calloc(1, b->state_size ? b->state_size : 1);
    r->ops = b->ops_latency ? mem_calloc(1, sizeof(*r->ops)) : NULL;
    out->runs = mem_calloc(1, sizeof(*out->runs));
    if (!r->state || (b->ops_latency && !r->ops) || !out->runs)
        return ERR(e, ERR_NOMEM, "no memory for the row's state");
    if (r->ops)
        hist_reset(r->ops);
    result_run_init(&out->runs[0]);
    return 0;
}

void worker_describe(struct result *out, const struct bench *b, const struct device *d,
                     const struct params *p)
{
    const struct metric *m = b->metric_of ? b->metric_of(p) : &b->metric;

    *out = (struct result){ .params = *p,
                            .direction = m->direction,
                            .value = NAN,
                            .value_lo = NAN,
                            .value_hi = NAN,
                            .percent = NAN };
    snprintf(out->name, sizeof(out->name), "%s", b->name);
    snprintf(out->device, sizeof(out->device), "%s", d->name);
    snprintf(out->metric, sizeof(out->metric), "%s", m->name);
    snprintf(out->unit, sizeof(out->unit), "%s", m->unit);
    snprintf(out->timing_mode, sizeof(out->timing_mode), "%s", device_timing_of(b, d, p).name);
    for (int i = 0; i < p->n; i++)
        snprintf(out->axis_name[i], sizeof(out->axis_name[i]), "%s", p->p[i].axis->name);
    out->limits.binding = -1;
    out->expected.lo = out->expected.hi = NAN;
    out->check.error = out->check.tolerance = NAN;
    result_ops_init(&out->ops);
}

static void row_gate(struct worker *w, struct result *out)
{
    const struct limit *l;
    char why[256];

    if (out->status != RESULT_OK || out->limits.binding < 0 || w->depth > 1)
        return;
    l = &out->limits.l[out->limits.binding];
    if (limits_implausible(out, l->kind == LIMIT_PAPER ? PAPER_SLACK : 0, why, sizeof(why))) {
        out->status = RESULT_INVALID;
        snprintf(out->reason, sizeof(out->reason), "%s", why);
        out->value = out->value_lo = out->value_hi = out->percent = NAN;
    }
}

/* A good row is a ceiling for others. */
static void row_offer_ceiling(struct worker *w, const struct result *out)
{
    struct ceiling c = { .value = out->value,
                         .lo = out->value_lo,
                         .hi = out->value_hi,
                         .measured_unix_s = (double)time(NULL) };

    if (out->status != RESULT_OK || !w->o.ceilings || !isfinite(out->value))
        return;
    ceiling_key(out->name, &out->params, out->device, c.key, sizeof(c.key));
    snprintf(c.unit, sizeof(c.unit), "%s", out->unit);
    ceilings_put(w->o.ceilings, &c, NULL); /* without memory there is one ceiling less */
}

int worker_case(struct worker *w, const struct bench *b, const struct device *d,
                const struct params *p, double seconds, struct result *out)
{
    const struct metric *m = b->metric_of ? b->metric_of(p) : &b->metric;
    struct row r = { .w = w, .phase = "start" };
    struct err e = { 0 };
    uint64_t started = clock_now_ns();
    int rc = 0;

    if (w->o.seconds_max > 0 && seconds > w->o.seconds_max)
        seconds = w->o.seconds_max;
    worker_describe(out, b, d, p);
    r.ctx = (struct bench_ctx){ .bench = b,
                                .device = d,
                                .params = p,
                                .seed = w->o.seed,
                                .dir = w->o.dir ? w->o.dir : ".",
                                .models = w->o.models ? w->o.models : "",
                                .seconds = seconds,
                                .clock_hz = NAN,
                                .result = out,
                                .worker = w };
    r.timing = device_timing_of(b, d, p);
    w->depth++;
    TRY(row_begin(&r, b, out, &e));
    TRY(row_measure(&r, seconds, m, out, &e));
out:
    if (r.set_up && b->teardown)
        b->teardown(&r.ctx, r.state);
    out->check = r.ctx.check;
    snprintf(out->variant, sizeof(out->variant), "%s", r.ctx.variant);
    snprintf(out->inputs, sizeof(out->inputs), "%s", r.ctx.inputs);
    if (rc < 0)
        row_failed(out, &r, rc, &e);
    row_gate(w, out);
    if (out->status != RESULT_OK && out->n_runs == 0) {
        mem_free(out->runs);
        out->runs = NULL;
    }
    row_offer_ceiling(w, out);
    mem_free(r.state);
    mem_free(r.ops);
    w->depth--;
    out->seconds = (double)(clock_now_ns() - started) * 1e-9;
    return rc == ERR_INTERRUPT || rc == ERR_CUDA || rc == ERR_NOMEM ? rc : 0;
}

int worker_ceiling(struct worker *w, const struct device *d, const char *bench,
                   const char *settings, struct ceiling *out, struct err *e)
{
    const struct bench *b = registry_find(bench);
    const struct ceiling *known;
    struct params p;
    struct result r = { 0 };
    char key[sizeof(out->key)];
    int rc = 0;

    if (!b || !w->o.ceilings)
        return ERR(e, ERR_NOTSUP, "%s is not in this program", bench);
    TRY(plan_point_on(b, d->kind, settings, &p, e));
    ceiling_key(bench, &p, d->name, key, sizeof(key));
    known = ceilings_get(w->o.ceilings, key);
    if (!known || w->refresh) {
        bool refresh = w->refresh;

        w->refresh = false;
        rc = worker_case(w, b, d, &p, CEILING_SECONDS, &r);
        w->refresh = refresh;
        if (rc == 0 && r.status != RESULT_OK)
            rc = ERR(e, ERR_NOTSUP, "%s could not be measured: %.150s", key, r.reason);
        if (rc < 0) {
            ERR(e, rc, "%s: %s", key, err_name(rc));
            goto out;
        }
        known = ceilings_get(w->o.ceilings, key);
    }
    if (known)
        *out = *known;
    else
        rc = ERR(e, ERR_NOMEM, "no memory to keep %s", key);
out:
    result_release(&r);
    return rc;
}
