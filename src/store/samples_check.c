/* samples_check.c - are the statistics in a file those of the samples beside them? */
#include "store/samples_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* What two correct implementations may differ by, relative to the samples' magnitude. */
static const double agreement = 1e-9;

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_deviation(const double *x, size_t n, double median, double *scratch)
{
    for (size_t i = 0; i < n; i++)
        scratch[i] = fabs(x[i] - median);
    qsort(scratch, n, sizeof(*scratch), ascending);
    return stats_quantile_sorted(scratch, n, 0.5);
}

static double mean_step(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 1; i < n; i++)
        sum += fabs(x[i] - x[i - 1]);
    return n < 2 ? (double)NAN : sum / (double)(n - 1);
}

/* null is allowed where a statistic may be undefined (min_n samples define it). */
static void agree(const struct jsonio_in *run, const struct sampling_result *s, const char *field,
                  double stated, double truth, size_t min_n)
{
    double scale = fmax(fabs(s->summary.max), fabs(truth));

    if (isnan(stated) && s->n < min_n)
        return;
    if (!(fabs(stated - truth) <= agreement * scale))
        jsonio_bad(run, field, "%.17g, but the samples give %.17g", stated, truth);
}

static void check_percentiles(const struct jsonio_in *run, const struct sampling_result *s,
                              const double *sorted)
{
    const struct {
        const char *field;
        double stated, q;
    } list[] = { { "time.p50_ns", s->summary.p50, 0.50 },
                 { "time.p90_ns", s->summary.p90, 0.90 },
                 { "time.p95_ns", s->summary.p95, 0.95 },
                 { "time.p99_ns", s->summary.p99, 0.99 } };

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        size_t needs = stats_percentile_needs(list[i].q, 0.95);

        if (isnan(list[i].stated))
            continue;
        if (s->n < needs && list[i].q > 0.9)
            jsonio_bad(run, list[i].field, "needs %zu samples, there are %zu", needs, s->n);
        agree(run, s, list[i].field, list[i].stated, stats_quantile_sorted(sorted, s->n, list[i].q),
              1);
    }
}

static void check_sorted(const struct jsonio_in *run, const struct sampling_result *s,
                         double *sorted)
{
    const struct stats_summary *t = &s->summary;
    double median = stats_quantile_sorted(sorted, s->n, 0.5);

    agree(run, s, "time.min_ns", t->min, sorted[0], 1);
    agree(run, s, "time.max_ns", t->max, sorted[s->n - 1], 1);
    agree(run, s, "time.median_ns", t->median, median, 1);
    agree(run, s, "time.mean_ns", t->mean, stats_mean(s->ns, s->n), 1);
    agree(run, s, "time.std_ns", t->std, s->n > 1 ? stats_std(s->ns, s->n) : 0, 2);
    agree(run, s, "time.jitter_ns", t->jitter, mean_step(s->ns, s->n), 2);
    agree(run, s, "time.longest_stall_ns", t->longest_stall, sorted[s->n - 1] - median, 1);
    check_percentiles(run, s, sorted);
    agree(run, s, "time.mad_ns", t->mad, median_deviation(s->ns, s->n, median, sorted), 1);
}

void samples_check(const struct jsonio_in *run, const struct sampling_result *s)
{
    const struct stats_summary *t = &s->summary;
    double *sorted;

    if (!jsonio_ok(run))
        return;
    if (t->n != s->n) {
        jsonio_bad(run, "time.n", "%zu, but there are %zu samples_ns", t->n, s->n);
        return;
    }
    if (t->outliers_mild > s->n || t->outliers_severe > s->n)
        jsonio_bad(run, "outliers", "more than there are samples");
    if (s->n == 0)
        return;
    for (size_t i = 0; i < s->n; i++)
        if (!(s->ns[i] >= 0))
            jsonio_bad(run, "samples_ns", "item %zu is not a time", i);
    sorted = mem_calloc(s->n, sizeof(*sorted));
    if (!sorted) {
        jsonio_lost(run);
        return;
    }
    memcpy(sorted, s->ns, s->n * sizeof(*sorted));
    if (jsonio_ok(run)) {
        qsort(sorted, s->n, sizeof(*sorted), ascending);
        if (!isnan(t->median_ci.lo) &&
            !(t->median_ci.lo >= sorted[0] && t->median_ci.hi <= sorted[s->n - 1]))
            jsonio_bad(run, "time.ci_ns", "[%.6g, %.6g] is outside of the samples", t->median_ci.lo,
                       t->median_ci.hi);
        check_sorted(run, s, sorted);
    }
    mem_free(sorted);
}

void samples_check_row(const struct jsonio_in *row, const struct result *r)
{
    double *values, truth;

    if (!jsonio_ok(row) || r->status != RESULT_OK || r->n_runs == 0)
        return;
    values = mem_calloc((size_t)r->n_runs, sizeof(*values));
    if (!values) {
        jsonio_lost(row);
        return;
    }
    for (int i = 0; i < r->n_runs; i++)
        values[i] = r->runs[i].value;
    truth = stats_median(values, (size_t)r->n_runs);
    mem_free(values);
    if (!(fabs(r->value - truth) <= agreement * fabs(truth)))
        jsonio_bad(row, "value", "%.17g, but the median of its runs is %.17g", r->value, truth);
}
