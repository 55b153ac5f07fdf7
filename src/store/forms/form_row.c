/* form_row.c - the row of a record that a field is of, and its statistics. */
#include "store/forms/form_row.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/registry.h"
#include "core/stats.h"

const char *form_row_param(const struct result *row, const char *axis)
{
    for (int i = 0; i < row->params.n; i++) {
        const struct axis *a = row->params.p[i].axis;

        if (strcmp(a ? a->name : row->axis_name[i], axis) == 0)
            return row->params.p[i].text;
    }
    return NULL;
}

/* One word of a selector: "axis=value", ":metric", "@device", or the name. */
static bool word_fits(const char *word, const struct result *row)
{
    char axis[64];
    const char *is = strchr(word, '='), *text;

    if (word[0] == '@')
        return registry_matches(word + 1, row->device);
    if (word[0] == ':')
        return registry_matches(word + 1, row->metric);
    if (!is)
        return registry_matches(word, row->name);
    snprintf(axis, sizeof(axis), "%.*s", (int)(is - word), word);
    text = form_row_param(row, axis);
    return text && registry_matches(is + 1, text);
}

static bool row_fits(const char *selector, const struct result *row)
{
    char word[64];

    while (*selector) {
        size_t n = strcspn(selector, " ");

        snprintf(word, sizeof(word), "%.*s", (int)n, selector);
        if (!word_fits(word, row))
            return false;
        selector += n + (selector[n] == ' ');
    }
    return true;
}

void form_row_text(const struct result *row, char *out, size_t cap)
{
    char settings[200];

    result_settings(row, settings, sizeof(settings));
    snprintf(out, cap, "%s%s%s @%s", row->name, settings[0] ? " " : "", settings, row->device);
}

const struct result *form_row(const struct run_record *r, const char *selector, char *why,
                              size_t cap)
{
    const struct result *without = NULL;
    char name[160];

    for (int i = 0; i < r->n_results; i++) {
        const struct result *row = &r->results[i];

        if (!row_fits(selector, row))
            continue;
        if (row->status == RESULT_OK && isfinite(row->value) && row->origin != ORIGIN_SYNTHETIC)
            return row;
        if (!without)
            without = row;
    }
    if (!without) {
        snprintf(why, cap, "not measured in this run: no row %s", selector);
        return NULL;
    }
    form_row_text(without, name, sizeof(name));
    if (without->status == RESULT_OK)
        snprintf(why, cap, "%s: %s", name,
                 without->origin == ORIGIN_SYNTHETIC ? "synthetic" : "no value");
    else
        snprintf(why, cap, "%s: %s: %s", name, result_status_name(without->status),
                 without->reason);
    return NULL;
}

const struct result *form_row_imported(const struct run_record *r, const char *tool,
                                       const char *path)
{
    for (int i = 0; i < r->n_results; i++) {
        const struct result *row = &r->results[i];
        const char *field = form_row_param(row, "field");

        if (row->origin == ORIGIN_IMPORTED && strcmp(row->name, tool) == 0 && field &&
            strcmp(field, path) == 0)
            return row;
    }
    return NULL;
}

/* ---- statistics of one process ---- */

static double gap_variance(const struct sampling_result *s)
{
    double mean = 0, squares = 0;
    size_t n = s->n < 3 ? 0 : s->n - 1;

    if (n == 0)
        return NAN;
    mean = (s->ns[n] - s->ns[0]) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = s->ns[i + 1] - s->ns[i] - mean;

        squares += d * d;
    }
    return squares / (double)(n - 1);
}

static double of_operations(const struct ops_latency *o, enum form_from what)
{
    switch ((int)what) {
    case FORM_TIME_MEAN: return o->mean_ns;
    case FORM_TIME_MIN: return o->min_ns;
    case FORM_TIME_MAX: return o->max_ns;
    case FORM_TIME_P50: return o->p50_ns;
    case FORM_TIME_P90: return o->p90_ns;
    case FORM_TIME_P95: return o->p95_ns;
    case FORM_TIME_P99: return o->p99_ns;
    default: return NAN;
    }
}

