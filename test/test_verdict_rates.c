/* How often verdicts are wrong, in small; tools/simulate-verdicts is the same in large.
 *
 * Two planted rules, of the kind that the field uses, must fail the bars: one run a side against a
 * limit of 10 %, and medians of five against the same. */
#include "simulated_runs.h"
#include "test.h"

enum { TRIALS = 300 };

static void identical_builds(void)
{
    int alarms = 0, all = 0;

    for (int noise = 0; noise < SIM_NOISES; noise++)
        for (int i = 0; i < 4; i++) {
            struct sim_setting s = { .noise = (enum sim_noise)noise,
                                     .spread = i % 2 ? 0.06 : 0.01,
                                     .slowdown = 1,
                                     .band_known = i / 2 };
            struct sim_tally t = sim_run(&s, TRIALS, (uint64_t)(noise * 10 + i + 1));

            alarms += t.word[VERDICT_SLOWER] + t.word[VERDICT_FASTER];
            all += TRIALS;
        }
    CHECK(alarms * 100 <= all);
}

static void slower_builds(void)
{
    static const enum sim_noise noises[] = { SIM_WHITE, SIM_WANDER, SIM_SPIKY, SIM_DRIFT };

    for (int i = 0; i < 8; i++)
        for (int big = 0; big < 2; big++) {
            struct sim_setting s = { .noise = noises[i / 2],
                                     .spread = 0.03,
                                     .slowdown = big ? 1.2 : 1.1,
                                     .band_known = i % 2 };
            struct sim_tally t = sim_run(&s, TRIALS, (uint64_t)(100 + i));

            CHECK(t.word[VERDICT_SLOWER] * 100 >= TRIALS * (big ? 99 : 90));
            CHECK(t.level[LEVEL_WARN] + t.level[LEVEL_FAIL] >= TRIALS * (big ? 99 : 90) / 100);
            CHECK_EQ(t.below_detectable, 0);
            CHECK(t.truth_undetectable * 50 <= TRIALS);
        }
}

/* Changes that are smaller than what is printed as detectable are not called. */
static void small_changes(void)
{
    struct sim_setting s = { .noise = SIM_WHITE, .spread = 0.03, .slowdown = 1.02 };
    struct sim_tally t = sim_run(&s, TRIALS, 77);

    CHECK_EQ(t.below_detectable, 0);
    CHECK(t.truth_undetectable * 50 <= TRIALS);
}

/* From `reliable` on nine in ten are called: what 2 % of noise and 20 pairs print is about 5 %. */
static void reliable_changes(void)
{
    struct sim_setting s = { .noise = SIM_WHITE, .spread = 0.02, .slowdown = 1 };
    static struct sim_comparison c;
    struct verdict_rules rules = { 0 };
    double reliable = 0;
    struct sim_tally t;
    struct rng r;

    rng_init(&r, 4, 0);
    for (int i = 0; i < TRIALS; i++) {
        struct sim_machine m = { .noise = s.noise, .spread = s.spread };

        sim_fill(&c, &m, 1, rng_u64(&r), &r);
        reliable += sim_judge(&c, &rules).reliable / TRIALS;
    }
    s.slowdown = exp(reliable);
    t = sim_run(&s, TRIALS, 78);
    CHECK(t.word[VERDICT_SLOWER] * 100 >= TRIALS * 85);
    CHECK(reliable < 0.07);
}

static double middle_of(const struct pair_run *runs, int n)
{
    double x[SIM_PAIRS];

    for (int i = 0; i < n; i++)
        x[i] = runs[i].value;
    return stats_median(x, (size_t)n);
}

/* What is planted must be seen to fail, or the bars would hold anything. */
static void planted_rules_miss_the_bars(void)
{
    static const int sizes[2] = { 1, 5 };

    for (int k = 0; k < 2; k++) {
        static struct sim_comparison c;
        int alarms = 0, caught = 0;
        struct rng r;

        rng_init(&r, 3, 0);
        for (int i = 0; i < TRIALS; i++) {
            struct sim_machine m = { .noise = SIM_WHITE, .spread = 0.06 };

            for (int slow = 0; slow < 2; slow++) {
                double ratio;

                sim_fill(&c, &m, slow ? 1.1 : 1, 1, &r);
                ratio = middle_of(c.runs[SIDE_B], sizes[k]) / middle_of(c.runs[SIDE_A], sizes[k]);
                *(slow ? &caught : &alarms) += ratio > 1.1;
            }
        }
        CHECK(alarms * 100 > TRIALS || caught * 100 < TRIALS * 90);
    }
}

int main(void)
{
    identical_builds();
    slower_builds();
    small_changes();
    reliable_changes();
    planted_rules_miss_the_bars();
    TEST_DONE();
}
