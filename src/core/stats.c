/* stats.c - statistics of samples: location, spread, an interval of the median, trend. */
#include "core/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum {
    CI_MIN = 6,     /* [min, max] of 6 samples covers the median with 96.9 %, of 5 with 93.8 % */
    LAG_MIN = 8,    /* below, an autocorrelation means nothing */
    BATCH_MIN = 64, /* below, there are too few batches for a variance between them */
    TREND_MIN = 4,
    TREND_MAX = 600 /* the work grows with the square */
};

static const double ci_level = 0.95;
static const double z_two_sided = 1.959963984540054; /* normal quantile of 0.975 */
static const double z_one_sided = 1.644853626951473; /* and of 0.95 */

/* A sample and its place in time. */
struct place {
    double x;
    size_t at;
};

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int compare_place(const void *a, const void *b)
{
    const struct place *p = a, *q = b;

    if (p->x != q->x)
        return p->x > q->x ? 1 : -1;
    return (p->at > q->at) - (p->at < q->at);
}

static double *sorted_copy(const double *x, size_t n)
{
    double *s = mem_calloc(n, sizeof(*s));

    if (s && n) {
        memcpy(s, x, n * sizeof(*s));
        qsort(s, n, sizeof(*s), compare_double);
    }
    return s;
}

static int check_finite(const double *x, size_t n, size_t min_n, struct err *e)
{
    if (n < min_n)
        return ERR(e, ERR_ARG, "%zu samples, at least %zu are needed", n, min_n);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return ERR(e, ERR_ARG, "sample %zu of %zu is %g, not a number to calculate with", i, n,
                       x[i]);
    return 0;
}

double stats_mean(const double *x, size_t n)
{
    double mean = 0, rest = 0;

    if (n == 0)
        return NAN;
    for (size_t i = 0; i < n; i++)
        mean += x[i];
    mean /= (double)n;
    if (!isfinite(mean)) { /* the sum was too large, the mean need not be */
        mean = 0;
        for (size_t i = 0; i < n; i++)
            mean += x[i] / (double)n;
    }
    /* A second pass takes back what rounding did to a large sum of nearly equal values. */
    for (size_t i = 0; i < n; i++)
        rest += x[i] - mean;
    return mean + rest / (double)n;
}

/* Deviations from the mean are taken in units of the largest one, so that squares neither overflow
 * nor vanish, and from their own mean again, because the mean of values like 1e15 + 0.1 is known to
 * 0.1 only. */
struct deviations {
    double mean, scale, rest;
};

static struct deviations deviations_of(const double *x, size_t n)
{
    struct deviations d = { .mean = stats_mean(x, n) };

    for (size_t i = 0; i < n; i++)
        d.scale = fmax(d.scale, fabs(x[i] - d.mean));
    for (size_t i = 0; i < n && d.scale > 0; i++)
        d.rest += (x[i] - d.mean) / d.scale;
    d.rest /= (double)n;
    return d;
}

static double deviation(const struct deviations *d, double x)
{
    return (x - d->mean) / d->scale - d->rest;
}

