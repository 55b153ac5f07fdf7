/* sampling.c - warm-up until flat, then samples until the interval is narrow or time is up. */
#include "core/sampling.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

enum {
    WARM_CAP = 256,      /* warm-up samples remembered for the test of flatness */
    WARM_FIRST = 16,     /* first test after so many */
    WARM_TEST_MAX = 128, /* it looks at this many of the most recent ones */
    WARM_MAX = 100000,   /* ends a warm-up whose clock stands still */
    SHIFT_MIN = 18,      /* thirds of 6: the fewest with an interval of their own */
    TREND_MIN = 8
};

static const double warm_share = 0.30;      /* of the budget, at most */
static const double warm_least = 0.05;      /* of the budget: a ramp of clocks takes time to show */
static const double converged_share = 0.25; /* of the budget, and ... */
static const double converged_least_s = 0.25; /* ... so long: less is one state of the machine */
static const double warm_flat = 0.01;         /* a change over the window that does not matter */
static const double relevant = 0.02;          /* drift or shift that does */
static const double z_flat = 1.96;   /* 5 %: a warm-up that goes on for nothing costs little */
static const double z_trend = 2.576; /* 1 %: a row that is called unstable for nothing costs more */
/* Two of three equal thirds differ by more than 4.12 standard errors of a third once in a hundred
 * (studentised range of 3 groups); a half width is 1.96 of them. */
static const double shift_halves = 4.12 / 1.96;
static const double check_growth = 1.3;
static const uint64_t between_ns = 30000000, progress_ns = 40000000;

const char *sampling_stop_name(enum sampling_stop s)
{
    switch (s) {
    case SAMPLING_CONVERGED: return "converged";
    case SAMPLING_BUDGET: return "budget";
    case SAMPLING_UNSTABLE: return "unstable";
    }
    return "unknown";
}

struct sampling_config sampling_defaults(void)
{
    return (struct sampling_config){ .target = 0.005,
                                     .seconds = 1,
                                     .sample_ns = 1e6,
                                     .min_samples = 20,
                                     .max_samples = 20000,
                                     .max_reps = UINT64_C(1) << 40 };
}

void sampling_release(struct sampling_result *r)
{
    mem_free(r->ns);
    mem_free(r->start_s);
    mem_free(r->per_second);
    *r = (struct sampling_result){ 0 };
}

/* One run of the driver. */
struct driver {
    const struct sampling_config *c;
    const struct sampling_ops *ops;
    void *self;
    struct sampling_result *out;
    uint64_t begin_ns, between_at, progress_at; /* wall clock: start, and last calls */
    double sample_ns;                           /* wished, raised when the clock is slow to read */
    double median, half; /* of the last check; half relative, NaN: no claim */
    bool flat, flat_tested;
    bool to_the_end;       /* use the whole budget */
    double warm[WARM_CAP]; /* the most recent at the final reps, ns per repetition, in order */
    size_t n_warm;
};

static int check_config(const struct sampling_config *c, const struct sampling_ops *ops,
                        struct err *e)
{
    if (!ops->sample || !ops->now_ns)
        return ERR(e, ERR_ARG, "sampling needs something to sample and a clock");
    if (!(c->target > 0 && c->target < 1))
        return ERR(e, ERR_ARG, "a target of %g for the half width, wanted is 0 < target < 1",
                   c->target);
    if (!(c->seconds > 0 && c->seconds <= SAMPLING_SECONDS_MAX))
        return ERR(e, ERR_ARG, "a budget of %g s, wanted is more than 0 and at most %d", c->seconds,
                   SAMPLING_SECONDS_MAX);
    if (!(c->sample_ns > 0 && c->sample_ns <= SAMPLING_SECONDS_MAX * 1e9))
        return ERR(e, ERR_ARG, "samples of %g ns make no sense", c->sample_ns);
    if (c->min_samples < 1 || c->max_samples < c->min_samples)
        return ERR(e, ERR_ARG, "%zu to %zu samples make no sense", c->min_samples, c->max_samples);
    if (c->max_reps < 1)
        return ERR(e, ERR_ARG, "a sample of no repetitions makes no sense");
    return 0;
}

static double elapsed_s(const struct driver *d)
{
    return (double)(d->ops->now_ns(d->self) - d->begin_ns) * 1e-9;
}

