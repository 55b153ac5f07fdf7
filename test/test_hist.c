/* The latency histogram: its error bound on every magnitude, merging, refused percentiles. */
#include "core/hist.h"

#include "core/rng.h"
#include "test.h"

static struct hist h, a, b, both; /* 15 kB each */

static void error_bound(void)
{
    struct rng r;

    rng_init(&r, 3, 0);
    for (int i = 0; i < 100000; i++) {
        uint64_t v = rng_u64(&r) >> (1 + rng_below(&r, 62));
        double got;

        hist_reset(&h);
        hist_add(&h, v);
        h.min = 0; /* or the clamp to [min, max] would hide the bucket's error */
        h.max = UINT64_MAX;
        got = hist_quantile(&h, 0.5);
        CHECK(fabs(got - (double)v) <= 0.0079 * (double)v);
    }
    hist_reset(&h);
    hist_add(&h, UINT64_MAX);
    CHECK(hist_quantile(&h, 0.5) > 9e18);
}

static void merge_is_union(void)
{
    struct rng r;

    rng_init(&r, 4, 0);
    hist_reset(&a);
    hist_reset(&b);
    hist_reset(&both);
    for (int i = 0; i < 5000; i++) {
        uint64_t v = (uint64_t)exp(10 + 2 * rng_normal(&r));

        hist_add(i % 3 ? &a : &b, v);
        hist_add(&both, v);
    }
    hist_merge(&a, &b);
    CHECK_EQ(a.count, both.count);
    CHECK(memcmp(a.bucket, both.bucket, sizeof(a.bucket)) == 0);
    CHECK_EQ(a.min, both.min);
    CHECK_EQ(a.max, both.max);
    CHECK_NEAR(hist_mean(&a), hist_mean(&both), 1e-9 * hist_mean(&both));
    hist_reset(&b);
    hist_merge(&a, &b);
    CHECK_EQ(a.min, both.min);
}

static void refuses_small_samples(void)
{
    hist_reset(&h);
    CHECK(isnan(hist_quantile(&h, 0.5)) && isnan(hist_mean(&h)));
    for (uint64_t i = 1; i <= 298; i++)
        hist_add(&h, i);
    CHECK(!isnan(hist_quantile(&h, 0.95)));
    CHECK(isnan(hist_quantile(&h, 0.99)));
    hist_add(&h, 299);
    CHECK_NEAR(hist_quantile(&h, 0.99), 297, 297 * 0.0079);
    CHECK(isnan(hist_quantile(&h, 0.999)));
    CHECK(isnan(hist_quantile(&h, -1)) && isnan(hist_quantile(&h, (double)NAN)));
    CHECK_NEAR(hist_quantile(&h, 1), 299, 0);
    CHECK_NEAR(hist_quantile(&h, 0), 1, 0);
}

int main(void)
{
    error_bound();
    merge_is_union();
    refuses_small_samples();
    TEST_DONE();
}
