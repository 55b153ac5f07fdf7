/* verdict.c - evidence becomes words. */
#include "judge/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "judge/judged.h"

const double VERDICT_ERROR = 0.01;
const double JUDGED_CLOCK_BAND = 0.01;

/* Few runs cannot exclude chance: for them the clocks may be this far apart. */
static const double CLOCK_BAND_OF_FEW = 0.02, CLOCK_ALPHA = 0.005, THROTTLE_BAND = 0.1;

enum { CLOCK_PAIRS_MIN = 8 }; /* 1/256 is below CLOCK_ALPHA */

/* What an unclear one leans to is said from this many standard errors on. */
static const double LEAN_ERRORS = 3;

static const double Z_OF_POWER = 1.281551565544600; /* 90 % */
static const double NORMAL_DF = 1e9;

const char *verdict_word_name(enum verdict_word w)
{
    static const char *const names[] = { "faster", "same", "slower", "unclear" };

    return names[w];
}

const char *verdict_level_name(enum verdict_level l)
{
    static const char *const names[] = { "", "warn", "fail" };

    return names[l];
}

double verdict_percent(double change, enum direction d)
{
    return 100 * expm1(d == HIGHER_IS_BETTER ? -change : change);
}

/* ---- one look ---- */

/* The estimate's distance to the end of its interval that is nearer to no change. */
static double reach_of(const struct shift_test *t, double alpha)
{
    struct stats_interval in = shift_test_interval(t, alpha);

    return t->estimate >= 0 ? t->estimate - in.lo : in.hi - t->estimate;
}

/* A look can call a change whose whole interval lies beyond what it can tell: the band and the
 * reach of the interval.  One that is smaller than that is so never called. */
static bool can_call(const struct judged *j, int k)
{
    const struct shift_test *t = &j->ev.look[k];

    return fabs(t->estimate) - 2 * reach_of(t, j->ev.alpha[k]) > j->v->band;
}

/* Two-sided, over all looks, that there is no change beyond the band. */
static double p_of(const struct judged *j, int k)
{
    const struct shift_test *t = &j->ev.look[k];
    double above = shift_test_above(t, j->v->band), below = shift_test_below(t, -j->v->band);

    return fmin(1, 2 * fmin(above, below) / j->ev.share[k]);
}

static void best_look(struct judged *j)
{
    j->p = j->v->p = 1;
    for (int k = 0; k < j->ev.n_looks; k++) {
        double p = p_of(j, k);

        j->v->p = fmin(j->v->p, p);
        if (p < j->p && can_call(j, k)) {
            j->p = p;
            j->best = k;
        }
    }
}

/* ---- Holm's rule (1979): the smallest p stands against all rows, the next against one less -- */

static int by_p(const void *a, const void *b)
{
    const struct judged *x = *(const struct judged *const *)a;
    const struct judged *y = *(const struct judged *const *)b;

    return (x->p > y->p) - (x->p < y->p);
}

static void holm(struct judged **order, int m)
{
    bool go_on = true;

    qsort(order, (size_t)m, sizeof(struct judged *), by_p);
    for (int i = 0, factor = m; i < m; i++) {
        if (go_on)
            factor = m - i;
        go_on = go_on && order[i]->p * factor <= VERDICT_ERROR;
        order[i]->called = go_on;
        order[i]->factor = factor;
    }
}

/* ---- clocks and throttling ---- */

static struct clocks clocks_of(const struct pair_half *h)
{
    struct clocks c = { .median_hz = NAN, .throttled = NAN };
    double *hz = mem_calloc((size_t)h->n_runs, sizeof(*hz)), sum = 0;
    int known = 0, n = 0;

    if (!hz)
        return c;
    for (int i = 0; i < h->n_runs; i++) {
        if (h->runs[i].clock_hz > 0)
            hz[n++] = h->runs[i].clock_hz;
        if (isfinite(h->runs[i].throttled)) {
            sum += h->runs[i].throttled;
            known++;
        }
    }
    if (known)
        c.throttled = sum / known;
    c.median_hz = stats_median(hz, (size_t)n); /* NaN of none */
    mem_free(hz);
    return c;
}

