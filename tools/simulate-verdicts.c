/* simulate-verdicts [TRIALS] - how often the verdicts are wrong, where the truth is known.
 *
 * Identical builds, and slowdowns of 5, 10 and 20 %, on machines that are noisy in six ways, with
 * the machine's noise known (a self-test was run) and not.  Prints Markdown tables; exit code 1 when
 * a bar of docs/notes/verdicts.md is missed.  10,000 trials a line take about two minutes. */
#include <math.h>
#include <stdlib.h>

#include "core/axis.h"

#include "simulated_runs.h"

static const double spreads[] = { 0.005, 0.01, 0.02, 0.03, 0.06 };
enum { SPREADS = 5, SLOWDOWNS = 3 };
static const double slowdowns[SLOWDOWNS] = { 1.05, 1.10, 1.20 };

static double percent(int n, int of)
{
    return 100.0 * n / of;
}

/* A against A: at most 1 % say slower or faster, over all that was simulated and in each line. */
static int identical(int trials)
{
    int alarms = 0, all = 0, bad = 0;

    puts("| noise | spread % | band | slower % | faster % | same % | unclear % | pairs |");
    puts("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (int noise = 0; noise < SIM_NOISES; noise++)
        for (int i = 0; i < 2 * SPREADS; i++) {
            struct sim_setting s = { .noise = (enum sim_noise)noise,
                                     .spread = spreads[i / 2],
                                     .slowdown = 1,
                                     .band_known = i % 2 };
            struct sim_tally t = sim_run(&s, trials, (uint64_t)(100 * noise + i + 1));
            int wrong = t.word[VERDICT_SLOWER] + t.word[VERDICT_FASTER];

            printf("| %s | %.1f | %s | %.2f | %.2f | %.1f | %.1f | %.1f |\n",
                   sim_noise_names[noise], 100 * s.spread, s.band_known ? "spread" : "1 %",
                   percent(t.word[VERDICT_SLOWER], trials), percent(t.word[VERDICT_FASTER], trials),
                   percent(t.word[VERDICT_SAME], trials), percent(t.word[VERDICT_UNCLEAR], trials),
                   t.pairs);
            alarms += wrong;
            all += trials;
            bad |= wrong > trials / 100;
        }
    printf(
        "\n%d of %d comparisons of identical builds said slower or faster: %.3f %% (bar: 1 %%)\n\n",
        alarms, all, percent(alarms, all));
    return bad;
}

/* Slower builds: 10 % is caught in 90 %, 20 % in 99 %, with spreads up to 3 % (stalls have more). */
static int slower(int trials)
{
    int bad = 0;

    puts("| slowdown % | noise | spread % | band | slower % | at least warn % | fail % | faster % "
         "| pairs | detectable % | called below detectable | called, injected below it % |");
    puts("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (int k = 0; k < SLOWDOWNS; k++)
        for (int noise = 0; noise < SIM_NOISES; noise++)
            for (int i = 0; i < 2 * SPREADS; i++) {
                struct sim_setting s = { .noise = (enum sim_noise)noise,
                                         .spread = spreads[i / 2],
                                         .slowdown = slowdowns[k],
                                         .band_known = i % 2 };
                struct sim_tally t =
                    sim_run(&s, trials, (uint64_t)(10000 * k + 100 * noise + i + 7));
                double caught = percent(t.word[VERDICT_SLOWER], trials);
                double warned = percent(t.level[LEVEL_WARN] + t.level[LEVEL_FAIL], trials);

                printf("| %.0f | %s | %.1f | %s | %.1f | %.1f | %.1f | %.2f | %.1f | %.1f | %d | "
                       "%.2f |\n",
                       100 * (s.slowdown - 1), sim_noise_names[noise], 100 * s.spread,
                       s.band_known ? "spread" : "1 %", caught, warned,
                       percent(t.level[LEVEL_FAIL], trials),
                       percent(t.word[VERDICT_FASTER], trials), t.pairs, 100 * expm1(t.detectable),
                       t.below_detectable, percent(t.truth_undetectable, trials));
                bad |= t.below_detectable > 0 || t.truth_undetectable > trials / 50;
                if (s.spread > 0.031 || noise == SIM_STALLS)
                    continue;
                bad |= k == 1 && (caught < 90 || warned < 90);
                bad |= k == 2 && (caught < 99 || warned < 99);
            }
    printf("\n");
    return bad;
}

/* Stored sessions, which are not interleaved: fewer are caught.  Where a second session of B must
 * agree, identical builds are called in at most 1 % on every machine; with one session alone on
 * those whose sessions are near to normal. */
static int stored(int trials)
{
    static const double factors[] = { 1, 1.1, 1.2 };
    int bad = 0;

    puts("| noise | spread % | sessions of A, B | slowdown % | slower % | faster % | warn % |");
    puts("| --- | --- | --- | --- | --- | --- | --- |");
    for (int noise = 0; noise < SIM_NOISES; noise++)
        for (int i = 0; i < SPREADS; i++)
            for (int k = 0; k < 12; k++) {
                struct sim_setting s = { .noise = (enum sim_noise)noise,
                                         .spread = spreads[i],
                                         .slowdown = factors[k % 3] };
                int sessions = k % 6 < 3 ? 5 : 10, of_b = k < 6 ? 1 : 2, word[4] = { 0 };
                int warned = 0, wrong;
                bool is_normal = noise == SIM_WHITE || noise == SIM_WANDER || noise == SIM_DRIFT;
                struct rng r;

                rng_init(&r, (uint64_t)(1000 * noise + 20 * i + k + 1), 0);
                for (int t = 0; t < trials; t++) {
                    struct verdict v = sim_stored(&s, sessions, of_b, &r);

                    word[v.word]++;
                    warned += v.level != LEVEL_NONE;
                }
                printf("| %s | %.1f | %d, %d | %.0f | %.2f | %.2f | %.1f |\n",
                       sim_noise_names[noise], 100 * s.spread, sessions, of_b,
                       100 * (s.slowdown - 1), percent(word[VERDICT_SLOWER], trials),
                       percent(word[VERDICT_FASTER], trials), percent(warned, trials));
                wrong = word[VERDICT_SLOWER] + word[VERDICT_FASTER];
                if (k % 3 == 0 && (of_b == 2 || is_normal))
                    bad |= wrong > trials / 100;
            }
    printf("\n");
    return bad;
}

int main(int argc, char **argv)
{
    int64_t trials = 10000;
    struct err e = { 0 };
    int bad;

    if (argc > 1 && parse_int(argv[1], 100, 1000000, "TRIALS", &trials, &e) < 0) {
        fprintf(stderr, "simulate-verdicts: %s\n", e.msg);
        return 64;
    }
    printf("%d trials a line\n\n", (int)trials);
    bad = identical((int)trials);
    bad |= slower((int)trials / 10 < 200 ? 200 : (int)trials / 10);
    bad |= stored((int)trials);
    printf("%s\n", bad ? "A BAR IS MISSED" : "all bars are met");
    return bad;
}
