/* shift_test.h - by how much do the numbers of B lie above those of A: an estimate, intervals, and
 * the probability of such data under any shift that is asked about.
 *
 * Estimate, interval and p belong together: the interval at alpha excludes exactly the shifts whose
 * p is at most alpha.  Three tests:
 *   paired      Wilcoxon's signed ranks, exact up to 100 pairs (Hollander, Wolfe & Chicken 2014,
 *               3.1 to 3.3): estimate the median of all averages of two differences
 *   two sample  Mann & Whitney's ranks, exact up to 100 a side (the same, 4.1 to 4.3): estimate the
 *               median of all differences b - a
 *   student     a normal estimate with a standard error of df degrees of freedom
 * Ties count against a change.  Memory grows with the product of the sizes. */
#ifndef JUDGE_SHIFT_TEST_H
#define JUDGE_SHIFT_TEST_H

#include <stddef.h>

#include "core/err.h"
#include "core/stats.h"

struct shift_test {
    double *contrast; /* sorted; owned; NULL for student */
    double *tail;     /* tail[k]: P(at most k contrasts below the true shift), k = 0..n; owned */
    size_t n;
    double estimate;
    double error, df; /* student only */
};

/* n >= 1 differences b - a.  ERR_ARG for none, NaN and infinity; ERR_NOMEM. */
int shift_test_paired(const double *difference, size_t n, struct shift_test *out, struct err *e);
int shift_test_two_sample(const double *a, size_t na, const double *b, size_t nb,
                          struct shift_test *out, struct err *e);
struct shift_test shift_test_student(double estimate, double error, double df);
void shift_test_release(struct shift_test *t);

/* P of such data or more extreme ones, when the shift is not above (not below) `shift`. */
double shift_test_above(const struct shift_test *t, double shift);
double shift_test_below(const struct shift_test *t, double shift);

/* Shifts that neither test rejects at alpha, one-sided; an end is infinite where no data of this
 * size could reject anything. */
struct stats_interval shift_test_interval(const struct shift_test *t, double alpha);

/* Upper tail of Student's t, and the t whose upper tail is p (0 < p < 0.5). */
double student_tail(double t, double df);
double student_quantile(double p, double df);

#endif