static int tell_progress(struct driver *d, bool warming_up, struct err *e)
{
    struct sampling_progress p = { .n = d->out->n,
                                   .median_ns = d->median,
                                   .half_width = d->half,
                                   .elapsed_s = elapsed_s(d),
                                   .budget_s = d->c->seconds,
                                   .warming_up = warming_up };
    int rc;

    d->progress_at = d->ops->now_ns(d->self);
    rc = d->ops->progress ? d->ops->progress(d->self, &p) : 0;
    if (rc == ERR_INTERRUPT) {
        d->out->interrupted = true;
        return 0;
    }
    return rc < 0 ? ERR(e, rc, "telling the progress failed: %s", err_name(rc)) : 0;
}

/* What is due between two samples. */
static int pause_between(struct driver *d, bool warming_up, struct err *e)
{
    uint64_t now = d->ops->now_ns(d->self);
    int rc = 0;

    if (d->ops->between && now - d->between_at >= between_ns) {
        d->between_at = now;
        TRY(d->ops->between(d->self, e));
    }
    if (now - d->progress_at >= progress_ns)
        TRY(tell_progress(d, warming_up, e));
out:
    return rc;
}

static int one_sample(struct driver *d, uint64_t reps, double *ns, struct err *e)
{
    int rc = d->ops->sample(d->self, reps, ns, e);

    if (rc >= 0 && !(*ns >= 0 && isfinite(*ns)))
        rc = ERR(e, ERR_IO, "the clock says that %llu repetitions took %g ns",
                 (unsigned long long)reps, *ns);
    return rc;
}

/* ---- warm-up */

static bool warm_time_over(const struct driver *d)
{
    return elapsed_s(d) >= warm_share * d->c->seconds || d->out->warmup_samples >= WARM_MAX ||
           d->out->interrupted;
}

static int warm_sample(struct driver *d, uint64_t reps, double *ns, double *wall, struct err *e)
{
    uint64_t start;
    int rc = 0;

    TRY(pause_between(d, true, e));
    start = d->ops->now_ns(d->self);
    TRY(one_sample(d, reps, ns, e));
    *wall = (double)(d->ops->now_ns(d->self) - start);
    d->out->warmup_samples++;
out:
    return rc;
}

/* Reading a clock takes time that a sample should dwarf. */
static double wished_sample_ns(struct driver *d)
{
    enum { READS = 64 };
    uint64_t first = d->ops->now_ns(d->self), last = first;

    for (int i = 0; i < READS; i++)
        last = d->ops->now_ns(d->self);
    return fmax(d->c->sample_ns, 20 * (double)(last - first) / READS);
}

static uint64_t reps_for(const struct driver *d, double ns_per_rep)
{
    double reps = d->sample_ns / ns_per_rep;

    if (!(reps < (double)d->c->max_reps))
        return d->c->max_reps;
    return reps < 1 ? 1 : (uint64_t)(reps + 0.5);
}

/* Raise reps until a sample takes about as long as wished.  The last sample stays in warm[]. */
static int calibrate(struct driver *d, struct err *e)
{
    struct sampling_result *r = d->out;
    double ns, wall;
    int rc = 0;

    for (;;) {
        TRY(warm_sample(d, r->reps, &ns, &wall, e));
        d->warm[0] = ns / (double)r->reps;
        d->n_warm = 1;
        /* The wall clock as well: a timer that stands still must not raise reps for ever. */
        if (fmax(ns, wall) >= d->sample_ns / 2 || r->reps >= d->c->max_reps || warm_time_over(d))
            break;
        r->reps = ns * 10 > d->sample_ns          ? reps_for(d, ns / (double)r->reps)
                  : r->reps < d->c->max_reps / 10 ? r->reps * 10
                                                  : d->c->max_reps;
    }
out:
    return rc;
}

static int warm_median(const double *ns, size_t n, double *median, struct err *e)
{
    *median = stats_median(ns, n);
    return isnan(*median) ? ERR(e, ERR_NOMEM, "no memory for the median of %zu samples", n) : 0;
}

/* Are the most recent samples free of a trend, or is it too small to matter? */
static int test_flat(struct driver *d, struct err *e)
{
    size_t n = d->n_warm / 2 > WARM_FIRST ? d->n_warm / 2 : WARM_FIRST;
    const double *recent;
    double z, slope, median, change;
    int rc = 0;

    if (n > WARM_TEST_MAX)
        n = WARM_TEST_MAX;
    recent = d->warm + d->n_warm - n;
    TRY(stats_trend(recent, n, &z, &slope, e));
    TRY(warm_median(recent, n, &median, e));
    change = fabs(slope) * (double)(n - 1) / median;
    d->flat_tested = true;
    d->flat = !(fabs(z) >= z_flat) || change <= warm_flat;
out:
    return rc;
}

