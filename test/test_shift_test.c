/* Tests of a shift against tables, and against counting by hand. */
#include "judge/shift_test.h"

#include "core/rng.h"

#include "test.h"

/* The differences 1, 2, 3 ..., negative where the bit in `negative` is set. */
static struct shift_test signed_test(size_t n, unsigned negative)
{
    double d[32];
    struct shift_test t;

    for (size_t i = 0; i < n; i++)
        d[i] = (double)(i + 1) * (negative >> i & 1 ? -1 : 1);
    CHECK_EQ(shift_test_paired(d, n, &t, NULL), 0);
    return t;
}

/* Critical values of the signed-rank test, one-sided (Wilcoxon & Wilcox 1964; R's psignrank). */
static void signed_ranks_as_in_tables(void)
{
    struct shift_test t = signed_test(6, 0);

    CHECK_NEAR(shift_test_above(&t, 0), 1.0 / 64, 1e-15);
    CHECK_NEAR(shift_test_below(&t, 0), 1, 1e-15);
    CHECK_NEAR(t.tail[2], 3.0 / 64, 1e-15); /* 0, 1, 2 */
    shift_test_release(&t);
    t = signed_test(10, 0x3); /* ranks 1 and 2 are negative: W = 3 */
    CHECK_NEAR(shift_test_above(&t, 0), 5.0 / 1024, 1e-15);
    CHECK_NEAR(t.tail[10], 43.0 / 1024, 1e-15); /* psignrank(10, 10) = 0.04199219 */
    shift_test_release(&t);
    t = signed_test(20, 0);
    CHECK_NEAR(t.tail[52], 0.0242, 5e-5); /* psignrank(52, 20) */
    CHECK_NEAR(t.tail[60], 0.0487, 5e-5);
    shift_test_release(&t);
}

static void rank_sums_as_in_tables(void)
{
    static const double a[6] = { 1, 2, 3, 4, 5, 6 }, b[6] = { 11, 12.5, 14, 15.5, 17, 18.5 };
    struct shift_test t;

    CHECK_EQ(shift_test_two_sample(a, 6, b, 6, &t, NULL), 0);
    CHECK_NEAR(shift_test_above(&t, 0), 1.0 / 924, 1e-15);
    CHECK_NEAR(t.tail[5], 19.0 / 924, 1e-14); /* pwilcox(5, 6, 6) = 0.02056277 */
    CHECK_NEAR(t.tail[7], 43.0 / 924, 1e-14); /* 0.04653680 */
    CHECK_NEAR(t.tail[36], 1, 1e-12);
    shift_test_release(&t);
    CHECK_EQ(shift_test_two_sample(a, 5, b, 3, &t, NULL), 0);
    CHECK_NEAR(t.tail[0], 1.0 / 56, 1e-15);
    CHECK_NEAR(t.tail[2], 4.0 / 56, 1e-15);
    shift_test_release(&t);
}

/* t quantiles as printed in every textbook. */
static void student_as_in_tables(void)
{
    CHECK_NEAR(student_quantile(0.025, 10), 2.228139, 5e-7);
    CHECK_NEAR(student_quantile(0.005, 4), 4.604095, 5e-7);
    CHECK_NEAR(student_quantile(0.05, 1), 6.313752, 5e-7);
    CHECK_NEAR(student_quantile(0.025, 1e9), 1.959964, 5e-7);
    CHECK_NEAR(student_tail(0, 3), 0.5, 1e-15);
    CHECK_NEAR(student_tail(-2.228139, 10), 0.975, 1e-8);
    CHECK_NEAR(student_tail(INFINITY, 10), 0, 0);
    CHECK_NEAR(student_tail(NAN, 10), 1, 0);
}

/* The interval holds exactly the shifts that are not rejected. */
static void interval_is_dual_to_p(void)
{
    struct rng r;
    double a[12], b[12], d[12];

    rng_init(&r, 5, 0);
    for (int trial = 0; trial < 50; trial++) {
        struct shift_test t[3] = { shift_test_student(1, 0.5, 7) };

        for (int i = 0; i < 12; i++) {
            a[i] = rng_normal(&r);
            b[i] = 1 + rng_normal(&r);
            d[i] = b[i] - a[i];
        }
        CHECK_EQ(shift_test_paired(d, 12, &t[1], NULL), 0);
        CHECK_EQ(shift_test_two_sample(a, 12, b, 12, &t[2], NULL), 0);
        for (int k = 0; k < 3; k++) {
            double alpha = 0.01 + 0.04 * rng_uniform(&r);
            struct stats_interval in = shift_test_interval(&t[k], alpha);

            CHECK(in.lo <= t[k].estimate && t[k].estimate <= in.hi);
            CHECK(shift_test_above(&t[k], in.lo - 1e-9) <= alpha);
            CHECK(shift_test_above(&t[k], in.lo + 1e-9) > alpha);
            CHECK(shift_test_below(&t[k], in.hi + 1e-9) <= alpha);
            CHECK(shift_test_below(&t[k], in.hi - 1e-9) > alpha);
            shift_test_release(&t[k]);
        }
    }
}

/* How often p is at most alpha when there is no shift: never more than alpha, and the approximation
 * for many runs as the exact one. */
static void p_keeps_its_level(void)
{
    enum { TRIALS = 4000 };
    struct rng r;
    double d[150];
    int hits[2] = { 0 };
    static const size_t sizes[2] = { 20, 150 };

    rng_init(&r, 9, 0);
    for (int k = 0; k < 2; k++) {
        for (int trial = 0; trial < TRIALS / (k ? 8 : 1); trial++) {
            struct shift_test t;

            for (size_t i = 0; i < sizes[k]; i++)
                d[i] = rng_normal(&r);
            CHECK_EQ(shift_test_paired(d, sizes[k], &t, NULL), 0);
            hits[k] += shift_test_above(&t, 0) <= 0.05;
            shift_test_release(&t);
        }
    }
    CHECK(hits[0] > 0.04 * TRIALS && hits[0] < 0.06 * TRIALS); /* 5 %, sd 0.34 % */
    CHECK(hits[1] > 0.02 * TRIALS / 8 && hits[1] < 0.08 * TRIALS / 8);
}

static void ties_and_nonsense(void)
{
    static const double equal[8] = { 0 }, bad[2] = { 1, NAN };
    struct shift_test t;
    struct err e = { 0 };
    struct stats_interval in;

    CHECK_EQ(shift_test_paired(equal, 8, &t, NULL), 0);
    CHECK_NEAR(shift_test_above(&t, 0), 1, 0); /* ties count against a change */
    CHECK_NEAR(t.estimate, 0, 0);
    in = shift_test_interval(&t, 0.01);
    CHECK(in.lo == 0 && in.hi == 0);
    shift_test_release(&t);
    CHECK_EQ(shift_test_paired(equal, 3, &t, NULL), 0);
    in = shift_test_interval(&t, 0.05); /* three pairs reach 1/8 */
    CHECK(isinf(in.lo) && isinf(in.hi));
    shift_test_release(&t);
    CHECK_EQ(shift_test_paired(bad, 2, &t, &e), ERR_ARG);
    CHECK_EQ(shift_test_two_sample(equal, 0, equal, 2, &t, NULL), ERR_ARG);
    CHECK_EQ(shift_test_two_sample(equal, 2, bad, 2, &t, NULL), ERR_ARG);
}

int main(void)
{
    signed_ranks_as_in_tables();
    rank_sums_as_in_tables();
    student_as_in_tables();
    interval_is_dual_to_p();
    p_keeps_its_level();
    ties_and_nonsense();
    TEST_DONE();
}
