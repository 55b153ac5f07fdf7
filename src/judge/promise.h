/* promise.h - which loss a gate promises to catch: warn from 10 %, fail from 20 %, or as a small
 * file says for each metric.
 *
 * A limit at the promised change finds it half the time only, so the decision line is half of it.
 * A promise is refused where this machine's noise is too large to keep it (promise_smallest). */
#ifndef JUDGE_PROMISE_H
#define JUDGE_PROMISE_H

#include "core/result.h"

/* Losses in percent: a time that grows, or a rate that falls, by as much as this factor. */
struct promise {
    double warn_pct, fail_pct; /* warn <= fail */
    char source[80];           /* "default", or the rule's pattern */
};

enum { PROMISE_RULES_MAX = 200 };

struct promise_rule {
    char name[48], metric[24], device[16]; /* globs; "" matches all */
    double warn_pct, fail_pct;
};

/* The last rule that matches a row holds. */
struct promises {
    struct promise_rule rule[PROMISE_RULES_MAX];
    int n;
};

struct promise promise_for(const struct promises *ps, const struct result *row);

/* The change (verdict.h) from which on a promised loss is called. */
double promise_line(double promised_pct);

/* The smallest loss, in percent, that `pairs` interleaved pairs catch in 90 of 100 cases and whose
 * line is twice what A against A shows in 95 of 100, when runs spread by `spread` (a standard
 * deviation of logarithms) and the band is `band`. */
double promise_smallest(double spread, double band, int pairs);

#endif