static void remember_warm(struct driver *d, double ns)
{
    if (d->n_warm == WARM_CAP) {
        d->n_warm = WARM_CAP / 2;
        memmove(d->warm, d->warm + WARM_CAP / 2, d->n_warm * sizeof(d->warm[0]));
    }
    d->warm[d->n_warm++] = ns;
}

static int warm_up(struct driver *d, struct err *e)
{
    struct sampling_result *r = d->out;
    size_t taken = 1, next = WARM_FIRST;
    double ns, wall, time;
    int rc = 0;

    r->reps = 1;
    d->sample_ns = wished_sample_ns(d);
    TRY(tell_progress(d, true, e));
    if (r->interrupted)
        goto out;
    TRY(calibrate(d, e));
    while (!d->flat && !warm_time_over(d)) {
        TRY(warm_sample(d, r->reps, &ns, &wall, e));
        remember_warm(d, ns / (double)r->reps);
        if (++taken >= next && d->n_warm >= WARM_FIRST &&
            elapsed_s(d) >= warm_least * d->c->seconds) {
            TRY(test_flat(d, e));
            next = taken + taken / 4;
        }
    }
    /* The code is faster warm than it was when reps were chosen. */
    TRY(warm_median(d->warm, d->n_warm, &time, e));
    if (time > 0)
        r->reps = reps_for(d, time);
    r->warmup_s = elapsed_s(d);
    if (!r->interrupted) /* whoever listens: what comes now is kept */
        TRY(tell_progress(d, true, e));
out:
    return rc;
}

/* ---- the kept part */

static int reserve(struct driver *d, struct err *e)
{
    struct sampling_result *r = d->out;
    size_t seconds = d->c->seconds >= 3 ? SAMPLING_SECONDS_MAX : 0;

    r->cap = d->c->max_samples;
    r->ns = mem_calloc(r->cap, sizeof(*r->ns));
    r->start_s = mem_calloc(r->cap, sizeof(*r->start_s));
    if (seconds)
        r->per_second = mem_calloc(seconds, sizeof(*r->per_second));
    if (!r->ns || !r->start_s || (seconds && !r->per_second))
        return ERR(e, ERR_NOMEM, "no memory for %zu samples", r->cap);
    for (size_t i = 0; i < r->cap; i++) /* touched: no page fault falls between samples */
        r->ns[i] = r->start_s[i] = NAN;
    return 0;
}

static void keep(struct sampling_result *r, double ns, double start_s)
{
    r->ns[r->n] = ns / (double)r->reps;
    r->start_s[r->n++] = start_s;
    r->sampled_s += ns * 1e-9;
}

/* Half the interval's width relative to the median; NaN where there is no interval to speak of. */
static double relative_half(double median, struct stats_interval ci, enum stats_method method)
{
    return method == STATS_NONE || !(median > 0) ? (double)NAN : (ci.hi - ci.lo) / 2 / median;
}

static int check_interval(struct driver *d, struct err *e)
{
    struct stats_interval ci;
    enum stats_method method;
    int rc = 0;

    TRY(stats_median_interval(d->out->ns, d->out->n, &d->median, &ci, &method, e));
    d->half = relative_half(d->median, ci, method);
out:
    return rc;
}

/* How far the thirds of a run lie apart, relative to the median; 0 where their own intervals allow
 * it.  Theirs, because a shift widens the interval of the whole. */
struct shift {
    double size;
    size_t fast, slow; /* which thirds */
};

static int find_shift(const struct sampling_result *r, struct shift *out, struct err *e)
{
    double mid[3], half[3];
    size_t third = r->n / 3, lo = 0, hi = 0;
    int rc = 0;

    *out = (struct shift){ 0 };
    if (r->n < SHIFT_MIN)
        return 0;
    for (size_t i = 0; i < 3; i++) {
        struct stats_interval ci;
        enum stats_method method;

        TRY(stats_median_interval(r->ns + i * third, i < 2 ? third : r->n - 2 * third, &mid[i], &ci,
                                  &method, e));
        half[i] = (ci.hi - ci.lo) / 2;
        lo = mid[i] < mid[lo] ? i : lo;
        hi = mid[i] > mid[hi] ? i : hi;
    }
    if (mid[lo] > 0 && mid[hi] - mid[lo] > shift_halves * (half[lo] + half[hi]) / 2)
        *out = (struct shift){ (mid[hi] - mid[lo]) / mid[lo], lo, hi };
out:
    return rc;
}

