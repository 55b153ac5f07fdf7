/* changepoint.c - where a series steps. */
#include "judge/changepoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "judge/shift_test.h"

enum { WINDOW = 5, YOUNG = 2 };

/* A value this many spreads away from its neighbours' median is a spike; so far from the segment
 * before must both runs of a young step be. */
static const double SPIKE = 4, YOUNG_AWAY = 3;

/* Splitting is generous, merging decides. */
static const double GENEROUS = 10;

static const double MAD_TO_STD = 1.4826;

struct changepoint_config changepoint_defaults(void)
{
    return (struct changepoint_config){ .alarm = 0.02, .magnitude = 0, .segment_min = 3 };
}

/* The series and its cuts: segment i is [cut[i], cut[i + 1]). */
struct search {
    const struct changepoint_config *c;
    double *x;            /* logarithms without spikes, n; owned */
    double *sum, *square; /* of the first i values, n + 1; owned */
    size_t *cut;          /* n_cuts + 2 of n + 2: 0 first, n last; owned */
    size_t n, n_cuts;
};

/* ---- the series without its spikes ---- */

/* At the beginning the first five.  The last two have nothing behind them yet. */
static double median_around(const double *x, size_t i)
{
    return stats_median(x + (i > WINDOW / 2 ? i - WINDOW / 2 : 0), WINDOW);
}

static void hold_spikes(const double *x, double *out, double *distance, size_t n)
{
    double spread;
    size_t m = 0;

    memcpy(out, x, n * sizeof(*x));
    if (n < WINDOW)
        return;
    for (size_t i = 0; i + WINDOW / 2 < n; i++)
        distance[m++] = fabs(x[i] - median_around(x, i));
    /* Of five, the middle one is its own median in one case of five: those say nothing. */
    for (size_t i = m; i-- > 0;)
        if (distance[i] == 0)
            distance[i] = distance[--m];
    spread = MAD_TO_STD * stats_median(distance, m);
    for (size_t i = 0; i + WINDOW / 2 < n && spread > 0; i++) {
        double median = median_around(x, i);

        out[i] = fmax(median - SPIKE * spread, fmin(median + SPIKE * spread, x[i]));
    }
}

/* ---- one split ---- */

/* Sum of squared deviations from the mean in [from, to). */
static double deviations(const struct search *s, size_t from, size_t to)
{
    double n = (double)(to - from), sum = s->sum[to] - s->sum[from];

    return fmax(0, s->square[to] - s->square[from] - sum * sum / n);
}

static double mean_of(const struct search *s, size_t from, size_t to)
{
    return (s->sum[to] - s->sum[from]) / (double)(to - from);
}

/* Two-sided p of Student's t between [from, at) and [at, to), over all places of the series. */
static double p_at(const struct search *s, size_t from, size_t at, size_t to)
{
    double na = (double)(at - from), nb = (double)(to - at), df = na + nb - 2;
    double pooled = (deviations(s, from, at) + deviations(s, at, to)) / df;
    double difference = mean_of(s, at, to) - mean_of(s, from, at);
    double places = fmax(1, (double)s->n - 2 * s->c->segment_min + 1);

    return fmin(1,
                places * 2 * student_tail(fabs(difference) / sqrt(pooled * (1 / na + 1 / nb)), df));
}

static bool is_long_enough(const struct search *s, size_t from, size_t at, size_t to)
{
    size_t least = (size_t)s->c->segment_min;
    double spread;

    if (at - from < least)
        return false;
    if (to - at >= least)
        return true;
    if (to != s->n || to - at < YOUNG)
        return false;
    spread = sqrt(deviations(s, from, at) / (double)(at - from - 1));
    for (size_t i = at; i < to; i++)
        if (!(fabs(s->x[i] - mean_of(s, from, at)) > YOUNG_AWAY * spread) ||
            (s->x[i] > mean_of(s, from, at)) != (s->x[at] > mean_of(s, from, at)))
            return false;
    return true;
}

static bool is_step(const struct search *s, size_t from, size_t at, size_t to, double alarm)
{
    double change = fabs(expm1(mean_of(s, at, to) - mean_of(s, from, at)));

    return p_at(s, from, at, to) <= alarm && change > s->c->magnitude;
}

/* The best place in [from, to), or `to` when no place will do. */
static size_t best_place(const struct search *s, size_t from, size_t to)
{
    size_t best = to;
    double least = 1;

    for (size_t at = from + 1; at < to; at++) {
        double p;

        if (!is_long_enough(s, from, at, to))
            continue;
        p = p_at(s, from, at, to);
        if (p < least || (p == least && p == 0 && best == to)) {
            least = p;
            best = at;
        }
    }
    return best < to && is_step(s, from, best, to, GENEROUS * s->c->alarm) ? best : to;
}

