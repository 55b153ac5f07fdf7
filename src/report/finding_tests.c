/* finding_tests.c - when a finding holds, with the numbers that met its rule. */
#include "report/finding_tests.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/stats.h"
#include "report/rows.h"

enum { SIBLINGS_MAX = 256 };

static bool is_ok(const struct result *r)
{
    return r->status == RESULT_OK;
}

static bool is(const struct result *r, const char *benchmark)
{
    return strcmp(r->name, benchmark) == 0;
}

static bool set_to(const struct result *r, const char *axis, const char *value)
{
    const char *is_set = row_setting(r, axis);

    return is_set && strcmp(is_set, value) == 0;
}

/* "16.7 TFLOPS" */
struct figure {
    char text[64];
};

static struct figure figure_of(double v, const char *unit)
{
    struct figures_unit u = figures_unit_for(unit, v);
    struct figure out;
    char number[FIGURES_TEXT];

    figures_number(number, v * u.factor, figures_decimals(v * u.factor), false);
    snprintf(out.text, sizeof(out.text), "%s %s", number, u.name);
    return out;
}

/* ---- numbers that are missing or wrong ---- */

bool finding_failed(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s", r->reason);
    return r->status == RESULT_FAILED;
}

bool finding_invalid(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s", r->reason);
    return r->status == RESULT_INVALID && r->origin != ORIGIN_IMPORTED;
}

bool finding_unsound(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s", r->reason);
    return r->status == RESULT_INVALID && r->origin == ORIGIN_IMPORTED;
}

bool finding_not_whole(const struct run_record *rec, char *out, size_t cap)
{
    snprintf(out, cap, "status %s after %d rows", run_status_name(rec->status), rec->n_results);
    return rec->status != RUN_COMPLETE;
}

/* The fp32 row with the same settings otherwise. */
static const struct result *as_fp32(const struct run_record *rec, const struct result *r)
{
    struct result like = *r;

    for (int i = 0; i < like.params.n; i++)
        if (row_setting(r, "dtype") == r->params.p[i].text)
            snprintf(like.params.p[i].text, AXIS_TEXT, "fp32");
    return row_find(rec, &like);
}

bool finding_no_tensor_units(const struct run_record *rec, const struct result *r, char *out,
                             size_t cap)
{
    const struct result *fp32;

    if (!is_ok(r) || !is(r, "silicon.compute") || strncmp(r->device, "gpu", 3) != 0 ||
        !(set_to(r, "dtype", "fp16") || set_to(r, "dtype", "bf16")))
        return false;
    fp32 = as_fp32(rec, r);
    if (!fp32 || !is_ok(fp32) || strcmp(fp32->unit, r->unit) != 0 || r->value > fp32->value)
        return false;
    snprintf(out, cap, "%.4g %s in %s, %.4g in fp32", r->value, r->unit, row_setting(r, "dtype"),
             fp32->value);
    return true;
}

/* ---- slower than it should be ---- */

static bool below(const struct result *r, char *out, size_t cap)
{
    if (!is_ok(r) || !(r->value_hi < r->expected.lo) || r->direction != HIGHER_IS_BETTER) {
        if (!is_ok(r) || !(r->value_lo > r->expected.hi) || r->direction != LOWER_IS_BETTER)
            return false;
    }
    snprintf(out, cap, "%s (interval %s to %s); usual %s to %s: %.160s",
             figure_of(r->value, r->unit).text, figure_of(r->value_lo, r->unit).text,
             figure_of(r->value_hi, r->unit).text, figure_of(r->expected.lo, r->unit).text,
             figure_of(r->expected.hi, r->unit).text, r->expected.source);
    return true;
}

bool finding_below_memory(const struct run_record *rec, const struct result *r, char *out,
                          size_t cap)
{
    (void)rec;
    return is(r, "silicon.memory") && strcmp(r->device, "cpu") == 0 && below(r, out, cap);
}

bool finding_below_gpu(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    return strncmp(r->device, "gpu", 3) == 0 && below(r, out, cap);
}

bool finding_below_compute(const struct run_record *rec, const struct result *r, char *out,
                           size_t cap)
{
    (void)rec;
    return is(r, "silicon.compute") && strcmp(r->device, "cpu") == 0 && below(r, out, cap);
}

bool finding_below_storage(const struct run_record *rec, const struct result *r, char *out,
                           size_t cap)
{
    (void)rec;
    return is(r, "silicon.storage") && below(r, out, cap);
}

bool finding_random_reads_slow(const struct run_record *rec, const struct result *r, char *out,
                               size_t cap)
{
    const char *depth = row_setting(r, "depth");

    (void)rec;
    if (!is_ok(r) || !is(r, "silicon.storage") || !set_to(r, "op", "randread") ||
        strcmp(r->unit, "IOPS") != 0 || !depth || strtol(depth, NULL, 10) < FINDING_RANDOM_DEPTH ||
        r->value_hi >= FINDING_RANDOM_IOPS)
        return false;
    snprintf(out, cap, "%.4g IOPS at depth %s", r->value, depth);
    return true;
}