/* Fewer independent samples than asked for have not seen all states of the machine, although the
 * plain count is there: the next run may find others. */
static bool wanders(const struct driver *d)
{
    return d->out->n >= d->c->min_samples &&
           d->out->summary.effective_n < (double)d->c->min_samples;
}

/* May the loop stop?  Narrow is not enough: thirds that differ by more than the precision asked for
 * tell of states that have not been seen often enough. */
static int converged(struct driver *d, bool *yes, struct err *e)
{
    struct sampling_result *r = d->out;
    struct shift shift;
    int rc = 0;

    *yes = false;
    if (d->to_the_end || !(d->half <= d->c->target) || r->n < d->c->min_samples ||
        elapsed_s(d) < fmax(converged_share * d->c->seconds, converged_least_s))
        return 0;
    TRY(find_shift(r, &shift, e));
    TRY(stats_summarise(r->ns, r->n, &r->summary, e));
    /* Not asked again: it would only stop at the first moment that happens to look calm. */
    d->to_the_end = shift.size > 2 * d->c->target || wanders(d);
    *yes = !d->to_the_end;
out:
    return rc;
}

static int collect(struct driver *d, struct err *e)
{
    struct sampling_result *r = d->out;
    uint64_t first = d->ops->now_ns(d->self);
    size_t next = 6;
    bool stop = false;
    int rc = 0;

    while (!stop && !r->interrupted && r->n < r->cap && elapsed_s(d) < d->c->seconds) {
        uint64_t start;
        double ns;

        TRY(pause_between(d, false, e));
        if (r->interrupted)
            break;
        start = d->ops->now_ns(d->self);
        TRY(one_sample(d, r->reps, &ns, e));
        keep(r, ns, (double)(start - first) * 1e-9);
        if (r->n < next)
            continue;
        TRY(check_interval(d, e));
        next = (size_t)((double)r->n * check_growth) + 1;
        TRY(converged(d, &stop, e));
    }
    r->wall_s = (double)(d->ops->now_ns(d->self) - first) * 1e-9;
out:
    return rc;
}

/* ---- the verdict */

/* Repetitions per second of timed work, for each whole second of the kept part. */
static void count_seconds(struct sampling_result *r)
{
    size_t seconds = r->wall_s < SAMPLING_SECONDS_MAX ? (size_t)r->wall_s : SAMPLING_SECONDS_MAX;
    size_t i = 0;

    if (!r->per_second || seconds < 3) {
        mem_free(r->per_second);
        r->per_second = NULL;
        return;
    }
    r->n_seconds = seconds;
    for (size_t s = 0; s < seconds; s++) {
        double from = (double)s, to = from + 1, reps = 0, timed = 0;

        /* A sample that reaches into the next second counts in both, in proportion. */
        while (i > 0 && r->start_s[i - 1] + r->ns[i - 1] * (double)r->reps * 1e-9 > from)
            i--;
        for (; i < r->n && r->start_s[i] < to; i++) {
            double length = r->ns[i] * (double)r->reps * 1e-9;
            double part = fmin(to, r->start_s[i] + length) - fmax(from, r->start_s[i]);

            if (part > 0) {
                timed += part;
                reps += (double)r->reps * part / length;
            }
        }
        r->per_second[s] = timed > 0 ? reps / timed : 0;
    }
}

static int find_trend(struct sampling_result *r, double median, double half, bool *trend,
                      struct err *e)
{
    double z, slope, drift;
    int rc = 0;

    r->drift_pct = NAN;
    if (r->n < TREND_MIN || !(median > 0))
        return 0;
    TRY(stats_trend(r->ns, r->n, &z, &slope, e));
    drift = slope * (double)(r->n - 1) / median;
    r->drift_pct = 100 * drift;
    *trend = fabs(z) >= z_trend && fabs(drift) > fmax(relevant, isnan(half) ? 0 : 2 * half);
    if (*trend)
        snprintf(r->why, sizeof(r->why), "trend of %+.1f %% over the run", 100 * drift);
out:
    return rc;
}

static int judge_shift(struct sampling_result *r, bool *unstable, struct err *e)
{
    static const char *const names[] = { "first", "second", "last" };
    struct shift shift;
    int rc = 0;

    TRY(find_shift(r, &shift, e));
    if (shift.size <= relevant)
        goto out;
    *unstable = true;
    snprintf(r->why, sizeof(r->why),
             "level shift: the %s third of the run is %.1f %% slower than the %s",
             names[shift.slow], 100 * shift.size, names[shift.fast]);
out:
    return rc;
}

