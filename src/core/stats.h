/* stats.h - statistics of samples, pure functions over arrays of double.
 *
 * NaN and infinity in the input are refused with ERR_ARG by the functions that give an int; the
 * small helpers return NaN where the answer is not defined (empty input).  Nothing sorts or
 * changes its input.  Quantiles are type 7 (Hyndman & Fan 1996), as R and NumPy default to. */
#ifndef CORE_STATS_H
#define CORE_STATS_H

#include <stddef.h>

#include "core/err.h"

struct stats_interval {
    double lo, hi;
};

/* How an interval of the median was made.
 *
 * Independent samples: the order statistics whose binomial ranks enclose the median with at least
 * 95 % (Conover 1999, 3.2), and no rank more: whatever the distribution, 95 to 98 % from n = 20 on.
 *
 * Autocorrelated samples: the same, with ranks for n_eff = n / tau samples.  tau is what
 * dependence does to the variance of the share of samples below the median: the larger of that of
 * an AR(1) process with the samples' lag-1 rank correlation, and of an overlapping-batch-means
 * estimate, which sees slow wandering that lag 1 does not.  Student's t for the uncertainty of tau.
 * The second is what a moving-block bootstrap of the share would give, in closed form: nothing
 * is drawn, and the interval costs two sorts. */
enum stats_method {
    STATS_NONE,     /* fewer than 6 samples, or worth fewer than 6: lo = min, hi = max, no claim */
    STATS_ORDER,    /* order statistics, binomial ranks: independent samples */
    STATS_EFFECTIVE /* order statistics, ranks for n_eff: the samples are autocorrelated */
};

struct stats_summary {
    size_t n;
    double mean, std /* n - 1 */, median, mad /* raw median |x - median|, not scaled */, min, max;
    struct stats_interval median_ci; /* 95 %, of the median */
    enum stats_method ci_method;
    double effective_n; /* independent samples that these are worth, for the median; at most n */
    double autocorrelation;    /* lag 1; NaN below 8 samples or when all are equal */
    double p50, p90, p95, p99; /* NaN where the sample does not support it */
    double jitter;             /* mean |x[i+1] - x[i]|, same unit as x; NaN below 2 samples */
    double longest_stall;      /* max - median */
    size_t outliers_mild, outliers_severe; /* outside 1.5 / 3 IQR (Tukey 1977): labelled, kept */
};

/* Everything above from n >= 1 samples in time order.
 * 0, ERR_ARG (n = 0, NaN, infinity) or ERR_NOMEM. */
int stats_summarise(const double *x, size_t n, struct stats_summary *out, struct err *e);

/* 95 % interval of the median only (what the stopping rule asks for, cheaper than a summary). */
int stats_median_interval(const double *x, size_t n, double *median, struct stats_interval *ci,
                          enum stats_method *method, struct err *e);

double stats_mean(const double *x, size_t n);
double stats_std(const double *x, size_t n);    /* two passes, n - 1 */
double stats_median(const double *x, size_t n); /* NaN when n = 0 or memory is out */
double stats_quantile_sorted(const double *sorted, size_t n, double q);
double stats_autocorrelation(const double *x, size_t n, size_t lag);

/* The smallest n for which the q-quantile has a one-sided upper bound at `confidence`:
 * ceil(log(1 - confidence) / log(q)); 59, 299, 2995 for p95, p99, p99.9 at 95 %. */
size_t stats_percentile_needs(double q, double confidence);

/* Mann-Kendall trend test with the variance inflated for autocorrelation (Hamed & Rao 1998).
 * *z: standard normal under "no trend"; *slope: Theil-Sen estimate per sample.  Above 600
 * samples, medians of 600 groups of neighbours stand for them; that takes some 10 ms.
 * 0, ERR_ARG below 4 samples or for NaN and infinity, ERR_NOMEM. */
int stats_trend(const double *x, size_t n, double *z, double *slope, struct err *e);

#endif
