/* judged.c - verdicts in words: why this one, and by which rule. */
#include "judge/judged.h"

#include <math.h>
#include <stdio.h>

static void explain_clocks(const struct judged *j)
{
    const struct clocks *a = &j->clocks[SIDE_A], *b = &j->clocks[SIDE_B];
    struct verdict *v = j->v;

    if (fabs(log(b->median_hz / a->median_hz)) > JUDGED_CLOCK_BAND)
        snprintf(v->reason, sizeof(v->reason),
                 "clocks differ: %.0f and %.0f MHz; in clock cycles the change is %+.1f %%",
                 a->median_hz * 1e-6, b->median_hz * 1e-6,
                 verdict_percent(v->cycles, j->pair->row->direction));
    else
        snprintf(v->reason, sizeof(v->reason),
                 "clocks differ: throttled %.0f and %.0f %% of the time", 100 * a->throttled,
                 100 * b->throttled);
}

/* The interval in percent of the value, the lower end first. */
static void interval_text(const struct judged *j, char *out, size_t cap)
{
    double lo = verdict_percent(j->v->lo, j->pair->row->direction);
    double hi = verdict_percent(j->v->hi, j->pair->row->direction);

    snprintf(out, cap, "%+.1f to %+.1f %%", fmin(lo, hi), fmax(lo, hi));
}

static void explain_unclear(const struct judged *j)
{
    struct verdict *v = j->v;
    double band = 100 * expm1(v->band), seen = 100 * expm1(v->detectable);
    char interval[64];

    interval_text(j, interval, sizeof(interval));
    if (isnan(v->detectable))
        snprintf(v->reason, sizeof(v->reason),
                 "%d pairs can show no change beyond chance among %d rows", v->n[SIDE_B],
                 j->factor);
    else if (v->lo > v->band || v->hi < -v->band)
        snprintf(
            v->reason, sizeof(v->reason),
            "%s is beyond the band of %.1f %%, but not all of it beyond the %.1f %% that these "
            "runs can tell",
            interval, band, seen);
    else
        snprintf(v->reason, sizeof(v->reason),
                 "%s is neither within the band of %.1f %% nor beyond the %.1f %% that these runs "
                 "can tell",
                 interval, band, seen);
}

static void explain_word(const struct judged *j)
{
    struct verdict *v = j->v;
    char interval[64];

    interval_text(j, interval, sizeof(interval));
    if (v->word == VERDICT_SAME)
        snprintf(v->reason, sizeof(v->reason), "%s is within the band of %.1f %%", interval,
                 100 * expm1(v->band));
    else
        snprintf(v->reason, sizeof(v->reason), "%s is beyond the %.1f %% that these runs can tell",
                 interval, 100 * expm1(v->detectable));
}

static void cite_rule(const struct judged *j, int look)
{
    const struct evidence *ev = &j->ev;
    struct verdict *v = j->v;

    if (v->interleaved)
        snprintf(
            v->rule, sizeof(v->rule),
            "%s over %d interleaved pairs, %.0f %% interval; p at most %g over looks at %d, %d "
            "and %d pairs, among %d row%s",
            ev->pairs[look] < PAIRED_MIN ? "rank-sum test" : "signed-rank test", ev->pairs[look],
            100 * v->confidence, VERDICT_ERROR, verdict_looks[0], verdict_looks[1],
            verdict_looks[2], j->factor, j->factor == 1 ? "" : "s");
    else
        snprintf(
            v->rule, sizeof(v->rule),
            "Student's t over %d and %d sessions, %.0f %% interval; p at most %g among %d row%s",
            v->sessions[SIDE_A], v->sessions[SIDE_B], 100 * v->confidence, VERDICT_ERROR, j->factor,
            j->factor == 1 ? "" : "s");
}

void judged_explain(const struct judged *j, int look)
{
    if (j->v->clocks_differ)
        explain_clocks(j);
    else if (j->v->word == VERDICT_UNCLEAR)
        explain_unclear(j);
    else
        explain_word(j);
    cite_rule(j, look);
}

static const char *why_not(const struct pair_half *h)
{
    if (!h->last)
        return "no such row";
    return h->last->reason[0] ? h->last->reason : "no value";
}

void judged_explain_gap(const struct judged *j)
{
    const struct pair_half *a = &j->pair->half[SIDE_A], *b = &j->pair->half[SIDE_B];
    struct verdict *v = j->v;
    size_t cap = sizeof(v->reason);

    switch (v->gap) {
    case GAP_ONLY_A: snprintf(v->reason, cap, "no longer measured: %.200s", why_not(b)); break;
    case GAP_ONLY_B:
        snprintf(v->reason, cap, "nothing to hold it against: %.200s", why_not(a));
        break;
    case GAP_INVALID:
        snprintf(v->reason, cap, "%s in B: %.200s",
                 b->last->status == RESULT_OK ? "not ok once" : result_status_name(b->last->status),
                 why_not(b));
        break;
    case GAP_BOTH: snprintf(v->reason, cap, "measured on neither side: %.200s", why_not(b)); break;
    case GAP_UNITS:
        snprintf(v->reason, cap, "A is in %s, B in %s", a->last->unit, b->last->unit);
        break;
    case GAP_NONE:
    default: break;
    }
}
