/* telemetry_window.c - what the readings of a window say about the run that lay in it. */
#include "host/telemetry_window.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/stats.h"
#include "host/sampler.h"

/* RAPL counts every millisecond; with readings 0.1 s apart a second is known to 1 %. */
static const double PACKAGES_WINDOW_MIN_S = 1.0;
/* Less is rounding: the readings do not tell when within a tenth of a second a cap began. */
static const double THROTTLE_NAMED = 0.005;

/* The reading that a window's end takes itself comes this much later at most. */
static const uint64_t AFTER_NS = 50000000;

enum { BLOCKS_MAX = 64 };

struct window {
    struct telemetry_ring *ring;
    const struct telemetry_sources *sources;
    const struct telemetry_watch *watch;
    int device; /* -1: the CPU */
    uint64_t t0_ns, kept_ns, t1_ns;
};

static struct telemetry_place of_device(const struct window *w, int channel)
{
    return (struct telemetry_place){ .value = CHANNELS + channel, .device = w->device };
}

static struct telemetry_place of_machine(enum telemetry_channel ch)
{
    return (struct telemetry_place){ .value = (int)ch, .device = -1 };
}

/* What a counter moved by since `from_ns`. */
static double counted(const struct window *w, struct telemetry_place p, uint64_t from_ns)
{
    return telemetry_ring_counter(w->ring, p, w->t1_ns) -
           telemetry_ring_counter(w->ring, p, from_ns);
}

static double kept_s(const struct window *w)
{
    return 1e-9 * (double)(w->t1_ns - w->kept_ns);
}

/* The driver writes a cause's clock every tenth of a second or so: a reading may find it late.
 * What it moved by beyond the time since the reading before lay before that, and goes there; of the
 * first point, it lay before the window.  `whole`: the value of a stretch that is all held down. */
static void throttle_in_time(const double *time, double *value, size_t n, double whole)
{
    double late = 0; /* value x seconds */

    for (size_t i = n; i-- > 0;) {
        double span = i > 0 ? time[i] - time[i - 1] : 0;
        double sum = value[i] * span + late;

        value[i] = span > 0 ? fmin(whole, sum / span) : fmin(whole, value[i]);
        late = fmax(0, sum - whole * span);
    }
}

static void one_series(const struct window *w, struct telemetry_place p, const struct channel *c,
                       const char *why, struct series *s)
{
    size_t n = telemetry_ring_collect(w->ring, p, c, w->t0_ns, w->t1_ns);

    if (c->role == ROLE_THROTTLE)
        throttle_in_time(w->ring->time, w->ring->value, n, c->scale);
    snprintf(s->name, sizeof(s->name), "%s", c->name);
    snprintf(s->unit, sizeof(s->unit), "%s", c->unit);
    telemetry_ring_bins(w->ring, n, SAMPLER_POINTS_MAX, c->kind == CHANNEL_LOWEST, s);
    if (s->n > 0 || s->reason[0] != '\0')
        return;
    if (why[0] != '\0')
        snprintf(s->reason, sizeof(s->reason), "%s", why);
    else
        snprintf(s->reason, sizeof(s->reason), "no reading fell into these %.3f s",
                 1e-9 * (double)(w->t1_ns - w->t0_ns));
}

/* Every channel of the machine, and of the device where there is one. */
static void all_series(const struct window *w, struct result_run *run)
{
    const struct monitor_ops *m = w->device >= 0 ? w->watch->monitor : NULL;
    int n = CHANNELS + (m ? m->n_channels : 0);

    run->telemetry = mem_calloc((size_t)n, sizeof(*run->telemetry));
    if (!run->telemetry)
        return;
    run->n_telemetry = n;
    for (int i = 0; i < CHANNELS; i++)
        one_series(w, of_machine((enum telemetry_channel)i),
                   telemetry_source_info((enum telemetry_channel)i), w->sources->why[i],
                   &run->telemetry[i]);
    for (int k = 0; m && k < m->n_channels; k++) {
        const char *why = !w->watch->handle                    ? w->watch->why
                          : m->channels[k].role == ROLE_FAULTS ? ""
                                                               : m->why(w->watch->handle, k);

        one_series(w, of_device(w, k), &m->channels[k], why, &run->telemetry[CHANNELS + k]);
    }
}

/* The energy of `blocks` equal parts of the time since from_ns, each as the whole would be at its
 * power, gives the interval: of their median where there are enough, else their range. */
static void energy_interval(const struct window *w, struct telemetry_place p, uint64_t from_ns,
                            int blocks, struct result_run *run)
{
    double joules[BLOCKS_MAX], last = telemetry_ring_counter(w->ring, p, from_ns), middle;
    struct stats_interval ci;
    enum stats_method method;

    run->energy_lo_j = run->energy_hi_j = run->energy_j;
    for (int b = 0; b < blocks; b++) {
        uint64_t end = from_ns + (w->t1_ns - from_ns) * (uint64_t)(b + 1) / (uint64_t)blocks;
        double now = telemetry_ring_counter(w->ring, p, end);

        joules[b] = (now - last) * blocks;
        last = now;
        run->energy_lo_j = fmin(run->energy_lo_j, joules[b]);
        run->energy_hi_j = fmax(run->energy_hi_j, joules[b]);
    }
    if (blocks < 6)
        return;
    middle = stats_median(joules, (size_t)blocks);
    if (stats_median_interval(joules, (size_t)blocks, &middle, &ci, &method, NULL) == 0) {
        run->energy_lo_j = fmin(run->energy_j, ci.lo);
        run->energy_hi_j = fmax(run->energy_j, ci.hi);
    }
}

