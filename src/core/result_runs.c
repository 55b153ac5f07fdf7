/* result_runs.c - what the runs of a row say together: result_settle and result_merge. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/result.h"
#include "core/stats.h"

enum { FEW = 5 }; /* runs up to which their interval is Student's */

/* Student's t of 0.975 for 2 .. FEW runs. */
static const double t_of[FEW + 1] = { 0, 0, 12.706, 4.303, 3.182, 2.776 };

/* The hull of the runs' intervals. */
static void settle_hull(struct result *r)
{
    r->value_lo = r->runs[0].value_lo;
    r->value_hi = r->runs[0].value_hi;
    for (int i = 1; i < r->n_runs; i++) {
        r->value_lo = fmin(r->value_lo, r->runs[i].value_lo);
        r->value_hi = fmax(r->value_hi, r->runs[i].value_hi);
    }
}

/* Half width, as a logarithm, that the runs' own intervals leave to their mean. */
static double half_within(const struct result *r)
{
    double sum = 0;

    for (int i = 0; i < r->n_runs; i++) {
        double half = log(r->runs[i].value_hi / r->runs[i].value_lo) / 2;

        sum += isfinite(half) ? half * half : 0;
    }
    return sqrt(sum) / r->n_runs;
}

/* Logarithms, because a speed and the time it comes from then have the same interval, and none
 * reaches below zero. */
static void settle_few(struct result *r, const double *logs)
{
    double n = r->n_runs, mid = stats_mean(logs, (size_t)r->n_runs);
    double half = t_of[r->n_runs] * stats_std(logs, (size_t)r->n_runs) / sqrt(n);

    half = fmax(half, half_within(r));
    r->value_lo = exp(mid - half);
    r->value_hi = exp(mid + half);
}

static void settle_unstable(struct result *r, const double *logs)
{
    double percent;

    if (r->n_runs == 1 && r->runs[0].sampling.stop == SAMPLING_UNSTABLE)
        snprintf(r->unstable, sizeof(r->unstable), "%s", r->runs[0].sampling.why);
    if (r->n_runs == 1 || !logs)
        return;
    percent = 100 * stats_std(logs, (size_t)r->n_runs);
    if (percent > RESULT_SPREAD_PERCENT)
        snprintf(r->unstable, sizeof(r->unstable),
                 "its %d runs differ by %.0f %% (standard deviation)", r->n_runs, percent);
}

/* The median of one percentile over the runs; NaN unless all support it: medians over different
 * runs could fall where percentiles rise. */
static double ops_median(const struct result *r, size_t offset, double *scratch)
{
    size_t n = 0;

    for (int i = 0; i < r->n_runs; i++) {
        double x;

        memcpy(&x, (const char *)&r->runs[i].ops + offset, sizeof(x));
        if (r->runs[i].ops.n == 0)
            continue;
        if (isnan(x))
            return NAN;
        scratch[n++] = x;
    }
    return stats_median(scratch, n);
}

static void settle_ops(struct result *r, double *scratch)
{
    struct ops_latency all;
    double sum = 0;

    result_ops_init(&all);
    for (int i = 0; i < r->n_runs; i++) {
        const struct ops_latency *o = &r->runs[i].ops;

        if (o->n == 0)
            continue;
        all.n += o->n;
        sum += o->mean_ns * (double)o->n;
        all.min_ns = fmin(all.min_ns, o->min_ns); /* of a NaN and a number, the number */
        all.max_ns = fmax(all.max_ns, o->max_ns);
    }
    r->ops = all;
    if (all.n == 0)
        return;
    r->ops.mean_ns = sum / (double)all.n;
    r->ops.p50_ns = ops_median(r, offsetof(struct ops_latency, p50_ns), scratch);
    r->ops.p90_ns = ops_median(r, offsetof(struct ops_latency, p90_ns), scratch);
    r->ops.p95_ns = ops_median(r, offsetof(struct ops_latency, p95_ns), scratch);
    r->ops.p99_ns = ops_median(r, offsetof(struct ops_latency, p99_ns), scratch);
    r->ops.p999_ns = ops_median(r, offsetof(struct ops_latency, p999_ns), scratch);
}