/* ---- all splits ---- */

static void insert_cut(struct search *s, size_t segment, size_t at)
{
    size_t last = s->n_cuts + 1;

    memmove(&s->cut[segment + 2], &s->cut[segment + 1], (last - segment) * sizeof(*s->cut));
    s->cut[segment + 1] = at;
    s->n_cuts++;
}

static void split(struct search *s)
{
    for (size_t i = 0; i <= s->n_cuts;) {
        size_t at = best_place(s, s->cut[i], s->cut[i + 1]);

        if (at == s->cut[i + 1])
            i++;
        else
            insert_cut(s, i, at);
    }
}

/* A cut is placed best between its neighbours, which were not known when it was made. */
static void settle(struct search *s)
{
    for (size_t i = 1; i <= s->n_cuts; i++) {
        size_t at = best_place(s, s->cut[i - 1], s->cut[i + 1]);

        if (at < s->cut[i + 1])
            s->cut[i] = at;
    }
}

static void merge(struct search *s)
{
    while (s->n_cuts) {
        size_t weakest = 0;
        double most = -1;

        for (size_t i = 1; i <= s->n_cuts; i++) {
            double p = p_at(s, s->cut[i - 1], s->cut[i], s->cut[i + 1]);

            if (!is_step(s, s->cut[i - 1], s->cut[i], s->cut[i + 1], s->c->alarm))
                p = 1 + p;
            if (p > most) {
                most = p;
                weakest = i;
            }
        }
        if (most < 1)
            return;
        memmove(&s->cut[weakest], &s->cut[weakest + 1],
                (s->n_cuts + 1 - weakest) * sizeof(*s->cut));
        s->n_cuts--;
        settle(s);
    }
}

/* ---- from outside ---- */

static void release(struct search *s)
{
    mem_free(s->x);
    mem_free(s->sum);
    mem_free(s->square);
    mem_free(s->cut);
}

static int prepare(struct search *s, const double *x, size_t n, struct err *e)
{
    double *logs = mem_calloc(n, sizeof(*logs)), mean;
    int rc = 0;

    s->n = n;
    s->x = mem_calloc(n, sizeof(*s->x));
    s->sum = mem_calloc(n + 1, sizeof(*s->sum));
    s->square = mem_calloc(n + 1, sizeof(*s->square));
    s->cut = mem_calloc(n + 2, sizeof(*s->cut));
    if (!logs || !s->x || !s->sum || !s->square || !s->cut) {
        rc = ERR(e, ERR_NOMEM, "no memory for a history of %zu runs", n);
        goto out;
    }
    for (size_t i = 0; i < n; i++)
        logs[i] = log(x[i]);
    hold_spikes(logs, s->x, s->sum /* scratch */, n);
    mean = stats_mean(s->x, n);
    s->sum[0] = 0;
    for (size_t i = 0; i < n; i++) {
        s->x[i] -= mean; /* sums of squares of small numbers lose nothing */
        s->sum[i + 1] = s->sum[i] + s->x[i];
        s->square[i + 1] = s->square[i] + s->x[i] * s->x[i];
    }
    s->cut[1] = n;
out:
    mem_free(logs);
    return rc;
}

int changepoint_find(const double *x, size_t n, const struct changepoint_config *c,
                     struct changepoint *out, size_t cap, size_t *found, struct err *e)
{
    struct search s = { .c = c };
    int rc = 0;

    *found = 0;
    for (size_t i = 0; i < n; i++)
        if (!(x[i] > 0) || isinf(x[i]))
            return ERR(e, ERR_ARG, "run %zu of %zu is %g, not a figure to compare", i + 1, n, x[i]);
    if (c->segment_min < YOUNG || n < (size_t)c->segment_min + YOUNG)
        return 0;
    TRY(prepare(&s, x, n, e));
    split(&s);
    settle(&s);
    merge(&s);
    for (size_t i = 1; i <= s.n_cuts && *found < cap; i++) {
        size_t from = s.cut[i - 1], at = s.cut[i], to = s.cut[i + 1];

        out[(*found)++] = (struct changepoint){
            .at = at,
            .before = stats_median(x + from, at - from),
            .after = stats_median(x + at, to - at),
            .p = p_at(&s, from, at, to),
            .young = to - at < (size_t)c->segment_min,
        };
    }
out:
    release(&s);
    return rc;
}
