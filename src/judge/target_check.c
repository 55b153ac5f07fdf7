/* target_check.c - marks of a good measurement. */
#include "judge/target_check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum mark {
    NO_ERRORS,
    CONSISTENT,
    NO_OUTLIERS,
    MEMORY,
    NO_LEAKS,
    ROW_SECONDS,
    RUN_SECONDS,
    THROUGHPUT_TARGETS,
    LATENCY_TARGETS,
    COMPARED,
    PROFILED,
    DOCUMENTED
};

const char *const target_checks[] = { "no_errors",   "consistent",         "no_outliers",
                                      "memory",      "no_leaks",           "row_seconds",
                                      "run_seconds", "throughput_targets", "latency_targets",
                                      "compared",    "profiled",           "documented",
                                      NULL };

/* D4: a standard deviation below 10 % of the mean. */
static const double CONSISTENT_PCT = 10;
/* Severe outliers (Tukey) that are more than this part of the samples are obvious ones. */
static const double OUTLIERS_PCT = 1;
static const double MEMORY_PCT = 90;
/* Growth of the process from the first to the last third of a row. */
static const double LEAK_PCT = 5, LEAK_MB = 16;

static void fill(struct target_outcome *o, bool met, double measured)
{
    o->measured = o->lo = o->hi = measured;
    o->status = met ? TARGET_MET : TARGET_MISSED;
}

/* What a row is called in a reason. */
static void row_text(const struct result *r, char *out, size_t cap)
{
    char settings[96];

    result_settings(r, settings, sizeof(settings));
    snprintf(out, cap, "%.40s %.90s", r->name, settings);
}

static void check_errors(struct target_outcome *o, const struct run_record *r)
{
    int bad = 0;
    char row[140];

    for (int i = 0; i < r->n_results; i++) {
        const struct result *row_of = &r->results[i];

        if (row_of->status != RESULT_FAILED && row_of->status != RESULT_INVALID)
            continue;
        bad++;
        o->row = row_of;
    }
    fill(o, bad == 0, bad);
    if (bad) {
        row_text(o->row, row, sizeof(row));
        snprintf(o->why, sizeof(o->why), "%d rows failed or are invalid, e.g. %.120s", bad, row);
    }
}

/* The row with the largest `measure` (in percent) against `most`. */
static void check_worst(struct target_outcome *o, const struct run_record *r, double most,
                        double (*measure)(const struct result_run *), const char *what)
{
    double worst = NAN;
    char row[140];
    int over = 0;

    for (int i = 0; i < r->n_results; i++)
        for (int k = 0; k < r->results[i].n_runs; k++) {
            double x = measure(&r->results[i].runs[k]);

            over += x > most;
            if (!isfinite(x) || x <= worst)
                continue;
            worst = x;
            o->row = &r->results[i];
        }
    if (isnan(worst)) {
        snprintf(o->why, sizeof(o->why), "no row has samples");
        return;
    }
    fill(o, worst <= most, worst);
    row_text(o->row, row, sizeof(row));
    if (over)
        snprintf(o->why, sizeof(o->why), "%s %.1f %% in %.100s; %d runs are above %g %%", what,
                 worst, row, over, most);
}

static double variation(const struct result_run *run)
{
    return 100 * run->sampling.summary.std / run->sampling.summary.mean;
}

static double outliers(const struct result_run *run)
{
    return 100.0 * (double)run->sampling.summary.outliers_severe / (double)run->sampling.summary.n;
}

static const struct series *series_of(const struct result_run *run, const char *name)
{
    for (int i = 0; i < run->n_telemetry; i++)
        if (strcmp(run->telemetry[i].name, name) == 0 && run->telemetry[i].n)
            return &run->telemetry[i];
    return NULL;
}

/* Resident memory of the measuring process, in MB: the largest, and the largest growth in a row. */
static void memory_of(const struct run_record *r, double *most, double *growth, double *growth_pct)
{
    *most = *growth = *growth_pct = NAN;
    for (int i = 0; i < r->n_results; i++)
        for (int k = 0; k < r->results[i].n_runs; k++) {
            const struct series *s = series_of(&r->results[i].runs[k], "process.rss");
            double first, last;

            if (!s)
                continue;
            for (size_t p = 0; p < s->n; p++)
                *most = fmax(*most, s->value[p]);
            first = stats_median(s->value, (s->n + 2) / 3);
            last = stats_median(s->value + s->n - (s->n + 2) / 3, (s->n + 2) / 3);
            if (last - first <= *growth)
                continue;
            *growth = last - first;
            *growth_pct = 100 * (last - first) / first;
        }
}

