/* How often the 95 % interval of the median holds the median, by Monte-Carlo.
 *
 * Bars: 93-98 % for independent samples of 20 to 1,000; at least 90 % for AR(1) samples of 200 and
 * more, where an interval that makes no claim (STATS_NONE, the row is then unstable) is left out of
 * the count and must be rare.
 *
 * Quantised times: rounding to ticks keeps the order, so the median of the readings is the rounded
 * median of the times, up to half a tick away from it, and that is all that readings can tell: with
 * samples enough the interval rightly shrinks onto that one tick.  So what is held against the bar
 * is "the median of the times lies within half a tick of the interval" (column tick/2), with no
 * upper bar, because an interval on the right tick cannot miss.  Plain coverage is shown beside
 * it. */
#include "core/stats.h"

#include "core/rng.h"

#include "test.h"

enum { N_MAX = 1000 };

struct population {
    const char *name;
    double (*draw)(struct rng *r);
    double median, tick;
    double lo, hi; /* bars of the coverage; 0: shown only */
};

static double normal(struct rng *r)
{
    return 1000 + 10 * rng_normal(r);
}

static double lognormal(struct rng *r)
{
    return 100 * exp(0.5 * rng_normal(r));
}

/* Two states of a machine, 60 to 40, 4 standard deviations apart, so that they overlap. */
static double bimodal(struct rng *r)
{
    return (rng_uniform(r) < 0.6 ? 100 : 104) + rng_normal(r);
}

static double bimodal_far(struct rng *r)
{
    return (rng_uniform(r) < 0.6 ? 100 : 130) + rng_normal(r);
}

/* The hard case: half and half with nothing between.  Every point of the gap is a median. */
static double bimodal_even(struct rng *r)
{
    return (rng_uniform(r) < 0.5 ? 100 : 130) + rng_normal(r);
}

static double normal_ticks(struct rng *r)
{
    return floor(100.2 + 1.5 * rng_normal(r) + 0.5);
}

static double lognormal_ticks(struct rng *r)
{
    return floor(10.3 * exp(0.3 * rng_normal(r)) + 0.5);
}

/* The root of F(x) = 0.5 for 0.6 N(100, 1) + 0.4 N(`far`, 1). */
static double mixture_median(double far)
{
    double lo = 90, hi = 140;

    for (int i = 0; i < 200; i++) {
        double x = (lo + hi) / 2;
        double f = 0.6 * 0.5 * erfc((100 - x) / M_SQRT2) + 0.4 * 0.5 * erfc((far - x) / M_SQRT2);

        *(f < 0.5 ? &lo : &hi) = x;
    }
    return lo;
}

/* The rules under test; the last two are planted and must be thrown out. */
enum rule { OURS, MEAN_STD, HALF_WIDTH };

static enum stats_method interval(enum rule rule, const double *x, size_t n,
                                  struct stats_interval *ci)
{
    enum stats_method method;
    double median;

    CHECK_EQ(stats_median_interval(x, n, &median, ci, &method, NULL), 0);
    if (rule == MEAN_STD) {
        double mean = stats_mean(x, n), std = stats_std(x, n);

        *ci = (struct stats_interval){ mean - std, mean + std };
    } else if (rule == HALF_WIDTH) {
        ci->lo = median - (median - ci->lo) / 2;
        ci->hi = median + (ci->hi - median) / 2;
    }
    return method;
}

struct coverage {
    double plain, within; /* the median inside; within half a tick of it */
    double none, effective, width;
};

static struct coverage cover(const struct population *p, double phi, size_t n, int trials,
                             enum rule rule)
{
    static double x[N_MAX];
    struct coverage c = { 0 };
    struct rng r;
    int claims = 0;