double stats_std(const double *x, size_t n)
{
    struct deviations d;
    double sum = 0;

    if (n < 2)
        return NAN;
    d = deviations_of(x, n);
    if (d.scale == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        sum += deviation(&d, x[i]) * deviation(&d, x[i]);
    return d.scale * sqrt(sum / (double)(n - 1));
}

double stats_quantile_sorted(const double *sorted, size_t n, double q)
{
    double h;
    size_t i;

    if (n == 0 || !(q >= 0 && q <= 1))
        return NAN;
    h = (double)(n - 1) * q;
    i = (size_t)h;
    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (h - (double)i) * (sorted[i + 1] - sorted[i]);
}

double stats_median(const double *x, size_t n)
{
    double *sorted = n ? sorted_copy(x, n) : NULL, median;

    if (!sorted)
        return NAN;
    median = stats_quantile_sorted(sorted, n, 0.5);
    mem_free(sorted);
    return median;
}

double stats_autocorrelation(const double *x, size_t n, size_t lag)
{
    struct deviations d;
    double product = 0, square = 0;
    bool equal = true;

    if (n < LAG_MIN || lag >= n)
        return NAN;
    for (size_t i = 1; i < n && equal; i++)
        equal = x[i] == x[0];
    if (equal)
        return NAN;
    d = deviations_of(x, n);
    for (size_t i = 0; i < n; i++) {
        square += deviation(&d, x[i]) * deviation(&d, x[i]);
        if (i + lag < n)
            product += deviation(&d, x[i]) * deviation(&d, x[i + lag]);
    }
    return product / square;
}

size_t stats_percentile_needs(double q, double confidence)
{
    double n;

    if (!(q > 0 && q < 1 && confidence > 0 && confidence < 1))
        return SIZE_MAX;
    n = ceil(log1p(-confidence) / log(q));
    return n < 1e18 ? (size_t)n : SIZE_MAX;
}

/* ---- the interval of the median */

/* The largest d for which the d-th smallest to the d-th largest of n enclose the median with at
 * least `level`, that coverage, and the one of d + 1. */
struct ranks {
    size_t d;
    double coverage, next;
};

/* P(B <= k) for B binomial (n, 1/2), k well below n / 2: the terms fall quickly from k down. */
static double binomial_tail(size_t n, size_t k, double *term_out)
{
    int sign;
    double N = (double)n, K = (double)k, sum = 0;
    double term = exp(lgamma_r(N + 1, &sign) - lgamma_r(K + 1, &sign) - lgamma_r(N - K + 1, &sign) -
                      N * M_LN2);

    *term_out = term;
    for (size_t j = k + 1; j-- > 0 && term > 1e-18;) {
        sum += term;
        term *= (double)j / (N - (double)j + 1);
    }
    return sum;
}

static struct ranks binomial_ranks(size_t n, double level)
{
    double around = 0.5 * (double)n - 1.1 * sqrt((double)n) - 2;
    size_t k = around > 0 ? (size_t)around : 0; /* starts below, where coverage is enough */
    double term, tail = binomial_tail(n, k, &term);
    struct ranks r = { 0 };

    /* [x(k+1), x(n-k)] covers with 1 - 2 P(B <= k). */
    for (;;) {
        double wider = tail;

        term *= (double)(n - k) / (double)(k + 1);
        tail += term; /* P(B <= k + 1) */
        if (1 - 2 * tail < level || k + 1 >= n / 2) {
            r.d = k + 1;
            r.coverage = 1 - 2 * wider;
            r.next = 1 - 2 * tail;
            return r;
        }
        k++;
    }
}

/* Whole ranks, never between two: where the samples sit in two far heaps, a place between them is
 * one that no sample takes, and an interval that ends there covers too little.  When one rank less
 * on one side is enough it is taken from above, where times have their long tail. */
static void interval_order(const struct place *s, size_t n, struct stats_interval *ci)
{
    struct ranks r = binomial_ranks(n, ci_level);
    bool one_less = (r.coverage + r.next) / 2 >= ci_level;

    ci->lo = s[r.d - 1].x;
    ci->hi = s[n - r.d - one_less].x;
}

/* The value at a rank between 1 and n, with fractions. */
static double at_rank(const struct place *s, size_t n, double rank)
{
    size_t i;

    if (rank <= 1)
        return s[0].x;
    if (rank >= (double)n)
        return s[n - 1].x;
    i = (size_t)rank;
    return s[i - 1].x + (rank - (double)i) * (s[i].x - s[i - 1].x);
}

/* Student's t quantile of 0.975 for `df` >= 3 degrees of freedom, not necessarily whole: the
 * expansion in 1 / df (Abramowitz & Stegun 26.7.5), good to 0.5 % from 3 on. */
static double student(double df)
{
    double z = z_two_sided, z2 = z * z;
    double g1 = (z2 + 1) * z / 4, g2 = ((5 * z2 + 16) * z2 + 3) * z / 96,
           g3 = (((3 * z2 + 19) * z2 + 17) * z2 - 15) * z / 384,
           g4 = ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) * z / 92160;

    df = fmax(df, 3);
    return z + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df;
}

/* Correlation of neighbours in time by rank, as a normal process of the same rank correlation
 * would have it (Pearson 1907); ties have their middle rank.  `rank` is scratch for n. */
static double rank_correlation(const struct place *s, size_t n, double *rank)
{
    double r;

    for (size_t i = 0; i < n;) {
        size_t j = i + 1;

        while (j < n && s[j].x == s[i].x)
            j++;
        for (size_t k = i; k < j; k++)
            rank[s[k].at] = (double)(i + j + 1) / 2;
        i = j;
    }
    r = stats_autocorrelation(rank, n, 1);
    return isnan(r) ? 0 : 2 * sin(M_PI / 6 * r);
}

/* Variance of a share of samples below the median, relative to independent samples, when the
 * samples follow an AR(1) process: correlations of the signs are 2/pi asin(phi^k). */