/* By how much B's clock is above A's, from the runs in which both are known: a test as of times. */
static int test_clocks(const struct judged *j, struct shift_test *out)
{
    const struct pair_half *a = &j->pair->half[SIDE_A], *b = &j->pair->half[SIDE_B];
    double *x = mem_calloc((size_t)a->n_runs, sizeof(*x));
    double *y = mem_calloc((size_t)b->n_runs, sizeof(*y));
    size_t n = 0;
    int rc = ERR_NOMEM;

    if (!x || !y)
        goto out;
    for (int i = 0; i < a->n_runs && i < b->n_runs; i++)
        if (a->runs[i].clock_hz > 0 && b->runs[i].clock_hz > 0) {
            x[n] = log(a->runs[i].clock_hz);
            y[n++] = log(b->runs[i].clock_hz);
        }
    for (size_t i = 0; i < n && j->pair->interleaved; i++)
        y[i] -= x[i];
    if (j->pair->interleaved && n >= CLOCK_PAIRS_MIN)
        rc = shift_test_paired(y, n, out, NULL);
    else if (!j->pair->interleaved)
        rc = shift_test_two_sample(x, n, y, n, out, NULL);
    else
        rc = ERR_ARG;
out:
    mem_free(x);
    mem_free(y);
    return rc;
}

/* Also gives the change in cycles, which a lower clock alone does not move. */
static void compare_clocks(struct judged *j)
{
    struct clocks *a = &j->clocks[SIDE_A], *b = &j->clocks[SIDE_B];
    struct stats_interval in = { -INFINITY, INFINITY };
    struct shift_test t = { 0 };
    double ratio;

    *a = clocks_of(&j->pair->half[SIDE_A]);
    *b = clocks_of(&j->pair->half[SIDE_B]);
    ratio = log(b->median_hz / a->median_hz);
    j->v->cycles = j->v->change + ratio;
    if (test_clocks(j, &t) == 0)
        in = shift_test_interval(&t, CLOCK_ALPHA);
    shift_test_release(&t);
    if (in.lo > JUDGED_CLOCK_BAND || in.hi < -JUDGED_CLOCK_BAND ||
        (isinf(in.lo) && fabs(ratio) > CLOCK_BAND_OF_FEW) ||
        fabs(a->throttled - b->throttled) > THROTTLE_BAND)
        j->v->clocks_differ = true;
}

/* ---- figures and words ---- */

static bool inside_band(const struct judged *j, int look)
{
    struct stats_interval in = shift_test_interval(&j->ev.look[look], j->ev.alpha[look]);

    return in.lo > -j->v->band && in.hi < j->v->band;
}

/* The look that the verdict rests on: the one that called a change, or one that found none, or the
 * last. */
static int deciding_look(const struct judged *j, bool *same)
{
    *same = false;
    if (j->called)
        return j->best;
    for (int k = j->ev.n_looks - 1; k >= 0; k--)
        if (inside_band(j, k)) {
            *same = true;
            return k;
        }
    return j->ev.n_looks - 1;
}

/* What these data could have told: nothing below `detectable`, from `reliable` on nine in ten. */
static void fill_power(struct judged *j, int look)
{
    const struct shift_test *t = &j->ev.look[look];
    double alpha = j->ev.alpha[look], reach = reach_of(t, alpha);
    double by_chance = reach_of(t, VERDICT_ERROR / 2 * j->ev.share[look] / j->factor);
    double error = reach / student_quantile(alpha, NORMAL_DF);

    if (!isfinite(reach) || !isfinite(by_chance))
        return;
    j->v->detectable = j->v->band + reach;
    j->v->reliable = j->v->band + fmax(2 * reach, by_chance) + Z_OF_POWER * error;
}

static void fill_figures(struct judged *j, int look)
{
    const struct shift_test *t = &j->ev.look[look];
    struct stats_interval in = shift_test_interval(t, j->ev.alpha[look]);
    struct verdict *v = j->v;

    v->change = t->estimate;
    v->confidence = 1 - 2 * j->ev.alpha[look];
    v->lo = isfinite(in.lo) ? in.lo : (double)NAN;
    v->hi = isfinite(in.hi) ? in.hi : (double)NAN;
    fill_power(j, look);
    for (int s = 0; s < SIDES && j->ev.pairs[look]; s++)
        v->n[s] = j->ev.pairs[look];
}

/* Too little for a verdict: the estimate alone, and where it leans. */
static void fill_lean(struct judged *j)
{
    struct verdict *v = j->v;
    const struct shift_test *t = &j->ev.all;
    double error;

    if (!t->contrast)
        return;
    v->change = t->estimate;
    error = j->ev.spread * sqrt(1.0 / v->n[SIDE_A] + 1.0 / v->n[SIDE_B]);
    if (!isfinite(error) || fabs(v->change) < v->band || fabs(v->change) < LEAN_ERRORS * error)
        return;
    v->lean = v->change > 0 ? VERDICT_SLOWER : VERDICT_FASTER;
}

