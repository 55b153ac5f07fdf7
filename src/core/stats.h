/* stats.h - statistics of samples, pure functions over arrays of double.
 *
 * NaN and infinity in the input are refused with ERR_ARG by stats_summarise and stats_interval;
 * the small helpers return NaN where the answer is not defined (empty input).  Nothing sorts or
 * changes its input.  Quantiles are type 7 (Hyndman & Fan 1996), as R and NumPy default to. */
#ifndef CORE_STATS_H
#define CORE_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct stats_interval {
    double lo, hi;
};

/* How an interval of the median was made. */
enum stats_method {
    STATS_NONE,            /* too few samples (n < 6): lo = min, hi = max, no 95 % claim */
    STATS_ORDER,           /* order statistics, binomial ranks (exact for independent samples) */
    STATS_BLOCK_BOOTSTRAP  /* moving-block bootstrap: the samples are autocorrelated */
};

struct stats_summary {
    size_t n;
    double mean, std /* n - 1 */, median, mad /* raw median |x - median|, not scaled */, min, max;
    struct stats_interval median_ci; /* 95 %, of the median */
    enum stats_method ci_method;
    double autocorrelation;              /* lag 1; NaN below 8 samples or when all are equal */
    double p50, p90, p95, p99;           /* NaN where the sample does not support it */
    double jitter;        /* mean |x[i+1] - x[i]|, same unit as x; NaN below 2 samples */
    double longest_stall; /* max - median */
    size_t outliers_mild, outliers_severe; /* outside 1.5 / 3 IQR (Tukey 1977): labelled, kept */
};

/* Everything above from n >= 1 samples in time order.  `seed` drives the bootstrap.
 * 0, ERR_ARG (n = 0, NaN, infinity) or ERR_NOMEM. */
int stats_summarise(const double *x, size_t n, uint64_t seed, struct stats_summary *out,
                    struct err *e);

/* 95 % interval of the median only (what the stopping rule asks for, cheaper than a summary). */
int stats_median_interval(const double *x, size_t n, uint64_t seed, double *median,
                          struct stats_interval *ci, enum stats_method *method, struct err *e);

double stats_mean(const double *x, size_t n);
double stats_std(const double *x, size_t n); /* two passes, n - 1 */
double stats_median(const double *x, size_t n); /* NaN when n = 0 or memory is out */
double stats_quantile_sorted(const double *sorted, size_t n, double q);
double stats_autocorrelation(const double *x, size_t n, size_t lag);

/* The smallest n for which the q-quantile has a one-sided upper bound at `confidence`:
 * ceil(log(1 - confidence) / log(q)); 59, 299, 2995 for p95, p99, p99.9 at 95 %. */
size_t stats_percentile_needs(double q, double confidence);

/* Mann-Kendall trend test with the variance inflated for autocorrelation (Hamed & Rao 1998).
 * *z: standard normal under "no trend"; *slope: Theil-Sen estimate per sample.  At most 2,000
 * samples are used (evenly thinned).  0, ERR_ARG below 4 samples, ERR_NOMEM. */
int stats_trend(const double *x, size_t n, double *z, double *slope, struct err *e);


#endif
