/* simulated_runs.h - comparisons whose truth is known: runs of two builds on a machine that is
 * noisy in a chosen way, in the order in which `compare --ab` would make them. */
#ifndef SIMULATED_RUNS_H
#define SIMULATED_RUNS_H

#include <stdbool.h>
#include <stdio.h>

#include "core/mem.h"
#include "core/rng.h"
#include "judge/ab_order.h"
#include "judge/verdict.h"

enum sim_noise {
    SIM_WHITE,  /* runs are independent, normal in the logarithm */
    SIM_WANDER, /* AR(1), 0.8 from run to run: a neighbour that comes and goes */
    SIM_SPIKY,  /* one run in twenty takes 3.3 spreads longer */
    SIM_STALLS, /* as white, and on top of its spread one run in twenty takes 15 % longer */
    SIM_STATES, /* two states of the machine, one in three runs in the slow one */
    SIM_DRIFT,  /* white, and the machine gets slower all the time: by 4 spreads over 40 runs */
    SIM_NOISES
};
static const char *const sim_noise_names[SIM_NOISES] = { "white",  "wander", "spiky",
                                                         "stalls", "states", "drift" };

enum { SIM_PAIRS = 20, SIM_RUNS = 2 * SIM_PAIRS };

struct sim_machine {
    enum sim_noise noise;
    double spread; /* between runs, a standard deviation of logarithms */
    double state;  /* of the wander */
    int runs;
};

/* The logarithm of the next run's time, without what the build adds. */
static inline double sim_next(struct sim_machine *m, struct rng *r)
{
    double s = m->spread, e = s * rng_normal(r);

    m->runs++;
    switch (m->noise) {
    case SIM_WANDER: m->state = m->runs == 1 ? e : 0.8 * m->state + 0.6 * e; return m->state;
    case SIM_SPIKY: /* 0.7^2 + 0.05 x 0.95 x 3.3^2 = 1 */
        return 0.7 * e + (rng_uniform(r) < 0.05 ? 3.3 * s : 0);
    case SIM_STALLS: return e + (rng_uniform(r) < 0.05 ? log(1.15) : 0);
    case SIM_STATES: /* sd of the states 0.9 s, within each 0.44 s */
        return 0.44 * e + (rng_uniform(r) < 1.0 / 3 ? 1.91 * s : 0);
    case SIM_DRIFT: return e + 4 * s * m->runs / SIM_RUNS;
    case SIM_WHITE:
    case SIM_NOISES:
    default: return e;
    }
}

/* One row, `lower` is better. */
static const struct result sim_row = { .name = "sim.work",
                                       .metric = "latency",
                                       .unit = "ns",
                                       .device = "cpu",
                                       .direction = LOWER_IS_BETTER,
                                       .status = RESULT_OK };

struct sim_comparison {
    struct pair_run runs[SIDES][SIM_PAIRS];
    struct pair pair;
};

/* All 20 pairs of a comparison whose B takes `slowdown` times as long. */
static inline void sim_fill(struct sim_comparison *c, struct sim_machine *m, double slowdown,
                            uint64_t order_seed, struct rng *r)
{
    double clock = 0;

    for (int i = 0; i < SIM_PAIRS; i++) {
        enum pair_side first = ab_order_first(order_seed, i);

        for (int k = 0; k < SIDES; k++) {
            enum pair_side side = k == 0 ? first : (enum pair_side)(SIDES - 1 - first);

            c->runs[side][i] = (struct pair_run){ .value = 100 * exp(sim_next(m, r)) *
                                                           (side == SIDE_B ? slowdown : 1),
                                                  .start_unix_s = clock++,
                                                  .clock_hz = NAN,
                                                  .throttled = NAN,
                                                  .session = i };
        }
    }
}

/* The first `pairs` of them. */
static inline void sim_look(struct sim_comparison *c, int pairs)
{
    c->pair = (struct pair){ .row = &sim_row, .interleaved = true };
    for (int s = 0; s < SIDES; s++) {
        c->pair.half[s].last = &sim_row;
        c->pair.half[s].runs = c->runs[s];
        c->pair.half[s].n_runs = pairs;
        c->pair.half[s].n_sessions = pairs;
    }
}

