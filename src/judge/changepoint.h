/* changepoint.h - the run of a history at which a row became another.
 *
 * Hunter's method (Fleming et al. 2023), made exact for short series: the series is split where the
 * split explains most (the energy statistic of Matteson & James 2014), each split is kept when
 * Student's t between its neighbouring segments, with the sample standard deviation and over all
 * places it could have been, is significant and the change is larger than `magnitude`; the weakest
 * are merged until all are.  Nothing is drawn: the same series gives the same answer.  A single
 * spike is no change: a segment has at least `segment_min` runs, except at the end, where a step
 * that nothing follows yet is reported as `young`. */
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
    double alarm;     /* probability that a series without a step gives one: 0.03 */
    double magnitude; /* relative change that is of any consequence: 0 to 1 */
    int segment_min;  /* 3 */
};
struct changepoint_config changepoint_defaults(void);

/* The steps of x[0..n) in order, at most cap; how many.  NaN and values <= 0 are refused with
 * ERR_ARG; ERR_NOMEM.  A series of fewer than 2 * segment_min has none. */
int changepoint_find(const double *x, size_t n, const struct changepoint_config *c,
                     struct changepoint *out, size_t cap, size_t *found, struct err *e);

#endif