static double tau_of_phi(double phi, size_t n)
{
    double tau = 1, power = phi;

    for (size_t k = 1; k < n && power > 1e-9; k++) {
        tau += 2 * (1 - (double)k / (double)n) * M_2_PI * asin(power);
        power *= phi;
    }
    return tau;
}

/* The same from the variance between overlapping batches of signs (Meketon & Schmeiser 1984). */
static double tau_of_batches(const double *x, size_t n, double median, size_t batch)
{
    double mean = 0, square = 0, sum = 0, between = 0, N = (double)n, L = (double)batch;

#define SIGN_OF(i) ((double)((x[i] > median) - (x[i] < median)))
    for (size_t i = 0; i < n; i++) {
        mean += SIGN_OF(i);
        square += SIGN_OF(i) * SIGN_OF(i);
    }
    mean /= N;
    for (size_t i = 0; i < n; i++) {
        double d;

        sum += SIGN_OF(i) - (i >= batch ? SIGN_OF(i - batch) : 0);
        d = sum / L - mean;
        if (i + 1 >= batch)
            between += d * d;
    }
#undef SIGN_OF
    if (square == 0)
        return 1;
    return N * L / ((N - L + 1) * (N - L)) * between / (square / N - mean * mean);
}

/* How much dependence inflates the variance, and how well that is known. */
struct dependence {
    double tau; /* >= 1 */
    double df;
    bool significant;
};

static struct dependence measure_dependence(const double *x, const struct place *s, size_t n,
                                            double median, double *scratch)
{
    struct dependence d = { .tau = 1, .df = INFINITY };
    double N = (double)n, phi = rank_correlation(s, n, scratch), batches;
    size_t batch = (size_t)(0.5 * cbrt(N * N));

    d.significant = phi * sqrt(N) > z_one_sided;
    /* Estimates of phi are low by (1 + 3 phi) / n (Kendall 1954), and it matters near 1. */
    phi = fmin(0.9999, fmax(0, (N * phi + 1) / (N - 3)));
    d.tau = tau_of_phi(phi, n);
    /* From the standard error of phi, sqrt((1 - phi^2) / n), carried over to tau ~ (1+phi)/(1-phi);
     * a variance known to a relative r has 2 / r^2 degrees of freedom (Satterthwaite 1946). */
    d.df = N * (1 - phi * phi) / 2;
    if (n < BATCH_MIN)
        return d;
    batches = tau_of_batches(x, n, median, batch);
    if (batches > 1 + 2 * z_one_sided * sqrt(4 * (double)batch / (3 * N)))
        d.significant = true;
    if (batches > d.tau) {
        d.tau = batches;
        d.df = 1.5 * N / (double)batch;
    }
    return d;
}

/* s: the samples sorted; scratch: n doubles. */
static enum stats_method interval_of(const double *x, const struct place *s, size_t n,
                                     double *scratch, struct stats_interval *ci, double *effective)
{
    struct dependence d;
    double half, N = (double)n, median;

    *ci = (struct stats_interval){ s[0].x, s[n - 1].x };
    *effective = N;
    if (n < CI_MIN)
        return STATS_NONE;
    if (n >= LAG_MIN && s[0].x != s[n - 1].x) {
        median = at_rank(s, n, (N + 1) / 2);
        d = measure_dependence(x, s, n, median, scratch);
        if (d.significant) {
            half = student(d.df) * 0.5 * sqrt(N * d.tau); /* in ranks */
            *effective = N / d.tau;
            if (*effective < CI_MIN || half >= (N - 1) / 2)
                return STATS_NONE;
            ci->lo = at_rank(s, n, (N + 1) / 2 - half);
            ci->hi = at_rank(s, n, (N + 1) / 2 + half);
            return STATS_EFFECTIVE;
        }
    }
    interval_order(s, n, ci);
    return STATS_ORDER;
}

static struct place *sorted_places(const double *x, size_t n)
{
    struct place *s = mem_calloc(n, sizeof(*s));

    if (!s)
        return NULL;
    for (size_t i = 0; i < n; i++)
        s[i] = (struct place){ x[i], i };
    qsort(s, n, sizeof(*s), compare_place);
    return s;
}

static int median_interval(const double *x, size_t n, double *median, struct stats_interval *ci,
                           enum stats_method *method, double *effective, struct err *e)
{
    struct place *s = NULL;
    double *scratch = NULL;
    int rc = 0;

