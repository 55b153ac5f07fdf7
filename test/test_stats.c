/* Statistics: known answers from NumPy and SciPy, and inputs at the edge of having an answer. */
#include "core/stats.h"

#include <float.h>

#include "core/mem.h"
#include "core/rng.h"

#include "test.h"

enum { N_MAX = 400, KEYS_MAX = 32 };

/* One case of test/data/stats-golden.txt (tools/golden-stats.py). */
struct golden {
    char name[32], method[16];
    size_t n;
    double x[N_MAX];
    int n_keys;
    char key[KEYS_MAX][16];
    double value[KEYS_MAX];
};

static int golden_read(FILE *f, struct golden *g)
{
    double ignored;

    g->n_keys = 0;
    if (fscanf(f, " case %31s %zu %15s x", g->name, &g->n, g->method) != 3 || g->n > N_MAX)
        return 0;
    for (size_t i = 0; i < g->n; i++)
        if (fscanf(f, "%lf", &g->x[i]) != 1)
            return 0;
    while (g->n_keys < KEYS_MAX && fscanf(f, "%15s", g->key[g->n_keys]) == 1) {
        if (strcmp(g->key[g->n_keys], "end") == 0)
            return 1;
        if (fscanf(f, "%lf", &ignored) != 1)
            return 0;
        g->value[g->n_keys++] = ignored;
    }
    return 0;
}

static double golden_get(const struct golden *g, const char *key)
{
    for (int i = 0; i < g->n_keys; i++)
        if (strcmp(g->key[i], key) == 0)
            return g->value[i];
    return NAN;
}