bool finding_far_from_limit(const struct run_record *rec, const struct result *r, char *out,
                            size_t cap)
{
    const struct limit *l = row_limit(r);

    (void)rec;
    if (!is_ok(r) || !l || r->percent >= FINDING_LOW_PCT || set_to(r, "threads", "one"))
        return false;
    snprintf(out, cap, "%.1f %% of the %s limit of %s: %.200s", r->percent,
             limit_kind_name(l->kind), figure_of(l->value, r->unit).text, l->source);
    return true;
}

bool finding_one_thread(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    if (!is_ok(r) || !row_limit(r) || r->percent >= FINDING_LOW_PCT || !set_to(r, "threads", "one"))
        return false;
    snprintf(out, cap, "%.1f %% of the limit of the whole machine", r->percent);
    return true;
}

/* Links of one kind should agree: the median of the other pairs with the same settings. */
bool finding_slow_link(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    double siblings[SIBLINGS_MAX], middle;
    size_t n = 0;

    if (!is_ok(r) || !set_to(r, "level", "peer") || r->direction != HIGHER_IS_BETTER)
        return false;
    for (int i = 0; i < rec->n_results && n < SIBLINGS_MAX; i++) {
        const struct result *o = &rec->results[i];

        if (is_ok(o) && o != r && strcmp(o->name, r->name) == 0 && set_to(o, "level", "peer") &&
            set_to(o, "op", row_setting(r, "op") ? row_setting(r, "op") : "") &&
            set_to(o, "size", row_setting(r, "size") ? row_setting(r, "size") : ""))
            siblings[n++] = o->value;
    }
    middle = n >= 3 ? stats_median(siblings, n) : (double)NAN;
    if (!(r->value_hi < middle * (100 - FINDING_LINK_PCT) / 100))
        return false;
    snprintf(out, cap, "%s to gpu:%s %s, the others %s", r->device, row_setting(r, "peer"),
             figure_of(r->value, r->unit).text, figure_of(middle, r->unit).text);
    return true;
}

/* ---- the machine while it was measured ---- */

static double series_extreme(const struct series *s, bool largest)
{
    double found = NAN;

    for (size_t i = 0; i < s->n; i++)
        if (isfinite(s->value[i]))
            found = largest ? fmax(found, s->value[i]) : fmin(found, s->value[i]);
    return found;
}

static double series_median(const struct result_run *run, const char *name)
{
    for (int i = 0; i < run->n_telemetry; i++)
        if (strcmp(run->telemetry[i].name, name) == 0)
            return stats_median(run->telemetry[i].value, run->telemetry[i].n);
    return NAN;
}

bool finding_is_busy(const struct run_record *rec, char *out, size_t cap)
{
    double others = facts_get_number(&rec->machine, "busy.others_cpu_pct", NAN);
    double steal = facts_get_number(&rec->machine, "busy.steal_pct", NAN);

    snprintf(out, cap, "before the run others used %.0f %% of one CPU (most: %s), steal %.0f %%",
             others, facts_get_text(&rec->machine, "busy.processes.0.name", "not known"),
             isfinite(steal) ? steal : 0);
    return others > FINDING_OTHERS_PCT || steal > FINDING_STEAL_PCT;
}

bool finding_others_ran(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs; i++) {
        double others = series_median(&r->runs[i], "system.others_cpu");
        double steal = series_median(&r->runs[i], "system.steal");

        if (!(others > FINDING_OTHERS_PCT) && !(steal > FINDING_STEAL_PCT))
            continue;
        snprintf(out, cap, "other processes %.0f %% of one CPU, the hypervisor took %.0f %%",
                 isfinite(others) ? others : 0, isfinite(steal) ? steal : 0);
        return true;
    }
    return false;
}

bool finding_unstable(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    double lowest = NAN, highest = NAN;
    size_t n = (size_t)snprintf(out, cap, "%s", r->unstable);

    (void)rec;
    for (int i = 0; i < r->n_runs; i++) {
        lowest = fmin(lowest, r->runs[i].clock_hz_min);
        highest = fmax(highest, r->runs[i].clock_hz_max);
    }
    if (isfinite(lowest) && n < cap)
        snprintf(out + n, cap - n, "; clock %.2f to %.2f GHz", lowest * 1e-9, highest * 1e-9);
    return is_ok(r) && r->unstable[0];
}

