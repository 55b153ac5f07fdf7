/* verdict.h - did it get slower?  One verdict a row, with everything it rests on.
 *
 * Changes are logarithms of a ratio of values, and positive means worse whatever the metric's
 * direction: log(B / A) of a latency, log(A / B) of a bandwidth.  verdict_percent makes the
 * percentage that people read.
 *
 * Interleaved runs (pair.h): the Hodges-Lehmann estimate and the exact interval of Wilcoxon's
 * signed-rank test over the logarithms of the paired ratios; with fewer than PAIRED_MIN pairs,
 * where that test reaches too little for a suite, those of the exact rank-sum test.  Looks at 6,
 * 10 and 20 pairs, with intervals of 99, 98 and 95 %.  Stored runs: Student's interval for what
 * B's sessions agree on against the mean of A's, from at least SESSIONS_MIN sessions of A and
 * RUNS_MIN runs of B; with fewer the verdict is unclear.
 *
 *   slower    the whole interval is above what the runs can tell: the band and half the interval;
 *             and p is at most VERDICT_ERROR over all looks and, by Holm's rule, all rows
 *   faster    the same below
 *   same      the whole interval is inside the band
 *   unclear   none of these, or `reason`
 *
 * Why, and how often it is wrong: docs/notes/verdicts.md. */
#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

#include <stdbool.h>

#include "judge/evidence.h"
#include "judge/promise.h"

/* 0.01: both sides, all looks, and by Holm's rule all rows of a comparison together */
extern const double VERDICT_ERROR;

enum verdict_word { VERDICT_FASTER, VERDICT_SAME, VERDICT_SLOWER, VERDICT_UNCLEAR };
const char *verdict_word_name(enum verdict_word w);

/* What the promise makes of it. */
enum verdict_level { LEVEL_NONE, LEVEL_WARN, LEVEL_FAIL };
const char *verdict_level_name(enum verdict_level l); /* "", "warn", "fail" */

/* Why a row has no figure to compare. */
enum verdict_gap {
    GAP_NONE,
    GAP_ONLY_A,  /* B has no such row, or skipped it: something is no longer measured */
    GAP_ONLY_B,  /* A has no value for it: new, nothing to hold it against */
    GAP_INVALID, /* the row failed or is invalid in B: exit code 4 */
    GAP_BOTH,    /* neither side has a value */
    GAP_UNITS    /* the sides are not in one unit */
};

struct verdict {
    enum verdict_word word;
    enum verdict_level level;
    enum verdict_gap gap;
    double median[SIDES];  /* of the runs, in the row's unit; NaN where there are none */
    double change, lo, hi; /* NaN where there is nothing to compare; lo, hi: at `confidence` */
    double confidence;     /* of the interval, e.g. 0.994 */
    double p;     /* that there is no change beyond the band, after looks and Holm's rule */
    int n[SIDES]; /* runs that the figures rest on */
    int sessions[SIDES];
    double band;            /* smaller changes are of no consequence, or this machine's noise */
    double detectable;      /* smaller changes than this are never called; NaN: none can be */
    double reliable;        /* and from here on nine in ten are; NaN as above */
    double cycles;          /* the change in clock cycles; NaN where no clock was probed */
    bool clocks_differ;     /* clock or throttling: the word is then unclear */
    bool interleaved;       /* else weak: stored runs of different times */
    enum verdict_word lean; /* what an unclear one leans to, or VERDICT_UNCLEAR; never a verdict */
    struct promise promise; /* what it was held against */
    bool kept;              /* a loss of the promised size is excluded, whatever the word */
    double keepable_pct;    /* the smallest loss a promise can name here; NaN: noise not known */
    bool refused;           /* ... and the promise is smaller */
    char reason[240];       /* in words: why this word */
    char rule[200];         /* the rule with its numbers */
};

struct verdict_rules {
    const struct promises *promises; /* NULL: the defaults */
    const struct noise *noise;       /* NULL: this machine's is not known */
};

/* Judge all rows of a comparison: out[pairs->n], with Holm's rule over those that have figures.
 * ERR_NOMEM. */
int verdict_judge(const struct pairs *pairs, const struct verdict_rules *rules, struct verdict *out,
                  struct err *e);

/* More pairs could change a verdict: a row is unclear for want of pairs (not for its clocks), and
 * the last look is not reached. */
bool verdict_wants_more(const struct verdict *v, int n);

/* The change as people read it, in percent of the value: +12.3 of a latency and -11.0 of a
 * bandwidth are worse. */
double verdict_percent(double change, enum direction d);

/* open: what keeps a gate from passing without being a regression: a row that is unclear and whose
 * promise is not kept, that is gone, or whose promise was refused. */
struct verdict_counts {
    int faster, same, slower, unclear, warn, fail, invalid, gone, added, open;
};
struct verdict_counts verdict_count(const struct verdict *v, int n);

/* Exit codes by design.  compare judges with the band: 4 invalid, 2 slower, 3 unclear or gone, 0.
 * gate judges with the promises: 4 invalid, 2 fail, 3 open, 1 warn, 0. */
int verdict_compare_code(const struct verdict_counts *c);
int verdict_gate_code(const struct verdict_counts *c);

#endif