/* Equal to a relative 1e-12 of the larger of value and `scale`; NaN matches NaN only. */
static void same(const struct golden *g, const char *key, double ours, double scale)
{
    double truth = golden_get(g, key);

    if (isnan(truth) != isnan(ours) ||
        fabs(ours - truth) > 1e-12 * fmax(scale, fabs(truth)) + 4 * DBL_TRUE_MIN) {
        fprintf(stderr, "%s: %s is %.17g, %.17g was computed\n", g->name, key, truth, ours);
        test_failures++;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void check_golden(const struct golden *g)
{
    struct stats_summary s;
    double sorted[N_MAX], z = NAN, slope = NAN,
                          spread = golden_get(g, "max") - golden_get(g, "min");
    double size = fmax(fabs(golden_get(g, "max")), fabs(golden_get(g, "min"))), width;

    CHECK_EQ(stats_summarise(g->x, g->n, &s, NULL), 0);
    CHECK_EQ(s.n, g->n);
    same(g, "mean", s.mean, size);
    same(g, "std", s.std, 0);
    same(g, "median", s.median, size);
    same(g, "p90", s.p90, size);
    same(g, "p95", s.p95, size);
    same(g, "p99", s.p99, size);
    same(g, "min", s.min, 0);
    same(g, "max", s.max, 0);
    same(g, "mad", s.mad, size * 1e-3);
    same(g, "jitter", s.jitter, spread);
    same(g, "stall", s.longest_stall, size);
    same(g, "lag1", s.autocorrelation, 1);
    CHECK_EQ(s.outliers_mild, golden_get(g, "mild"));
    CHECK_EQ(s.outliers_severe, golden_get(g, "severe"));
    CHECK(s.p50 == s.median);
    memcpy(sorted, g->x, g->n * sizeof(*sorted));
    qsort(sorted, g->n, sizeof(*sorted), ascending);
    same(g, "q25", stats_quantile_sorted(sorted, g->n, 0.25), size);
    same(g, "q75", stats_quantile_sorted(sorted, g->n, 0.75), size);
    if (g->n >= 4) {
        CHECK_EQ(stats_trend(g->x, g->n, &z, &slope, NULL), 0);
        same(g, "slope", slope, size * 1e-3);
        CHECK_NEAR(z, golden_get(g, "z"), 1e-9);
    }
    if (strcmp(g->method, "effective") == 0) {
        CHECK_EQ(s.ci_method, STATS_EFFECTIVE);
        width = golden_get(g, "hi") - golden_get(g, "lo"); /* our Student quantile is a series */
        CHECK_NEAR(s.median_ci.lo, golden_get(g, "lo"), 0.005 * width);
        CHECK_NEAR(s.median_ci.hi, golden_get(g, "hi"), 0.005 * width);
        return;
    }
    CHECK_EQ(s.ci_method, strcmp(g->method, "order") == 0 ? STATS_ORDER : STATS_NONE);
    same(g, "lo", s.median_ci.lo, size);
    same(g, "hi", s.median_ci.hi, size);
}

static void known_answers(void)
{
    FILE *f = fopen("test/data/stats-golden.txt", "re");
    static struct golden g;
    int cases = 0;

    CHECK(f != NULL);
    if (!f)
        return;
    while (golden_read(f, &g)) {
        check_golden(&g);
        cases++;
    }
    CHECK_EQ(cases, 13);
    /* The comparison must be able to fail. */
    rewind(f);
    CHECK(golden_read(f, &g));
    fprintf(stderr, "planted: ");
    same(&g, "mean", golden_get(&g, "mean") * (1 + 1e-11), 0);
    CHECK_EQ(test_failures, 1);
    test_failures--;
    fclose(f);
}

static void no_samples(void)
{
    struct stats_summary s = { .n = 9 };
    struct stats_interval ci;
    enum stats_method m;
    struct err e = { 0 };
    double x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, median, z, slope;

    CHECK_EQ(stats_summarise(x, 0, &s, &e), ERR_ARG);
    CHECK_EQ(s.n, 0);
    CHECK(strstr(e.msg, "0 samples") != NULL);
    CHECK(isnan(stats_mean(x, 0)) && isnan(stats_std(x, 1)) && isnan(stats_median(x, 0)));
    CHECK(isnan(stats_quantile_sorted(x, 0, 0.5)));
    CHECK(isnan(stats_quantile_sorted(x, 8, -0.1)) && isnan(stats_quantile_sorted(x, 8, 1.1)) &&
          isnan(stats_quantile_sorted(x, 8, (double)NAN)));
    CHECK(stats_quantile_sorted(x, 8, 0) == 1 && stats_quantile_sorted(x, 8, 1) == 8);
    CHECK(isnan(stats_autocorrelation(x, 7, 1)) && isnan(stats_autocorrelation(x, 8, 8)));
    CHECK_EQ(stats_trend(x, 3, &z, &slope, NULL), ERR_ARG);
    CHECK_EQ(stats_median_interval(x, 0, &median, &ci, &m, NULL), ERR_ARG);
    for (size_t bad = 0; bad < 8; bad++) {
        const double values[] = { NAN, INFINITY, -INFINITY };

        for (size_t k = 0; k < 3; k++) {
            double y[8];

            memcpy(y, x, sizeof(y));
            y[bad] = values[k];
            e = (struct err){ 0 };
            CHECK_EQ(stats_summarise(y, 8, &s, &e), ERR_ARG);
            CHECK_EQ(stats_median_interval(y, 8, &median, &ci, &m, NULL), ERR_ARG);
            CHECK_EQ(stats_trend(y, 8, &z, &slope, NULL), ERR_ARG);
        }
    }
    CHECK(strstr(e.msg, "sample 7 of 8") != NULL);
}

static void equal_samples(void)
{
    static const double values[] = { 0, 0.1, -7, 1e15 + 0.3, 1e308, 5e-324 };
    double x[100], z, slope;
    struct stats_summary s;

    for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
        for (size_t n = 1; n <= 100; n += 9) {
            for (size_t i = 0; i < n; i++)
                x[i] = values[v];
            CHECK_EQ(stats_summarise(x, n, &s, NULL), 0);
            CHECK(s.median == values[v] && s.median_ci.lo == values[v] &&
                  s.median_ci.hi == values[v]);
            CHECK(s.mad == 0 && s.longest_stall == 0 && s.outliers_mild + s.outliers_severe == 0);
            CHECK_NEAR(s.mean, values[v], 1e-15 * fabs(values[v]));
            CHECK(n == 1 ? isnan(s.std) : s.std <= 1e-15 * fabs(values[v]));
            CHECK(isnan(s.autocorrelation));
            CHECK_EQ(s.ci_method, n < 6 ? STATS_NONE : STATS_ORDER);
            if (n >= 4) {
                CHECK_EQ(stats_trend(x, n, &z, &slope, NULL), 0);
                CHECK(z == 0 && slope == 0);
            }
        }
}

static void percentiles_refuse(void)
{
    double x[300];
    struct stats_summary s;

    CHECK_EQ(stats_percentile_needs(0.95, 0.95), 59);
    CHECK_EQ(stats_percentile_needs(0.99, 0.95), 299);
    CHECK_EQ(stats_percentile_needs(0.999, 0.95), 2995);
    CHECK_EQ(stats_percentile_needs(0.5, 0.95), 5);
    CHECK(stats_percentile_needs(1, 0.95) == SIZE_MAX &&
          stats_percentile_needs(0, 0.95) == SIZE_MAX &&
          stats_percentile_needs((double)NAN, 0.95) == SIZE_MAX &&
          stats_percentile_needs(0.9, 1) == SIZE_MAX);
    for (size_t i = 0; i < 300; i++)
        x[i] = (double)((i * 7919) % 300);
    for (size_t n = 1; n <= 300; n++) {
        CHECK_EQ(stats_summarise(x, n, &s, NULL), 0);
        CHECK(isnan(s.p95) == (n < 59));
        CHECK(isnan(s.p99) == (n < 299));
        CHECK(!isnan(s.p50));
    }
}

/* Nothing may depend on the unit: x -> a x + b moves every answer along. */
static void scales(void)
{
    static const double factor[] = { 1e-300, 1e-9, 1e9, 1e290 };
    double x[200], y[200], z0, z1, slope0, slope1;
    struct stats_summary a, b;
    struct rng r;

    rng_init(&r, 5, 0);
    for (size_t i = 0; i < 200; i++)
        x[i] = 100 + rng_normal(&r) + (i ? 0.8 * (x[i - 1] - 100) : 0);
    CHECK_EQ(stats_summarise(x, 200, &a, NULL), 0);
    CHECK_EQ(stats_trend(x, 200, &z0, &slope0, NULL), 0);
    CHECK_EQ(a.ci_method, STATS_EFFECTIVE);
    for (size_t k = 0; k < sizeof(factor) / sizeof(factor[0]); k++) {
        for (size_t i = 0; i < 200; i++)
            y[i] = x[i] * factor[k];
        CHECK_EQ(stats_summarise(y, 200, &b, NULL), 0);
        CHECK_EQ(stats_trend(y, 200, &z1, &slope1, NULL), 0);
        CHECK_NEAR(b.std / factor[k], a.std, 1e-9);
        CHECK_NEAR(b.mean / factor[k], a.mean, 1e-9);
        CHECK_NEAR(b.median_ci.lo / factor[k], a.median_ci.lo, 1e-9);
        CHECK_NEAR(b.median_ci.hi / factor[k], a.median_ci.hi, 1e-9);
        CHECK_NEAR(b.autocorrelation, a.autocorrelation, 1e-9);
        CHECK_NEAR(z1, z0, 1e-9);
        CHECK_NEAR(slope1 / factor[k], slope0, 1e-9);
    }
}

/* The share of 1,500 series in which |z| > 1.96 finds a trend of `slope` standard deviations. */
static double alarms(size_t n, double phi, double slope, uint64_t seed)
{
    enum { SERIES = 1500 };
    static double x[200];
    struct rng r;
    int found = 0;

    rng_init(&r, seed, n);
    for (int k = 0; k < SERIES; k++) {
        double p = rng_normal(&r), z, estimate;

        for (size_t i = 0; i < n; i++) {
            p = phi * p + sqrt(1 - phi * phi) * rng_normal(&r);
            x[i] = 50 + p + slope * (double)i / (double)n;
        }
        CHECK_EQ(stats_trend(x, n, &z, &estimate, NULL), 0);
        found += fabs(z) > 1.96;
    }
    return (double)found / SERIES;
}

static void trend_level_and_power(void)
{
    static const struct {
        size_t n;
        double phi, slope, lo, hi;
    } rows[] = {
        /* The bars: at most 7 % false alarms at a level of 5 %.  More than 2 %: not a dead test. */
        { 20, 0, 0, 0.02, 0.07 },
        { 50, 0, 0, 0.02, 0.07 },
        { 100, 0, 0, 0.02, 0.07 },
        { 200, 0, 0, 0.02, 0.07 },
        { 100, 0.5, 0, 0.02, 0.07 },
        { 200, 0.5, 0, 0.02, 0.07 },
        /* Shown, not held: correlation and trend are hard to tell apart in few samples. */
        { 20, 0.5, 0, 0, 1 },
        { 50, 0.5, 0, 0, 1 },
        { 200, 0.9, 0, 0, 1 },
        /* Power.  A line over the run of height h has z = h / sd sqrt(n / 12): 4.1 and 2.9. */
        { 200, 0, 1, 0.95, 1 },
        { 100, 0, 1, 0.70, 1 },
        { 200, 0.5, 2, 0.90, 1 },
    };

    printf("trend      n  phi  height  found\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double found = alarms(rows[i].n, rows[i].phi, rows[i].slope, 11);

        printf("       %5zu  %3.1f  %6.1f  %4.1f %%\n", rows[i].n, rows[i].phi, rows[i].slope,
               100 * found);
        CHECK(found >= rows[i].lo && found <= rows[i].hi);
    }
}

/* Above 600 samples groups stand for them: the slope is still per sample. */
static void trend_of_many(void)
{
    enum { N = 20000 };
    double *x = mem_calloc(N, sizeof(*x)), z, slope;
    struct rng r;

    rng_init(&r, 3, 0);
    for (int i = 0; i < N; i++)
        x[i] = 1000 + 1e-3 * i + rng_normal(&r);
    CHECK_EQ(stats_trend(x, N, &z, &slope, NULL), 0);
    CHECK_NEAR(slope, 1e-3, 1e-5);
    CHECK(z > 20);
    for (int i = 0; i < 601; i++)
        x[i] = -3.0 * i;
    CHECK_EQ(stats_trend(x, 601, &z, &slope, NULL), 0);
    CHECK_NEAR(slope, -3, 0.01);
    CHECK(z < -20);
    mem_free(x);
}

/* Every allocation fails once: an error, no crash, and nothing half filled in. */
static void no_memory(void)
{
    double x[50], median, z, slope;
    struct stats_summary s;
    struct stats_interval ci;
    enum stats_method m;
    int failed = 0;

    for (int i = 0; i < 50; i++)
        x[i] = i % 7;
    for (uint64_t at = 1; at <= 3; at++) {
        mem_fail_at(at);
        failed += stats_summarise(x, 50, &s, NULL) == ERR_NOMEM && s.n == 0;
    }
    CHECK_EQ(failed, 3);
    for (uint64_t at = 1; at <= 4; at++) {
        mem_fail_at(at);
        failed += stats_trend(x, 50, &z, &slope, NULL) == ERR_NOMEM;
    }
    CHECK_EQ(failed, 7);
    for (uint64_t at = 1; at <= 2; at++) {
        mem_fail_at(at);
        failed += stats_median_interval(x, 50, &median, &ci, &m, NULL) == ERR_NOMEM;
    }
    CHECK_EQ(failed, 9);
    mem_fail_at(1);
    CHECK(isnan(stats_median(x, 50)));
    mem_fail_at(0);
}

int main(void)
{
    known_answers();
    no_samples();
    equal_samples();
    percentiles_refuse();
    scales();
    trend_level_and_power();
    trend_of_many();
    no_memory();
    TEST_DONE();
}