    rng_init(&r, 2026, n);
    for (int t = 0; t < trials; t++) {
        struct stats_interval ci;
        enum stats_method method;
        double v = rng_normal(&r);

        for (size_t i = 0; i < n; i++) {
            if (p)
                x[i] = p->draw(&r);
            else /* lognormal of a stationary AR(1): skewed as times are, median 100 */
                x[i] = 100 * exp(0.2 * (v = phi * v + sqrt(1 - phi * phi) * rng_normal(&r)));
        }
        method = interval(rule, x, n, &ci);
        c.none += method == STATS_NONE;
        c.effective += method == STATS_EFFECTIVE;
        if (method != STATS_NONE) {
            double m = p ? p->median : 100, half = p ? p->tick / 2 : 0;

            claims++;
            c.plain += ci.lo <= m && m <= ci.hi;
            c.within += ci.lo - half <= m && m <= ci.hi + half;
            c.width += ci.hi - ci.lo;
        }
    }
    c.plain /= claims;
    c.within /= claims;
    c.width /= claims;
    c.none /= trials;
    c.effective /= trials;
    return c;
}

static int in_bars(const struct population *p, const struct coverage *c)
{
    double value = p->tick > 0 ? c->within : c->plain;

    return p->lo == 0 || (value >= p->lo && value <= p->hi);
}

static const size_t sizes[] = { 20, 21, 30, 50, 100, 300, 1000 };
enum { N_SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void print_coverage(const char *name, size_t n, int trials, const struct coverage *c)
{
    printf("%-22s %5zu %6d  %5.1f  %6.1f  %5.1f  %9.1f  %8.3g\n", name, n, trials, 100 * c->plain,
           100 * c->within, 100 * c->none, 100 * c->effective, c->width);
}

/* Standard errors of a coverage of 95 %: 0.24 to 0.40 %, so 93 % is five of them away. */
static int trials_for(size_t n)
{
    return n <= 100 ? 8000 : n <= 300 ? 5000 : 3000;
}

static void independent(void)
{
    const struct population all[] = {
        { "normal", normal, 1000, 0, 0.93, 0.98 },
        { "lognormal", lognormal, 100, 0, 0.93, 0.98 },
        { "bimodal 60/40, near", bimodal, mixture_median(104), 0, 0.93, 0.98 },
        { "bimodal 60/40, far", bimodal_far, mixture_median(130), 0, 0.93, 0.98 },
        { "bimodal 50/50, far", bimodal_even, 115, 0, 0.93, 0.98 },
        { "normal, ticks", normal_ticks, 100.2, 1, 0.93, 1 },
        { "lognormal, ticks", lognormal_ticks, 10.3, 1, 0.93, 1 },
    };

    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
        for (size_t i = 0; i < N_SIZES; i++) {
            struct coverage c = cover(&all[k], 0, sizes[i], trials_for(sizes[i]), OURS);

            print_coverage(all[k].name, sizes[i], trials_for(sizes[i]), &c);
            CHECK(in_bars(&all[k], &c));
            CHECK(c.none < 0.01);
        }
}

static void autocorrelated(void)
{
    static const double phis[] = { 0.2, 0.5, 0.7, 0.9 };
    static const size_t ns[] = { 50, 200, 500, 1000 };

    for (size_t k = 0; k < sizeof(phis) / sizeof(phis[0]); k++)
        for (size_t i = 0; i < sizeof(ns) / sizeof(ns[0]); i++) {
            struct coverage c = cover(NULL, phis[k], ns[i], 2000, OURS);
            char name[32];

            snprintf(name, sizeof(name), "AR(1) %.1f", phis[k]);
            print_coverage(name, ns[i], 2000, &c);
            if (ns[i] >= 200) {
                CHECK(c.plain >= 0.90);
                CHECK(c.none < 0.05);
            }
        }
}

/* The bars must throw out intervals that are wrong. */
static void planted(void)
{
    const struct population p = { "normal", normal, 1000, 0, 0.93, 0.98 };

    for (int rule = MEAN_STD; rule <= HALF_WIDTH; rule++)
        for (size_t n = 20; n <= 1000; n *= 7) {
            struct coverage c = cover(&p, 0, n, 4000, (enum rule)rule);

            print_coverage(rule == MEAN_STD ? "planted: mean +- std" : "planted: half width", n,
                           4000, &c);
            CHECK(!in_bars(&p, &c));
        }
}

int main(void)
{
    printf("population                 n trials plain%%  tick/2%%  none%%  effective%%   width\n");
    independent();
    autocorrelated();
    planted();
    TEST_DONE();
}