bool finding_clock_fell(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs && is_ok(r); i++) {
        const struct result_run *run = &r->runs[i];
        double fall = 100 * (1 - run->clock_hz_min / run->clock_hz_median);

        if (!(fall > FINDING_CLOCK_FALL_PCT))
            continue;
        snprintf(out, cap, "median %.2f GHz, lowest %.2f GHz (%.0f %% below)",
                 run->clock_hz_median * 1e-9, run->clock_hz_min * 1e-9, fall);
        return true;
    }
    return false;
}

bool finding_throttled(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs && is_ok(r); i++) {
        const struct result_run *run = &r->runs[i];

        if (!(run->throttled_fraction * 100 > FINDING_THROTTLED_PCT))
            continue;
        snprintf(out, cap, "%.0f %% of the window: %s", run->throttled_fraction * 100,
                 run->throttle_causes);
        return true;
    }
    return false;
}

bool finding_hot(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs; i++)
        for (int k = 0; k < r->runs[i].n_telemetry; k++) {
            const struct series *s = &r->runs[i].telemetry[k];
            double most = series_extreme(s, true);

            if (strcmp(s->unit, "C") != 0 || !(most > FINDING_HOT_C))
                continue;
            snprintf(out, cap, "%s reached %.0f C", s->name, most);
            return true;
        }
    return false;
}

/* ---- how good the number is ---- */

bool finding_wide(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    double half = 100 * row_half_width(r);

    (void)rec;
    if (!is_ok(r) || !(half > FINDING_WIDE_PCT))
        return false;
    snprintf(out, cap, "%s to %s: \xC2\xB1%.1f %% of the value",
             figure_of(r->value_lo, r->unit).text, figure_of(r->value_hi, r->unit).text, half);
    return true;
}

bool finding_below_floor(const struct run_record *rec, const struct result *r, char *out,
                         size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs && is_ok(r); i++) {
        const struct sampling_result *s = &r->runs[i].sampling;
        double one = s->summary.median * (double)s->reps;

        if (!(r->floor_ns > 0) || !(one < FINDING_FLOOR_FACTOR * r->floor_ns))
            continue;
        snprintf(out, cap, "a sample takes %.4g ns, reading the clock %.4g ns", one, r->floor_ns);
        return true;
    }
    return false;
}

bool finding_many_outliers(const struct run_record *rec, const struct result *r, char *out,
                           size_t cap)
{
    (void)rec;
    for (int i = 0; i < r->n_runs && is_ok(r); i++) {
        const struct stats_summary *s = &r->runs[i].sampling.summary;

        if (s->n < 20 || (double)s->outliers_severe * 100 <= (double)s->n * FINDING_OUTLIERS_PCT)
            continue;
        snprintf(out, cap, "%zu of %zu samples; the longest took %.1f times the median",
                 s->outliers_severe, s->n, s->max / s->median);
        return true;
    }
    return false;
}

bool finding_long_tail(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    const struct ops_latency *o = &r->ops;

    (void)rec;
    if (o->n == 0 || !(o->p99_ns > FINDING_TAIL_FACTOR * o->p50_ns))
        return false;
    snprintf(out, cap, "p50 %.4g \xC2\xB5s, p99 %.4g \xC2\xB5s over %.0f operations",
             o->p50_ns / 1000, o->p99_ns / 1000, (double)o->n);
    return true;
}

bool finding_page_cache(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s through the page cache", figure_of(r->value, r->unit).text);
    return is_ok(r) && is(r, "silicon.storage") && set_to(r, "cache", "page");
}

bool finding_without_limit(const struct run_record *rec, const struct result *r, char *out,
                           size_t cap)
{
    (void)rec;
    if (!is_ok(r) || row_limit(r))
        return false;
    snprintf(out, cap, "%s", r->limits.n ? r->limits.l[0].reason : "the benchmark names none");
    return true;
}

bool finding_skipped(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s", r->reason);
    return r->status == RESULT_SKIPPED;
}

bool finding_foreign(const struct run_record *rec, const struct result *r, char *out, size_t cap)
{
    (void)rec;
    snprintf(out, cap, "%s", result_origin_name(r->origin));
    return is_ok(r) && r->origin != ORIGIN_MEASURED;
}

bool finding_dirty_build(const struct run_record *rec, char *out, size_t cap)
{
    const struct fact *dirty = facts_get(&rec->build, "git.dirty");

    snprintf(out, cap, "commit %.12s with uncommitted changes",
             facts_get_text(&rec->build, "git.commit", "unknown"));
    return dirty && dirty->kind == FACT_BOOL && dirty->i;
}

bool finding_saving_power(const struct run_record *rec, char *out, size_t cap)
{
    const char *governor = facts_get_text(&rec->machine, "clock.governor", "");

    snprintf(out, cap, "governor %s", governor);
    return strcmp(governor, "powersave") == 0 || strcmp(governor, "conservative") == 0 ||
           strcmp(governor, "ondemand") == 0;
}
