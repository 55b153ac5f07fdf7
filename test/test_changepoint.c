/* Steps in series whose truth is known: the right run is named, and none where there is none. */
#include "judge/changepoint.h"

#include "core/mem.h"
#include "core/rng.h"

#include "test.h"

enum { RUNS = 30, SEEDS = 500, FOUND = 8 };

static const double SIGMA = 0.01;

/* 30 runs, 1 % apart; from `at` on higher (or lower) by `sigmas`; at = RUNS: no step. */
static void series(double *x, size_t at, double sigmas, uint64_t seed)
{
    struct rng r;

    rng_init(&r, seed, 0);
    for (size_t i = 0; i < RUNS; i++)
        x[i] = 100 * exp(SIGMA * rng_normal(&r) + (i >= at ? sigmas * SIGMA : 0));
}

static size_t find(const double *x, size_t n, struct changepoint *cp)
{
    const struct changepoint_config c = changepoint_defaults();
    size_t found = 0;

    CHECK_EQ(changepoint_find(x, n, &c, cp, FOUND, &found, NULL), 0);
    return found;
}

/* The run is named when it is the only step, at its very place (run 6 is index 5). */
static void one_step_is_named(double sigmas)
{
    struct changepoint cp[FOUND];
    double x[RUNS];
    int right = 0, one = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        size_t at = 5 + seed % 20, found;

        series(x, at, sigmas, seed);
        found = find(x, RUNS, cp);
        one += found == 1;
        right += found == 1 && cp[0].at == at && (cp[0].after > cp[0].before) == (sigmas > 0);
    }
    if (right * 100 < SEEDS * 95)
        fprintf(stderr, "%+.0f sigma: right in %d, one step in %d of %d\n", sigmas, right, one,
                SEEDS);
    CHECK(right * 100 >= SEEDS * 95);
}

static int alarms_without_step(int spikes, double alarm)
{
    struct changepoint cp[FOUND];
    double x[RUNS];
    int alarms = 0;
    struct changepoint_config c = changepoint_defaults();

    c.alarm = alarm;
    for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
        size_t found = 0;

        series(x, RUNS, 0, seed);
        if (spikes)
            x[seed % RUNS] *= 1.15;
        CHECK_EQ(changepoint_find(x, RUNS, &c, cp, FOUND, &found, NULL), 0);
        alarms += found > 0;
    }
    return alarms;
}

static void no_step_gives_no_alarm(void)
{
    double alarm = changepoint_defaults().alarm;

    CHECK(alarms_without_step(0, alarm) * 100 <= 2 * SEEDS * 5);
    CHECK(alarms_without_step(1, alarm) * 100 <= 2 * SEEDS * 5);
    /* Planted: a level without regard to how many places there are would not do. */
    CHECK(alarms_without_step(0, alarm * 25) * 100 > 2 * SEEDS * 5);
}

/* A spike beside a step does not move it, nor hide it. */
static void a_spike_hides_no_step(void)
{
    struct changepoint cp[FOUND];
    double x[RUNS];
    int right = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        size_t found;

        series(x, 15, 5, seed);
        x[seed % 10] *= 1.3;
        found = find(x, RUNS, cp);
        right += found == 1 && cp[0].at == 15;
    }
    CHECK(right * 100 >= SEEDS * 90);
}

static void several_steps(void)
{
    struct changepoint cp[FOUND];
    double x[90];
    struct rng r;

    rng_init(&r, 3, 0);
    for (size_t i = 0; i < 90; i++)
        x[i] = 50 * exp(SIGMA * rng_normal(&r)) * (i < 30 ? 1 : i < 60 ? 1.1 : 1.02);
    CHECK_EQ(find(x, 90, cp), 2);
    CHECK_EQ(cp[0].at, 30);
    CHECK_EQ(cp[1].at, 60);
    CHECK(!cp[0].young && !cp[1].young);
    CHECK_NEAR(cp[0].after / cp[0].before, 1.1, 0.01);
}

static void the_end_of_a_series(void)
{
    struct changepoint cp[FOUND];
    double x[RUNS];

    series(x, RUNS - 2, 8, 11);
    CHECK_EQ(find(x, RUNS, cp), 1);
    CHECK_EQ(cp[0].at, RUNS - 2);
    CHECK(cp[0].young);
    series(x, RUNS - 1, 8, 11); /* one is a spike until the next run */
    CHECK_EQ(find(x, RUNS, cp), 0);
}

static void degenerate_series(void)
{
    struct changepoint cp[FOUND];
    double x[RUNS];
    size_t found;
    struct err e = { 0 };
    const struct changepoint_config c = changepoint_defaults();

    for (size_t i = 0; i < RUNS; i++)
        x[i] = 7;
    CHECK_EQ(find(x, RUNS, cp), 0);
    for (size_t i = 12; i < RUNS; i++)
        x[i] = 8; /* no noise at all */
    CHECK_EQ(find(x, RUNS, cp), 1);
    CHECK_EQ(cp[0].at, 12);
    CHECK_EQ(find(x, 4, cp), 0);
    CHECK_EQ(find(x, 0, cp), 0);
    x[3] = NAN;
    CHECK_EQ(changepoint_find(x, RUNS, &c, cp, FOUND, &found, &e), ERR_ARG);
    x[3] = 0;
    CHECK_EQ(changepoint_find(x, RUNS, &c, cp, FOUND, &found, NULL), ERR_ARG);
    x[3] = 7;
    for (uint64_t n = 1; n < 12; n++) {
        int rc;

        mem_fail_at(n);
        rc = changepoint_find(x, RUNS, &c, cp, FOUND, &found, NULL);
        mem_fail_at(0);
        CHECK(rc == 0 || rc == ERR_NOMEM);
    }
}

int main(void)
{
    one_step_is_named(5);
    one_step_is_named(-5);
    no_step_gives_no_alarm();
    a_spike_hides_no_step();
    several_steps();
    the_end_of_a_series();
    degenerate_series();
    TEST_DONE();
}