    TRY(check_finite(x, n, 1, e));
    s = sorted_places(x, n);
    scratch = mem_calloc(n, sizeof(*scratch));
    if (!s || !scratch) {
        rc = ERR(e, ERR_NOMEM, "no memory for the interval of %zu samples", n);
        goto out;
    }
    *median = at_rank(s, n, ((double)n + 1) / 2);
    *method = interval_of(x, s, n, scratch, ci, effective);
out:
    mem_free(s);
    mem_free(scratch);
    return rc;
}

int stats_median_interval(const double *x, size_t n, double *median, struct stats_interval *ci,
                          enum stats_method *method, struct err *e)
{
    double effective;

    return median_interval(x, n, median, ci, method, &effective, e);
}

/* ---- the summary */

static double percentile(const double *sorted, size_t n, double q)
{
    return n >= stats_percentile_needs(q, 0.95) ? stats_quantile_sorted(sorted, n, q) : (double)NAN;
}

static void summarise_sorted(const double *sorted, size_t n, struct stats_summary *out)
{
    double q1 = stats_quantile_sorted(sorted, n, 0.25), q3 = stats_quantile_sorted(sorted, n, 0.75);

    out->median = out->p50 = stats_quantile_sorted(sorted, n, 0.5);
    out->min = sorted[0];
    out->max = sorted[n - 1];
    out->longest_stall = out->max - out->median;
    out->p90 = percentile(sorted, n, 0.90);
    out->p95 = percentile(sorted, n, 0.95);
    out->p99 = percentile(sorted, n, 0.99);
    for (size_t i = 0; i < n; i++) {
        double outside = fmax(q1 - sorted[i], sorted[i] - q3);

        if (outside > 3 * (q3 - q1))
            out->outliers_severe++;
        else if (outside > 1.5 * (q3 - q1))
            out->outliers_mild++;
    }
}

static double mean_step(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 1; i < n; i++)
        sum += fabs(x[i] - x[i - 1]);
    return n < 2 ? (double)NAN : sum / (double)(n - 1);
}

int stats_summarise(const double *x, size_t n, struct stats_summary *out, struct err *e)
{
    double *sorted = NULL, median;
    int rc = 0;

    *out = (struct stats_summary){ 0 };
    TRY(check_finite(x, n, 1, e));
    sorted = sorted_copy(x, n);
    if (!sorted) {
        rc = ERR(e, ERR_NOMEM, "no memory for the statistics of %zu samples", n);
        goto out;
    }
    TRY(median_interval(x, n, &median, &out->median_ci, &out->ci_method, &out->effective_n, e));
    out->n = n;
    out->mean = stats_mean(x, n);
    out->std = stats_std(x, n);
    out->autocorrelation = stats_autocorrelation(x, n, 1);
    out->jitter = mean_step(x, n);
    summarise_sorted(sorted, n, out);
    for (size_t i = 0; i < n; i++)
        sorted[i] = fabs(x[i] - out->median);
    qsort(sorted, n, sizeof(*sorted), compare_double);
    out->mad = stats_quantile_sorted(sorted, n, 0.5);
out:
    mem_free(sorted);
    if (rc < 0)
        *out = (struct stats_summary){ 0 };
    return rc;
}

/* ---- trend */

/* The k-th smallest of a (Hoare's find, middle element as pivot); reorders a. */
static double select_kth(double *a, size_t n, size_t k)
{
    size_t lo = 0, hi = n - 1;

    while (lo < hi) {
        double pivot = a[lo + (hi - lo) / 2];
        size_t i = lo, j = hi;

        for (;;) {
            double t;

            while (a[i] < pivot)
                i++;
            while (a[j] > pivot)
                j--;
            if (i >= j)
                break;
            t = a[i];
            a[i++] = a[j];
            a[j--] = t;
        }
        /* a[lo .. j] <= pivot <= a[j + 1 .. hi] */
        if (k <= j)
            hi = j;
        else
            lo = j + 1;
    }
    return a[k];
}

/* Theil-Sen: the median of the slopes of all pairs.  pairs: scratch for n (n - 1) / 2. */
static double theil_sen(const double *y, size_t n, double *pairs)
{
    size_t m = 0;
    double upper, lower;

    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            pairs[m++] = (y[j] - y[i]) / (double)(j - i);
    upper = select_kth(pairs, m, m / 2);
    if (m % 2)
        return upper;
    lower = pairs[0];
    for (size_t i = 1; i < m / 2; i++) /* the left part holds what is not larger */
        lower = fmax(lower, pairs[i]);
    return lower + (upper - lower) / 2;
}