void result_settle(struct result *r)
{
    size_t n = (size_t)r->n_runs;
    double *values, *logs;
    bool positive = true;

    r->value = r->value_lo = r->value_hi = r->percent = NAN;
    r->unstable[0] = '\0';
    if (r->status != RESULT_OK || n == 0)
        return;
    values = mem_calloc(2 * n, sizeof(*values));
    if (!values)
        return;
    logs = values + n;
    for (size_t i = 0; i < n; i++) {
        values[i] = r->runs[i].value;
        logs[i] = log(values[i]);
        positive = positive && values[i] > 0;
    }
    settle_hull(r);
    r->value = stats_median(values, n);
    if (n > FEW) {
        struct stats_interval ci;
        enum stats_method method;

        if (stats_median_interval(values, n, &r->value, &ci, &method, NULL) == 0) {
            r->value_lo = ci.lo;
            r->value_hi = ci.hi;
        }
    } else if (n > 1 && positive) {
        settle_few(r, logs);
    }
    settle_unstable(r, positive ? logs : NULL);
    settle_ops(r, values);
    r->percent = limits_percent(&r->limits, r->value, r->direction);
    mem_free(values);
}

/* The same words, whatever the figures: each run would otherwise add its own. */
static bool same_words(const char *a, const char *b)
{
    static const char figures[] = "0123456789.";

    for (;;) {
        bool figure = *a && strchr(figures, *a) && *b && strchr(figures, *b);

        if (figure) {
            a += strspn(a, figures);
            b += strspn(b, figures);
        } else if (*a != *b) {
            return false;
        } else if (*a == '\0') {
            return true;
        } else {
            a++;
            b++;
        }
    }
}

static void merge_notes(struct result *into, const struct result *from)
{
    for (int i = 0; i < RESULT_NOTES && from->notes[i][0]; i++) {
        bool known = false;

        for (int k = 0; k < RESULT_NOTES && into->notes[k][0]; k++)
            known = known || same_words(into->notes[k], from->notes[i]);
        if (!known)
            result_note(into, "%s", from->notes[i]);
    }
    if (strcmp(into->variant, from->variant) != 0)
        result_note(into, "another run took the variant \"%s\"", from->variant);
}

/* A variant's kernels ("kernel", "kernel_2") and how it was chosen: another variant has others, and
 * has been named. */
static bool of_variant(const struct result_property *p)
{
    return strncmp(p->name, "kernel", 6) == 0 || strcmp(p->name, "picks") == 0;
}

/* The first run's stay.  Texts say what the run was (its kernel, a hash of its output): one that
 * another run does not share is worth a word. */
static void merge_properties(struct result *into, const struct result *from)
{
    bool same_variant = strcmp(into->variant, from->variant) == 0;

    for (int i = 0; i < from->n_properties; i++) {
        const struct result_property *p = &from->properties[i];
        const struct result_property *known = result_find(into, p->name);

        if (!known && into->n_properties < RESULT_PROPERTIES)
            into->properties[into->n_properties++] = *p;
        else if (known && strcmp(known->text, p->text) != 0 && (same_variant || !of_variant(p)))
            result_note(into, "%s of another run: %s", p->name, p->text);
    }
}

static void merge_check(struct check *into, const struct check *from)
{
    into->error = fmax(into->error, from->error);
    into->passed_before = into->passed_before && from->passed_before;
    into->passed_after = into->passed_after && from->passed_after;
    into->done = into->done && from->done;
}

/* A later run that went wrong takes the value away; one that never came leaves it. */
static void merge_failure(struct result *into, const struct result *from)
{
    if (into->status != RESULT_OK || from->status == RESULT_SKIPPED)
        return;
    into->status = from->status;
    snprintf(into->reason, sizeof(into->reason), "in a later run: %.200s", from->reason);
    into->check = from->check;
    result_settle(into);
}

/* A paper limit is made of the clock that its run read.  The row's is the loosest of its runs': the
 * device has shown that it goes as fast.  The last run's would put others above 100 %. */
static bool looser(const struct result *now, const struct result *before)
{
    const struct limits *a = &now->limits, *b = &before->limits;

    if (a->binding < 0 || b->binding < 0)
        return true;
    return now->direction == HIGHER_IS_BETTER ? a->l[a->binding].value >= b->l[b->binding].value
                                              : a->l[a->binding].value <= b->l[b->binding].value;
}

int result_merge(struct result *into, struct result *from, struct err *e)
{
    struct result_run *grown;

    into->seconds += from->seconds;
    if (from->status != RESULT_OK || into->status != RESULT_OK) {
        merge_failure(into, from);
        return 0;
    }
    grown = mem_realloc(into->runs, (size_t)into->n_runs + (size_t)from->n_runs, sizeof(*grown));
    if (!grown)
        return ERR(e, ERR_NOMEM, "no memory for another run");
    into->runs = grown;
    for (int i = 0; i < from->n_runs; i++)
        into->runs[into->n_runs++] = from->runs[i];
    from->n_runs = 0; /* taken */
    if (looser(from, into))
        into->limits = from->limits;
    if (from->expected.hi > 0)
        into->expected = from->expected;
    merge_check(&into->check, &from->check);
    merge_notes(into, from);
    merge_properties(into, from);
    result_settle(into);
    return 0;
}
