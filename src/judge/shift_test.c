/* shift_test.c - estimates, intervals and tests of a shift that belong together. */
#include "judge/shift_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* Above, the normal approximation is good to three digits of p. */
enum { EXACT_MAX = 100, BISECTIONS = 200, FRACTION_STEPS = 300 };

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int check(const double *x, size_t n, struct err *e)
{
    if (n == 0)
        return ERR(e, ERR_ARG, "no values to compare");
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return ERR(e, ERR_ARG, "value %zu of %zu is %g, not a number to compare", i, n, x[i]);
    return 0;
}

/* ---- how often at most k of the contrasts lie below the true shift ---- */

/* Probabilities become sums from the left. */
static void accumulate(double *p, size_t n)
{
    for (size_t k = 1; k <= n; k++)
        p[k] = fmin(1, p[k] + p[k - 1]);
}

/* Each rank is among the negative ones with probability one half. */
static void signed_ranks(double *p, size_t pairs)
{
    size_t top = 0;

    p[0] = 1;
    for (size_t rank = 1; rank <= pairs; rank++) {
        for (size_t k = top + 1; k-- > 0;) {
            p[k] /= 2;
            p[k + rank] += p[k];
        }
        top += rank;
    }
}

/* Gauss's binomial coefficient as the product of (1 - x^(nb + i)) / (1 - x^i), scaled at each
 * factor by the ratio of the binomial coefficients, so that the sum stays 1. */
static void rank_sums(double *p, size_t n, size_t na, size_t nb)
{
    p[0] = 1;
    for (size_t i = 1; i <= na; i++) {
        for (size_t k = n + 1; k-- > nb + i;)
            p[k] -= p[k - nb - i];
        for (size_t k = i; k <= n; k++)
            p[k] += p[k - i];
        for (size_t k = 0; k <= n; k++)
            p[k] *= (double)i / (double)(nb + i);
    }
    for (size_t k = 0; k <= n; k++) /* what subtraction left of zero */
        p[k] = fmax(p[k], 0);
}

static void normal_tail(double *tail, size_t n, double variance)
{
    for (size_t k = 0; k <= n; k++)
        tail[k] = 0.5 * erfc(-((double)k + 0.5 - (double)n / 2) / sqrt(2 * variance));
}

/* Room for n contrasts and their distribution; zeroed. */
static int reserve(struct shift_test *t, size_t n, struct err *e)
{
    *t = (struct shift_test){ .n = n };
    t->contrast = mem_calloc(n, sizeof(*t->contrast));
    t->tail = mem_calloc(n + 1, sizeof(*t->tail));
    if (t->contrast && t->tail)
        return 0;
    shift_test_release(t);
    return ERR(e, ERR_NOMEM, "no memory to compare %zu pairs of values", n);
}

static void settle(struct shift_test *t)
{
    qsort(t->contrast, t->n, sizeof(*t->contrast), compare_double);
    t->estimate = stats_quantile_sorted(t->contrast, t->n, 0.5);
}

int shift_test_paired(const double *difference, size_t n, struct shift_test *out, struct err *e)
{
    size_t k = 0;
    double N = (double)n;
    int rc = 0;

    TRY(check(difference, n, e));
    TRY(reserve(out, n * (n + 1) / 2, e));
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            out->contrast[k++] = (difference[i] + difference[j]) / 2;
    settle(out);
    if (n <= EXACT_MAX) {
        signed_ranks(out->tail, n);
        accumulate(out->tail, out->n);
    } else {
        normal_tail(out->tail, out->n, N * (N + 1) * (2 * N + 1) / 24);
    }
out:
    return rc;
}

int shift_test_two_sample(const double *a, size_t na, const double *b, size_t nb,
                          struct shift_test *out, struct err *e)
{
    size_t k = 0;
    int rc = 0;

    TRY(check(a, na, e));
    TRY(check(b, nb, e));
    TRY(reserve(out, na * nb, e));
    for (size_t i = 0; i < na; i++)
        for (size_t j = 0; j < nb; j++)
            out->contrast[k++] = b[j] - a[i];
    settle(out);
    if (na <= EXACT_MAX && nb <= EXACT_MAX) {
        rank_sums(out->tail, out->n, na, nb);
        accumulate(out->tail, out->n);
    } else {
        normal_tail(out->tail, out->n, (double)na * (double)nb * (double)(na + nb + 1) / 12);
    }
out:
    return rc;
}

struct shift_test shift_test_student(double estimate, double error, double df)
{
    return (struct shift_test){ .estimate = estimate, .error = error, .df = df };
}

void shift_test_release(struct shift_test *t)
{
    mem_free(t->contrast);
    mem_free(t->tail);
    *t = (struct shift_test){ 0 };
}

double shift_test_above(const struct shift_test *t, double shift)
{
    size_t k = 0;

    if (!t->contrast)
        return student_tail((t->estimate - shift) / t->error, t->df);
    while (k < t->n && t->contrast[k] <= shift)
        k++;
    return t->tail[k];
}

double shift_test_below(const struct shift_test *t, double shift)
{
    size_t k = 0;

    if (!t->contrast)
        return student_tail((shift - t->estimate) / t->error, t->df);
    while (k < t->n && t->contrast[t->n - 1 - k] >= shift)
        k++;
    return t->tail[k];
}

struct stats_interval shift_test_interval(const struct shift_test *t, double alpha)
{
    size_t k = 0;
    double half;

    if (!t->contrast) {
        half = student_quantile(alpha, t->df) * t->error;
        return (struct stats_interval){ t->estimate - half, t->estimate + half };
    }
    if (t->tail[0] > alpha)
        return (struct stats_interval){ -INFINITY, INFINITY };
    while (k + 1 < t->n && t->tail[k + 1] <= alpha)
        k++;
    return (struct stats_interval){ t->contrast[k], t->contrast[t->n - 1 - k] };
}

/* ---- Student's t ---- */

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1), f;

    d = 1 / (fabs(d) < tiny ? tiny : d);
    f = d;
    for (int m = 1; m <= FRACTION_STEPS; m++) {
        for (int odd = 0; odd < 2; odd++) {
            double term = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                              : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));

            d = 1 + term * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            c = fabs(c) < tiny ? tiny : c;
            f *= c * d;
        }
        if (fabs(c * d - 1) < 1e-15)
            break;
    }
    return f;
}

/* Regularised incomplete beta function I_x(a, b). */
static double beta_part(double a, double b, double x)
{
    int sign;
    double scale;

    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    scale = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) +
                b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return scale * beta_fraction(a, b, x) / a;
    return 1 - scale * beta_fraction(b, a, 1 - x) / b;
}

double student_tail(double t, double df)
{
    double both;

    if (isnan(t))
        return 1; /* no difference and no spread says nothing */
    if (isinf(t))
        return t > 0 ? 0 : 1;
    both = beta_part(df / 2, 0.5, df / (df + t * t));
    return t > 0 ? both / 2 : 1 - both / 2;
}

double student_quantile(double p, double df)
{
    double lo = 0, hi = 1;

    while (student_tail(hi, df) > p && hi < 1e12)
        hi *= 2;
    for (int i = 0; i < BISECTIONS && hi - lo > 1e-12 * hi; i++) {
        double t = (lo + hi) / 2;

        *(student_tail(t, df) > p ? &lo : &hi) = t;
    }
    return (lo + hi) / 2;
}