static double of_samples(const struct stats_summary *s, enum form_from what)
{
    switch ((int)what) {
    case FORM_TIME_MEAN: return s->mean;
    case FORM_TIME_STD: return s->std;
    case FORM_TIME_MIN: return s->min;
    case FORM_TIME_MAX: return s->max;
    case FORM_TIME_P50: return s->p50;
    case FORM_TIME_P90: return s->p90;
    case FORM_TIME_P95: return s->p95;
    case FORM_TIME_P99: return s->p99;
    default: return NAN;
    }
}

static double of_time(const struct result *row, const struct result_run *run, enum form_from what)
{
    const double items = row->work.items > 0 ? row->work.items : 1;

    if (run->ops.n)
        return of_operations(&run->ops, what);
    if (run->sampling.n == 0)
        return NAN;
    if (what == FORM_TIME_GAP_VARIANCE)
        return gap_variance(&run->sampling) / (items * items);
    return of_samples(&run->sampling.summary, what) / items;
}

static double of_series(const struct result_run *run, const char *name, bool largest)
{
    double sum = 0, most = NAN;
    size_t n = 0;

    for (int i = 0; i < run->n_telemetry; i++) {
        const struct series *s = &run->telemetry[i];

        if (strcmp(s->name, name) != 0)
            continue;
        for (size_t k = 0; k < s->n; k++) {
            if (!isfinite(s->value[k]))
                continue;
            most = n ? fmax(most, s->value[k]) : s->value[k];
            sum += s->value[k];
            n++;
        }
    }
    return n == 0 ? (double)NAN : largest ? most : sum / (double)n;
}

static double of_energy(const struct result *row, const struct result_run *run)
{
    const double per_s = run->energy_j / run->energy_s;

    return per_s * 1e-9 * of_time(row, run, FORM_TIME_MEAN);
}

static double of_run(const struct result *row, const struct result_run *run,
                     const struct form_field *field)
{
    switch ((int)field->from) {
    case FORM_SAMPLES: return (double)run->sampling.n * (double)run->sampling.reps;
    case FORM_WARMUP: return (double)run->sampling.warmup_samples;
    case FORM_WALL: return run->sampling.n ? run->sampling.wall_s : (double)NAN;
    case FORM_SERIES_MEAN: return of_series(run, field->which, false);
    case FORM_SERIES_MAX: return of_series(run, field->which, true);
    case FORM_ENERGY: return of_energy(row, run);
    default: return of_time(row, run, field->from);
    }
}

/* ---- over the processes of a row ---- */

static double all_bytes(const struct work *w)
{
    double sum = 0;

    for (int i = 0; i < WORK_MEMORIES; i++)
        sum += w->bytes[i];
    return sum > 0 ? sum : (double)NAN;
}

double form_row_number(const struct result *row, const struct form_field *field)
{
    enum { RUNS = 64 };
    double x[RUNS], sum = 0, least = NAN, most = NAN;
    size_t n = 0;

    if (field->from == FORM_VALUE)
        return row->value;
    if (field->from == FORM_BYTES)
        return all_bytes(&row->work);
    if (field->from == FORM_OPS)
        return row->ops.n ? (double)row->ops.n : (double)NAN;
    for (int i = 0; i < row->n_runs && n < RUNS; i++) {
        double v = of_run(row, &row->runs[i], field);

        if (!isfinite(v))
            continue;
        least = fmin(least, v);
        most = fmax(most, v);
        sum += v;
        x[n++] = v;
    }
    switch (n ? (int)field->from : -1) {
    case -1: return NAN;
    case FORM_SAMPLES: return sum > 0 ? sum : (double)NAN;
    case FORM_TIME_MIN: return least;
    case FORM_TIME_MAX:
    case FORM_SERIES_MAX: return most;
    default: return stats_median(x, n);
    }
}