/* Kendall's S: pairs that rise less pairs that fall. */
static double kendall_s(const double *y, size_t n)
{
    int64_t s = 0;

    for (size_t i = 0; i < n; i++) {
        int row = 0;

        for (size_t j = i + 1; j < n; j++)
            row += (y[j] > y[i]) - (y[j] < y[i]);
        s += row;
    }
    return (double)s;
}

/* Variance of S for independent values, ties taken off (Kendall 1975). */
static double kendall_variance(const struct place *s, size_t n)
{
    double N = (double)n, v = N * (N - 1) * (2 * N + 5);

    for (size_t i = 0; i < n;) {
        size_t j = i + 1;
        double t;

        while (j < n && s[j].x == s[i].x)
            j++;
        t = (double)(j - i);
        v -= t * (t - 1) * (2 * t + 5);
        i = j;
    }
    return v / 18;
}

/* Hamed & Rao (1998), eq. 9: what autocorrelation of the ranks does to the variance of S.  Their
 * sum runs over the significant ones of all n lags, which lets chance in: with the correlations
 * of an AR(1) process in their place the test keeps its level. */
static double inflation(double phi, size_t n)
{
    double N = (double)n, sum = 0, power = phi;

    for (size_t k = 1; k + 2 < n && power > 1e-9; k++) {
        double K = (double)k;

        sum += (N - K) * (N - K - 1) * (N - K - 2) * 6 / M_PI * asin(power / 2);
        power *= phi;
    }
    return 1 + 2 * sum / (N * (N - 1) * (N - 2));
}

/* Where the trend's working memory lies. */
struct trend_scratch {
    double *y, *rank, *pairs;
    struct place *places;
};

static void trend_of(struct trend_scratch *t, size_t n, double *z, double *slope)
{
    double N = (double)n, s, variance, phi;

    *slope = theil_sen(t->y, n, t->pairs);
    s = kendall_s(t->y, n);
    for (size_t i = 0; i < n; i++)
        t->places[i] = (struct place){ t->y[i], i };
    qsort(t->places, n, sizeof(*t->places), compare_place);
    variance = kendall_variance(t->places, n);
    *z = 0;
    if (variance <= 0) /* all are equal */
        return;
    /* Dependence is that of what remains without the trend. */
    for (size_t i = 0; i < n; i++)
        t->places[i].x -= *slope * (double)t->places[i].at;
    qsort(t->places, n, sizeof(*t->places), compare_place);
    phi = rank_correlation(t->places, n, t->rank);
    if (n >= LAG_MIN) {
        phi = (N * phi + 2) / (N - 4); /* low by (2 + 4 phi) / n when a line is taken off */
        variance *= inflation(fmin(0.9999, fmax(0, phi)), n);
    }
    *z = s == 0 ? 0 : (s > 0 ? s - 1 : s + 1) / sqrt(variance);
}

/* Medians of m groups of neighbours, as equal as they come; scratch for one group. */
static void group_medians(const double *x, size_t n, double *y, size_t m, double *scratch)
{
    for (size_t i = 0; i < m; i++) {
        size_t from = i * n / m, count = (i + 1) * n / m - from;

        memcpy(scratch, x + from, count * sizeof(*x));
        qsort(scratch, count, sizeof(*scratch), compare_double);
        y[i] = stats_quantile_sorted(scratch, count, 0.5);
    }
}

int stats_trend(const double *x, size_t n, double *z, double *slope, struct err *e)
{
    size_t m = n < TREND_MAX ? n : TREND_MAX;
    struct trend_scratch t = { 0 };
    int rc = 0;

    *z = *slope = NAN;
    TRY(check_finite(x, n, TREND_MIN, e));
    t.y = mem_calloc(m, sizeof(*t.y));
    t.rank = mem_calloc(m, sizeof(*t.rank));
    t.places = mem_calloc(m, sizeof(*t.places));
    t.pairs = mem_calloc(m * (m - 1) / 2 + n / m + 1, sizeof(*t.pairs));
    if (!t.y || !t.rank || !t.places || !t.pairs) {
        rc = ERR(e, ERR_NOMEM, "no memory for the trend of %zu samples", n);
        goto out;
    }
    group_medians(x, n, t.y, m, t.pairs);
    trend_of(&t, m, z, slope);
    *slope *= (double)m / (double)n; /* per sample, grouped or not */
out:
    mem_free(t.y);
    mem_free(t.rank);
    mem_free(t.places);
    mem_free(t.pairs);
    return rc;
}