static void set_word(struct judged *j, bool same)
{
    struct verdict *v = j->v;

    v->word = VERDICT_UNCLEAR;
    if (j->called)
        v->word = v->change > 0 ? VERDICT_SLOWER : VERDICT_FASTER;
    else if (same)
        v->word = VERDICT_SAME;
    if (v->clocks_differ) {
        v->lean = v->word == VERDICT_SAME ? VERDICT_UNCLEAR : v->word;
        v->word = VERDICT_UNCLEAR;
    }
    if (v->word == VERDICT_SLOWER && v->change >= promise_line(v->promise.fail_pct))
        v->level = LEVEL_FAIL;
    else if (v->word == VERDICT_SLOWER && v->change >= promise_line(v->promise.warn_pct))
        v->level = LEVEL_WARN;
    v->kept = !v->clocks_differ && v->hi < log1p(v->promise.warn_pct / 100);
}

/* ---- all rows ---- */

static enum verdict_gap gap_of(const struct pair *p)
{
    const struct pair_half *a = &p->half[SIDE_A], *b = &p->half[SIDE_B];

    if (b->n_bad)
        return GAP_INVALID;
    if (!a->n_runs && !b->n_runs)
        return GAP_BOTH;
    if (!a->n_runs)
        return GAP_ONLY_B;
    if (!b->n_runs)
        return GAP_ONLY_A;
    return strcmp(a->last->unit, b->last->unit) == 0 ? GAP_NONE : GAP_UNITS;
}

static double median_of(const struct pair_half *h)
{
    double *x = mem_calloc((size_t)h->n_runs, sizeof(*x)), median = NAN;

    for (int i = 0; x && i < h->n_runs; i++)
        x[i] = h->runs[i].value;
    if (x)
        median = stats_median(x, (size_t)h->n_runs);
    mem_free(x);
    return median;
}

static int begin_row(struct judged *j, const struct pair *p, struct verdict *v,
                     const struct verdict_rules *rules, struct err *e)
{
    double spread = noise_of(rules->noise, p->row);

    *j = (struct judged){ .pair = p, .v = v, .p = 1, .factor = 1 };
    *v = (struct verdict){ .word = VERDICT_UNCLEAR,
                           .gap = gap_of(p),
                           .lean = VERDICT_UNCLEAR,
                           .change = NAN,
                           .lo = NAN,
                           .hi = NAN,
                           .confidence = NAN,
                           .p = NAN,
                           .detectable = NAN,
                           .reliable = NAN,
                           .cycles = NAN,
                           .keepable_pct = NAN,
                           .interleaved = p->interleaved };
    for (int s = 0; s < SIDES; s++) {
        v->median[s] = median_of(&p->half[s]);
        v->n[s] = p->half[s].n_runs;
        v->sessions[s] = p->half[s].n_sessions;
    }
    v->band = noise_band(rules->noise, p->row);
    v->promise = promise_for(rules->promises, p->row);
    if (isfinite(spread)) {
        v->keepable_pct = promise_smallest(spread, v->band, verdict_looks[LOOKS - 1]);
        v->refused = v->keepable_pct > v->promise.warn_pct;
    }
    if (v->gap != GAP_NONE) {
        judged_explain_gap(j);
        return 0;
    }
    return evidence_gather(p, &j->ev, e);
}

static void end_row(struct judged *j)
{
    bool same;
    int look;

    if (j->v->gap != GAP_NONE)
        return;
    if (j->ev.n_looks == 0) {
        fill_lean(j);
        snprintf(j->v->reason, sizeof(j->v->reason), "%s", j->ev.lack);
        return;
    }
    look = deciding_look(j, &same);
    fill_figures(j, look);
    compare_clocks(j);
    set_word(j, same);
    judged_explain(j, look);
}

int verdict_judge(const struct pairs *pairs, const struct verdict_rules *rules, struct verdict *out,
                  struct err *e)
{
    struct judged *all = mem_calloc((size_t)pairs->n, sizeof(*all));
    struct judged **order = mem_calloc((size_t)pairs->n, sizeof(struct judged *));
    int rc = 0, m = 0;

    if (!all || !order) {
        rc = ERR(e, ERR_NOMEM, "no memory to judge %d rows", pairs->n);
        goto out;
    }
    for (int i = 0; i < pairs->n; i++) {
        TRY(begin_row(&all[i], &pairs->p[i], &out[i], rules, e));
        if (all[i].ev.n_looks == 0)
            continue;
        best_look(&all[i]);
        order[m++] = &all[i];
    }
    holm(order, m);
    for (int i = 0; i < pairs->n; i++)
        end_row(&all[i]);
out:
    for (int i = 0; all && i < pairs->n; i++)
        evidence_release(&all[i].ev);
    mem_free(all);
    mem_free(order);
    return rc;
}

bool verdict_wants_more(const struct verdict *v, int n)
{
    for (int i = 0; i < n; i++)
        if (v[i].gap == GAP_NONE && v[i].word == VERDICT_UNCLEAR && !v[i].clocks_differ &&
            v[i].n[SIDE_B] < verdict_looks[LOOKS - 1])
            return true;
    return false;
}