/* As `compare --ab` does it: look at 6, 10 and 20 pairs for as long as it is unclear. */
static inline struct verdict sim_judge(struct sim_comparison *c, const struct verdict_rules *rules)
{
    struct pairs pairs = { .p = &c->pair, .n = 1 };
    struct verdict v;

    for (int k = 0; k < LOOKS; k++) {
        sim_look(c, verdict_looks[k]);
        if (verdict_judge(&pairs, rules, &v, NULL) != 0)
            abort();
        if (!verdict_wants_more(&v, 1))
            break;
    }
    return v;
}

struct sim_tally {
    int trials, word[4], level[3];
    int below_detectable;   /* called although the change is below the detectable one: must be 0 */
    int truth_undetectable; /* called slower although what was injected is below it */
    double pairs;           /* used, the mean */
    double detectable;      /* of those that have one, the mean */
    int with_detectable;
};

struct sim_setting {
    enum sim_noise noise;
    double spread, slowdown;
    bool band_known; /* a self-test has measured the spread, so that the band is as wide */
};

static inline struct sim_tally sim_run(const struct sim_setting *s, int trials, uint64_t seed)
{
    struct noise_row row = {
        .name = "sim.work", .device = "cpu", .metric = "latency", .spread = s->spread
    };
    struct noise known = { .spread = s->spread, .rows = &row, .n_rows = 1 };
    struct verdict_rules rules = { .noise = s->band_known ? &known : NULL };
    struct sim_tally t = { .trials = trials };
    struct rng r;

    rng_init(&r, seed, 0);
    for (int i = 0; i < trials; i++) {
        struct sim_machine m = { .noise = s->noise, .spread = s->spread };
        static struct sim_comparison c;
        struct verdict v;
        bool called;

        sim_fill(&c, &m, s->slowdown, rng_u64(&r), &r);
        v = sim_judge(&c, &rules);
        called = v.word == VERDICT_SLOWER || v.word == VERDICT_FASTER;
        t.word[v.word]++;
        t.level[v.level]++;
        t.below_detectable += called && !(fabs(v.change) > v.detectable);
        t.truth_undetectable += v.word == VERDICT_SLOWER && !(log(s->slowdown) >= v.detectable);
        t.pairs += (double)v.n[SIDE_B] / trials;
        if (isfinite(v.detectable)) {
            t.detectable += v.detectable;
            t.with_detectable++;
        }
    }
    t.detectable /= t.with_detectable;
    return t;
}

/* ---- stored sessions: the machine has another state in each ---- */

enum { SIM_SESSIONS = 10, SIM_PROCESSES = 3 };

struct sim_stored {
    struct pair_run runs[SIDES][SIM_SESSIONS * SIM_PROCESSES];
    struct pair pair;
};

/* `sessions` of A against one of B, or two that must agree, three processes each.  Of the spread,
 * 0.9 is between sessions and 0.44 within. */
static inline struct verdict sim_stored(const struct sim_setting *s, int sessions, int of_b,
                                        struct rng *r)
{
    static const struct verdict_rules none = { 0 };
    static struct sim_stored c;
    struct pairs pairs = { .p = &c.pair, .n = 1 };
    struct sim_machine between = { .noise = s->noise, .spread = 0.9 * s->spread };
    struct verdict v;

    c.pair = (struct pair){ .row = &sim_row };
    for (int k = 0; k < sessions + of_b; k++) {
        enum pair_side side = k < sessions ? SIDE_A : SIDE_B;
        struct pair_half *h = &c.pair.half[side];
        double state = sim_next(&between, r);

        h->last = &sim_row;
        h->runs = c.runs[side];
        h->n_sessions++;
        for (int i = 0; i < SIM_PROCESSES; i++)
            h->runs[h->n_runs++] =
                (struct pair_run){ .value = 100 * exp(state + 0.44 * s->spread * rng_normal(r)) *
                                            (side == SIDE_B ? s->slowdown : 1),
                                   .start_unix_s = 1000.0 * k + i,
                                   .clock_hz = NAN,
                                   .throttled = NAN,
                                   .session = k };
    }
    if (verdict_judge(&pairs, &none, &v, NULL) != 0)
        abort();
    return v;
}

#endif