/* Energy after the warm-up from a counter at `p`; least_s: shorter windows give none.  It starts
 * with a reading of the counter: nothing of the warm-up's power comes in by interpolation. */
static void energy(const struct window *w, struct telemetry_place p, const char *absent,
                   double least_s, const char *rule, struct result_run *run)
{
    uint64_t from_ns = telemetry_ring_reading(w->ring, p, w->kept_ns);
    double seconds, blocks;
    char *why = run->energy_reason;
    size_t cap = sizeof(run->energy_reason);

    if (from_ns > w->kept_ns + (w->t1_ns - w->kept_ns) / 5)
        from_ns = w->kept_ns; /* readings are that far apart here */
    seconds = 1e-9 * (double)(w->t1_ns - from_ns);
    blocks = seconds / (0.5 * least_s);
    if (absent[0] != '\0') {
        snprintf(why, cap, "%s", absent);
    } else if (seconds < least_s) {
        snprintf(why, cap, "a window of %.2f s is too short: %s", seconds, rule);
    } else if (telemetry_ring_breaks(w->ring, p.device, from_ns, w->t1_ns) > 0) {
        snprintf(why, cap, "the energy counter stepped back or gave nonsense");
    } else {
        run->energy_j = counted(w, p, from_ns);
        if (isnan(run->energy_j)) {
            snprintf(why, cap, "the readings do not cover the window");
            return;
        }
        run->energy_s = seconds;
        energy_interval(w, p, from_ns, blocks < BLOCKS_MAX ? (int)blocks : BLOCKS_MAX, run);
    }
}

static void clock_seen(const struct window *w, int channel, struct result_run *run)
{
    const struct channel *c = &w->watch->monitor->channels[channel];
    size_t n = telemetry_ring_collect(w->ring, of_device(w, channel), c, w->kept_ns, w->t1_ns);
    const double *mhz = w->ring->value;

    if (n == 0)
        return;
    run->clock_hz_median = 1e6 * stats_median(mhz, n);
    run->clock_hz_min = run->clock_hz_max = 1e6 * mhz[0];
    for (size_t i = 1; i < n; i++) {
        run->clock_hz_min = fmin(run->clock_hz_min, 1e6 * mhz[i]);
        run->clock_hz_max = fmax(run->clock_hz_max, 1e6 * mhz[i]);
    }
    snprintf(run->clock_source, sizeof(run->clock_source), "%s", w->watch->monitor->source);
}

struct cause {
    const char *name;
    double share;
};

static void name_causes(struct cause *c, int n, struct result_run *run)
{
    size_t used = 0, cap = sizeof(run->throttle_causes);

    run->throttle_causes[0] = '\0';
    for (int done = 0; done < n; done++) {
        int most = 0;

        for (int i = 1; i < n; i++)
            if (c[i].share > c[most].share)
                most = i;
        if (c[most].share < THROTTLE_NAMED || used >= cap)
            return;
        used += (size_t)snprintf(run->throttle_causes + used, cap - used, "%s%s %.0f %%",
                                 used ? ", " : "", c[most].name, 100 * c[most].share);
        c[most].share = -1;
    }
}

/* Causes overlap, so the longest says for how long at least something held the clock down. */
static void throttled(const struct window *w, struct result_run *run)
{
    const struct monitor_ops *m = w->watch->monitor;
    struct cause causes[MONITOR_CHANNELS_MAX];
    const char *why = "";
    int n = 0;

    for (int k = 0; k < m->n_channels; k++) {
        double share;

        if (m->channels[k].role != ROLE_THROTTLE)
            continue;
        share = counted(w, of_device(w, k), w->kept_ns) / kept_s(w);
        if (!isfinite(share)) {
            why = m->why(w->watch->handle, k);
            continue;
        }
        causes[n++] = (struct cause){ m->channels[k].cause, fmin(1, fmax(0, share)) };
    }
    if (n == 0) {
        snprintf(run->throttle_causes, sizeof(run->throttle_causes), "%s",
                 why[0] ? why : "the readings do not cover the window");
        return;
    }
    run->throttled_fraction = 0;
    for (int i = 0; i < n; i++)
        run->throttled_fraction = fmax(run->throttled_fraction, causes[i].share);
    name_causes(causes, n, run);
}

