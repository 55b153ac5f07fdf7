/* changepoint.h - the run of a history at which a row became another.
 *
 * As Hunter does (Fleming et al. 2023): the series is split where Student's t between both parts,
 * with their sample standard deviation, is largest, each part again, as long as that could be
 * significant; then the weakest of the splits is merged and its neighbours are looked at anew,
 * until all that are left are significant and large enough.  Significant is meant for all places
 * at which a step could have been (Bonferroni), so that a series without one gives an alarm with at
 * most `alarm`.  Nothing is drawn: the same series gives the same answer.
 *
 * A single spike is no step: a value far from the median of the five around it, which a step is
 * not, is held at that distance; and a segment has at least `segment_min` runs.  At the end two
 * that are both far away are a step that is `young`. */
#ifndef JUDGE_CHANGEPOINT_H
#define JUDGE_CHANGEPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct changepoint {
    size_t at;            /* the first run of the new level */
    double before, after; /* medians of the segments on both sides */
    double p;
    bool young; /* fewer than segment_min runs follow: one more would confirm it */
};

struct changepoint_config {
    double alarm;     /* probability that a series without a step gives one: 0.02 */
    double magnitude; /* relative change that is of any consequence: 0 to 1 */
    int segment_min;  /* 3 */
};
struct changepoint_config changepoint_defaults(void);

/* The steps of x[0..n) in order, at most cap; how many.  NaN and values <= 0 are refused with
 * ERR_ARG; ERR_NOMEM.  A series of fewer than 2 * segment_min has none. */
int changepoint_find(const double *x, size_t n, const struct changepoint_config *c,
                     struct changepoint *out, size_t cap, size_t *found, struct err *e);

#endif