/* Samples missing to the target: the width falls with the root of their number. */
static size_t missing(const struct driver *d, size_t n)
{
    double N = (double)n, least = (double)d->c->min_samples, more = 0;

    if (d->half > d->c->target)
        more = N * (pow(d->half / d->c->target, 2) - 1);
    if (isnan(d->half))
        more = N;
    if (wanders(d))
        more = fmax(more, N * (least / d->out->summary.effective_n - 1));
    more = ceil(fmax(more, least - N));
    return more < 1e15 ? (size_t)more : (size_t)1e15;
}

static void why_not_unstable(struct driver *d)
{
    struct sampling_result *r = d->out;
    double half = 100 * d->half;
    const char *end = r->interrupted   ? "interrupted"
                      : r->n >= r->cap ? "the most samples allowed are taken"
                                       : "the time is up";

    if (r->n && r->summary.max == 0)
        snprintf(r->why, sizeof(r->why), "%s; the clock did not move during the samples", end);
    else if (isnan(d->half))
        snprintf(r->why, sizeof(r->why), "%s with %zu sample%s: too few for an interval", end, r->n,
                 r->n == 1 ? "" : "s");
    else if (r->stop == SAMPLING_CONVERGED)
        snprintf(r->why, sizeof(r->why), "half width %.3g %%, wanted were %.3g %%", half,
                 100 * d->c->target);
    else
        snprintf(r->why, sizeof(r->why), "%s at a half width of %.3g %%, wanted were %.3g %%", end,
                 half, 100 * d->c->target);
}

static int judge(struct driver *d, struct err *e)
{
    struct sampling_result *r = d->out;
    bool unstable = false;
    int rc = 0;

    r->drift_pct = NAN;
    if (r->n == 0) {
        r->stop = SAMPLING_BUDGET;
        r->more_needed = d->c->min_samples;
        snprintf(r->why, sizeof(r->why), "interrupted before the first sample");
        return 0;
    }
    TRY(stats_summarise(r->ns, r->n, &r->summary, e));
    d->median = r->summary.median;
    d->half = relative_half(d->median, r->summary.median_ci, r->summary.ci_method);
    count_seconds(r);
    r->more_needed = missing(d, r->n);
    r->stop = d->half <= d->c->target && r->n >= d->c->min_samples && r->n < r->cap &&
                      !d->c->keep_full_budget && !r->interrupted
                  ? SAMPLING_CONVERGED
                  : SAMPLING_BUDGET;
    why_not_unstable(d);
    TRY(find_trend(r, d->median, d->half, &unstable, e));
    if (!unstable)
        TRY(judge_shift(r, &unstable, e));
    if (!unstable && wanders(d)) {
        unstable = true;
        snprintf(r->why, sizeof(r->why),
                 "the machine wanders: %zu samples are worth %.1f independent ones", r->n,
                 r->summary.effective_n);
    }
    if (!unstable && d->flat_tested && !d->flat) {
        unstable = true;
        snprintf(r->why, sizeof(r->why),
                 "the warm-up was still changing when it ended after "
                 "%.2g s",
                 r->warmup_s);
    }
    if (unstable)
        r->stop = SAMPLING_UNSTABLE;
out:
    return rc;
}

int sampling_run(const struct sampling_config *c, const struct sampling_ops *ops, void *self,
                 struct sampling_result *out, struct err *e)
{
    struct driver d = { .c = c,
                        .ops = ops,
                        .self = self,
                        .out = out,
                        .median = NAN,
                        .half = NAN,
                        .to_the_end = c->keep_full_budget };
    int rc = 0;

    *out = (struct sampling_result){ 0 };
    TRY(check_config(c, ops, e));
    d.begin_ns = d.between_at = d.progress_at = ops->now_ns(self);
    TRY(warm_up(&d, e));
    TRY(reserve(&d, e));
    /* One repetition took longer than the whole budget: it is what there is. */
    if (!out->interrupted && elapsed_s(&d) >= c->seconds && d.n_warm) {
        out->reps = 1;
        keep(out, d.warm[d.n_warm - 1], 0);
        out->warmup_samples--;
        out->wall_s = out->sampled_s;
        out->warmup_s = fmax(0, out->warmup_s - out->sampled_s);
    } else
        TRY(collect(&d, e));
    TRY(judge(&d, e));
out:
    if (rc < 0)
        sampling_release(out);
    return rc;
}