/* By how much a count of faults moved from before the window to its end. */
static double new_faults(const struct window *w, int k)
{
    const struct channel *c = &w->watch->monitor->channels[k];
    size_t n = telemetry_ring_collect(w->ring, of_device(w, k), c, 0, w->t1_ns + AFTER_NS);
    double from = (double)NAN, to = (double)NAN;

    for (size_t i = 0; i < n; i++) {
        if (isnan(from) || w->ring->time[i] <= 1e-9 * (double)w->t0_ns)
            from = w->ring->value[i];
        to = w->ring->value[i];
    }
    return to - from;
}

static double most_tenants(const struct window *w, int k)
{
    const struct channel *c = &w->watch->monitor->channels[k];
    size_t n = telemetry_ring_collect(w->ring, of_device(w, k), c, w->t0_ns, w->t1_ns + AFTER_NS);
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fmax(most, w->ring->value[i]);
    return most;
}

/* "2 uncorrected ECC errors; 1 XID errors (XID 31); 1 other processes on the card" */
static void faults(const struct window *w, struct result_run *run)
{
    const struct monitor_ops *m = w->watch->monitor;
    size_t used = 0, cap = sizeof(run->device_faults);

    for (int k = 0; k < m->n_channels && used < cap; k++) {
        enum channel_role role = m->channels[k].role;
        const char *which = role == ROLE_FAULTS ? m->why(w->watch->handle, k) : "";
        double n = role == ROLE_FAULTS    ? new_faults(w, k)
                   : role == ROLE_TENANTS ? most_tenants(w, k)
                                          : 0;

        if (n > 0)
            used += (size_t)snprintf(run->device_faults + used, cap - used, "%s%.0f %s%s%s%s",
                                     used ? "; " : "", n, m->channels[k].cause,
                                     which[0] ? " (" : "", which, which[0] ? ")" : "");
    }
}

static void of_watched(const struct window *w, struct result_run *run)
{
    const struct monitor_ops *m = w->watch->monitor;

    if (!w->watch->handle) {
        snprintf(run->energy_reason, sizeof(run->energy_reason), "%s", w->watch->why);
        snprintf(run->throttle_causes, sizeof(run->throttle_causes), "%s", w->watch->why);
        return;
    }
    for (int k = 0; k < m->n_channels; k++) {
        if (m->channels[k].role == ROLE_ENERGY)
            energy(w, of_device(w, k), m->why(w->watch->handle, k), m->energy_window_min_s,
                   m->energy_rule, run);
        else if (m->channels[k].role == ROLE_CLOCK)
            clock_seen(w, k, run);
    }
    throttled(w, run);
    faults(w, run);
}

/* A core's clock is probed by core itself. */
static void of_cpu(const struct window *w, struct result_run *run)
{
    const char *why = w->sources->why[CHANNEL_THROTTLED];
    double share = counted(w, of_machine(CHANNEL_THROTTLED), w->kept_ns) / kept_s(w);
    struct cause cause = { "thermal slowdown", share };

    energy(w, of_machine(CHANNEL_PACKAGE_ENERGY),
           w->sources->package.n == 0 ? w->sources->why[CHANNEL_PACKAGE_ENERGY] : "",
           PACKAGES_WINDOW_MIN_S, "readings are 0.1 s apart", run);
    if (why[0] != '\0' || !isfinite(share)) {
        snprintf(run->throttle_causes, sizeof(run->throttle_causes), "%s",
                 why[0] ? why : "the readings do not cover the window");
        return;
    }
    run->throttled_fraction = fmin(1, fmax(0, share));
    name_causes(&cause, 1, run);
}

void telemetry_window_fill(struct telemetry_ring *ring, const struct telemetry_sources *sources,
                           int device, const struct telemetry_watch *watch, uint64_t t0_ns,
                           uint64_t kept_ns, uint64_t t1_ns, struct result_run *run)
{
    const struct window w = { .ring = ring,
                              .sources = sources,
                              .watch = watch,
                              .device = device,
                              .t0_ns = t0_ns,
                              .kept_ns = kept_ns < t1_ns ? kept_ns : t1_ns,
                              .t1_ns = t1_ns };

    run->clock_hz_median = run->clock_hz_min = run->clock_hz_max = (double)NAN;
    run->throttled_fraction = run->energy_s = (double)NAN;
    run->energy_j = run->energy_lo_j = run->energy_hi_j = run->idle_w = (double)NAN;
    run->energy_reason[0] = run->throttle_causes[0] = run->device_faults[0] = '\0';
    all_series(&w, run);
    run->cpu_seconds = counted(&w, of_machine(CHANNEL_CPU_SECONDS), w.kept_ns);
    run->context_switches = counted(&w, of_machine(CHANNEL_SWITCHES_VOLUNTARY), w.kept_ns) +
                            counted(&w, of_machine(CHANNEL_SWITCHES_FORCED), w.kept_ns);
    run->page_faults = counted(&w, of_machine(CHANNEL_FAULTS_MINOR), w.kept_ns) +
                       counted(&w, of_machine(CHANNEL_FAULTS_MAJOR), w.kept_ns);
    if (device >= 0)
        of_watched(&w, run);
    else
        of_cpu(&w, run);
}