static void check_memory(struct target_outcome *o, const struct run_record *r, bool leaks)
{
    double most, growth, growth_pct;
    double total = facts_get_number(&r->machine, "memory.total_bytes", NAN) * 1e-6;

    memory_of(r, &most, &growth, &growth_pct);
    if (isnan(most) || isnan(growth) || isnan(total)) {
        snprintf(o->why, sizeof(o->why), "no row has the series process.rss");
    } else if (leaks) {
        fill(o, !(growth > LEAK_MB && growth_pct > LEAK_PCT), growth_pct);
        snprintf(o->why, sizeof(o->why), "the process grew by at most %.1f MB within a row",
                 growth);
    } else {
        fill(o, 100 * most / total < MEMORY_PCT, 100 * most / total);
        snprintf(o->why, sizeof(o->why), "at most %.0f of %.0f MB", most, total);
    }
}

static void check_bound(struct target_outcome *o, double measured)
{
    if (isnan(measured))
        snprintf(o->why, sizeof(o->why), "the run has not ended");
    else
        fill(o, measured <= o->target->value, measured);
}

static double longest_row(const struct run_record *r)
{
    double longest = NAN;

    for (int i = 0; i < r->n_results; i++)
        longest = fmax(longest, r->results[i].seconds);
    return longest;
}

static double run_seconds(const struct run_record *r)
{
    struct tm start = { 0 }, end = { 0 };

    if (!strptime(r->start, "%Y-%m-%dT%H:%M:%S", &start) ||
        !strptime(r->end, "%Y-%m-%dT%H:%M:%S", &end))
        return NAN;
    return (double)(timegm(&end) - timegm(&start));
}

/* Do the targets of one kind hold, as far as they could be judged? */
static void check_targets(struct target_outcome *o, enum target_bound kind,
                          const struct target_outcome *all, int n)
{
    int met = 0, missed = 0;

    for (int i = 0; i < n; i++) {
        const struct target *t = all[i].target;

        if (t->of == TARGET_CHECK || t->bound != kind)
            continue;
        met += all[i].status == TARGET_MET;
        missed += all[i].status == TARGET_MISSED || all[i].status == TARGET_INVALID;
    }
    if (met + missed == 0) {
        snprintf(o->why, sizeof(o->why), "no target of this kind could be judged here");
        return;
    }
    fill(o, missed == 0, missed);
    snprintf(o->why, sizeof(o->why), "%d of %d are met", met, met + missed);
}

void target_check(struct target_outcome *o, const struct run_record *r,
                  const struct target_outcome *all, int n)
{
    static const char *const unanswered[] = {
        [COMPARED] = "a result file is not a comparison: gate --baseline NAME makes one",
        [PROFILED] = "a result file holds no profile",
        [DOCUMENTED] = "what people wrote about it is not in a result file"
    };

    switch ((enum mark)o->target->check) {
    case NO_ERRORS: check_errors(o, r); break;
    case CONSISTENT: check_worst(o, r, CONSISTENT_PCT, variation, "standard deviation"); break;
    case NO_OUTLIERS: check_worst(o, r, OUTLIERS_PCT, outliers, "severe outliers"); break;
    case MEMORY: check_memory(o, r, false); break;
    case NO_LEAKS: check_memory(o, r, true); break;
    case ROW_SECONDS: check_bound(o, longest_row(r)); break;
    case RUN_SECONDS: check_bound(o, run_seconds(r)); break;
    case THROUGHPUT_TARGETS: check_targets(o, BOUND_AT_LEAST, all, n); break;
    case LATENCY_TARGETS: check_targets(o, BOUND_AT_MOST, all, n); break;
    case COMPARED:
    case PROFILED:
    case DOCUMENTED:
    default: snprintf(o->why, sizeof(o->why), "%s", unanswered[o->target->check]); break;
    }
}
