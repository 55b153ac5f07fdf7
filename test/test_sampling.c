/* The sampling driver against a fake clock: machines that warm up, drift, step, stall and fail. */
#include "core/sampling.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/rng.h"

#include "test.h"

/* A machine whose repetitions take `rep_ns` times what `shape` makes of it, on its own clock. */
struct machine {
    double rep_ns;
    double (*shape)(struct machine *m, double t_s); /* factor at this time; NULL: 1 */
    double noise;                                   /* relative standard deviation of a sample */
    double tick_ns;                                 /* of the timer of samples; 0: none */
    double read_ns;                                 /* what reading the clock costs */
    bool frozen_timer;                              /* samples take 0 ns, the wall clock goes on */
    bool frozen_wall;
    size_t fail_at;        /* the sample with this number fails; 0: none */
    double interrupt_at_s; /* progress says stop; 0: never */
    double nonsense;       /* what the timer gives from sample 30 on; 0: honest */
    struct rng rng;
    double phi, sway, ar; /* of wandering() */
    double now_ns;
    size_t samples, progressed, between;
    double last_progress_ns, last_between_ns, longest_progress_gap_ns, longest_between_gap_ns;
    double longest_sample_ns;
    bool saw_warm_up, saw_kept;
};

static double gap_to(double *last, double now, double longest)
{
    double gap = now - *last;

    *last = now;
    return fmax(gap, longest);
}

static int machine_sample(void *self, uint64_t reps, double *ns, struct err *e)
{
    struct machine *m = self;
    double time = m->rep_ns * (double)reps;

    if (++m->samples == m->fail_at)
        return ERR(e, ERR_IO, "the planted failure");
    if (m->shape)
        time *= m->shape(m, m->now_ns * 1e-9);
    time *= 1 + m->noise * fmax(-3, fmin(3, rng_normal(&m->rng)));
    if (m->tick_ns > 0)
        time = m->tick_ns * floor(time / m->tick_ns + rng_uniform(&m->rng));
    m->longest_sample_ns = fmax(m->longest_sample_ns, time);
    if (!m->frozen_wall)
        m->now_ns += time;
    *ns = m->frozen_timer ? 0 : time;
    if (m->nonsense != 0 && m->samples > 30)
        *ns = m->nonsense;
    return 0;
}

static int machine_between(void *self, struct err *e)
{
    struct machine *m = self;

    (void)e;
    m->between++;
    m->longest_between_gap_ns = gap_to(&m->last_between_ns, m->now_ns, m->longest_between_gap_ns);
    m->now_ns += 20e3;
    return 0;
}

static uint64_t machine_now(void *self)
{
    struct machine *m = self;

    m->now_ns += m->read_ns;
    return (uint64_t)m->now_ns;
}

static int machine_progress(void *self, const struct sampling_progress *p)
{
    struct machine *m = self;

    m->progressed++;
    m->longest_progress_gap_ns =
        gap_to(&m->last_progress_ns, m->now_ns, m->longest_progress_gap_ns);
    CHECK(!(p->warming_up && m->saw_kept)); /* the worker forgets latencies while it warms up */
    CHECK(!p->warming_up || p->n == 0);
    m->saw_warm_up = m->saw_warm_up || p->warming_up;
    m->saw_kept = m->saw_kept || !p->warming_up;
    return m->interrupt_at_s > 0 && m->now_ns * 1e-9 >= m->interrupt_at_s ? ERR_INTERRUPT : 0;
}

static const struct sampling_ops machine_ops = { .sample = machine_sample,
                                                 .between = machine_between,
                                                 .now_ns = machine_now,
                                                 .progress = machine_progress };

/* Run it, and check what holds for every run. */
static struct sampling_result run(struct machine *m, const struct sampling_config *c)
{
    struct sampling_result r;
    struct err e = { 0 };
    int rc;

    if (m->rng.s[0] == 0)
        rng_init(&m->rng, 1, 0);
    rc = sampling_run(c, &machine_ops, m, &r, &e);
    if (rc != 0)
        fprintf(stderr, "%s\n", e.msg);
    CHECK_EQ(rc, 0);
    CHECK(r.n + r.warmup_samples == m->samples); /* none is dropped */
    CHECK(r.reps >= 1 && r.reps <= c->max_reps);
    CHECK(r.n <= r.cap && r.n <= c->max_samples);
    CHECK(r.summary.n == r.n);
    CHECK(r.why[0] != 0);
    CHECK(r.sampled_s <= r.wall_s * (1 + 1e-9) + 1e-9);
    CHECK(r.warmup_s <= 0.3 * c->seconds + 2e-9 * m->longest_sample_ns + 1e-6);
    /* The budget ends the loop: at most one sample and what is between two goes beyond. */
    CHECK(r.warmup_s + r.wall_s <= c->seconds + 1e-9 * m->longest_sample_ns + 1e-3);
    for (size_t i = 1; i < r.n; i++)
        CHECK(r.start_s[i] >= r.start_s[i - 1]);
    if (r.stop == SAMPLING_CONVERGED) {
        double half = (r.summary.median_ci.hi - r.summary.median_ci.lo) / 2;

        CHECK(half / r.summary.median <= c->target);
        CHECK(r.n >= c->min_samples);
        CHECK(r.more_needed == 0);
        CHECK(r.warmup_s + r.wall_s >= 0.25 * c->seconds);
    }
    return r;
}

static void steady(void)
{
    struct machine m = { .rep_ns = 130, .noise = 0.01, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r = run(&m, &c);

    CHECK_EQ(r.stop, SAMPLING_CONVERGED);
    CHECK_NEAR(r.summary.median, 130, 0.65);
    CHECK_NEAR((double)r.reps * 130, 1e6, 1e5);
    CHECK(m.saw_warm_up && m.saw_kept);
    CHECK(m.longest_progress_gap_ns <= 50e6);
    CHECK(m.longest_between_gap_ns <= 50e6 && m.between >= 5);
    CHECK_NEAR(r.wall_s, r.sampled_s, 0.01 * r.sampled_s);
    CHECK(r.per_second == NULL && r.n_seconds == 0);
    CHECK(fabs(r.drift_pct) < 2);
    sampling_release(&r);
    CHECK(r.ns == NULL && r.n == 0);
    sampling_release(&r);
}

static void constant(void)
{
    struct machine m = { .rep_ns = 1000, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r = run(&m, &c);

    CHECK_EQ(r.stop, SAMPLING_CONVERGED);
    CHECK(r.summary.median_ci.lo == r.summary.median_ci.hi);
    CHECK_EQ(r.reps, 1000);
    sampling_release(&r);
}

static double slow_start(struct machine *m, double t)
{
    (void)m;
    return 1 + 3 * exp(-t / 0.02);
}

static void slow_first_iterations(void)
{
    struct machine m = { .rep_ns = 500, .noise = 0.005, .shape = slow_start, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r = run(&m, &c);

    CHECK_EQ(r.stop, SAMPLING_CONVERGED);
    CHECK(r.warmup_s > 0.06); /* a factor of 1.15 is left of it there */
    CHECK_NEAR(r.summary.median, 500, 2.5);
    CHECK_NEAR((double)r.reps * 500, 1e6, 5e5);
    sampling_release(&r);
}

static double never_warm(struct machine *m, double t)
{
    (void)m;
    return t < 0.35 ? 1 - t : 0.65;
}

static void warm_up_is_bounded(void)
{
    struct machine m = { .rep_ns = 500, .noise = 0.005, .shape = never_warm, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r = run(&m, &c);

    CHECK_NEAR(r.warmup_s, 0.3, 0.01);
    CHECK_EQ(r.stop, SAMPLING_UNSTABLE);
    CHECK(strstr(r.why, "warm-up") != NULL || strstr(r.why, "shift") != NULL ||
          strstr(r.why, "trend") != NULL);
    sampling_release(&r);
}

static double drifting(struct machine *m, double t)
{
    (void)m;
    return 1 + 0.06 * t;
}

static void drift(void)
{
    struct machine m = { .rep_ns = 500, .noise = 0.005, .shape = drifting, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r;

    c.keep_full_budget = true;
    r = run(&m, &c);
    CHECK_EQ(r.stop, SAMPLING_UNSTABLE);
    CHECK(strncmp(r.why, "trend of +", 10) == 0);
    CHECK_NEAR(r.drift_pct, 5.5, 1.0);
    sampling_release(&r);
    /* A quarter of a percent is significant, and matters to nobody. */
    m = (struct machine){ .rep_ns = 500 * 24, .noise = 1e-4, .read_ns = 25 };
    r = run(&m, &c);
    CHECK_EQ(r.stop, SAMPLING_BUDGET);
    sampling_release(&r);
}

static double throttled(struct machine *m, double t)
{
    (void)m;
    return t < 0.55 ? 1 : 1.2;
}

static double pulse(struct machine *m, double t)
{
    (void)m;
    return t < 0.4 || t > 0.7 ? 1 : 1.15;
}

static void steps(void)
{
    struct machine m = { .rep_ns = 500, .noise = 0.01, .shape = throttled, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r;

    c.keep_full_budget = true;
    r = run(&m, &c);
    CHECK_EQ(r.stop, SAMPLING_UNSTABLE);
    CHECK(r.summary.median_ci.lo < 510 && r.summary.median_ci.hi > 590); /* either may be it */
    sampling_release(&r);
    m = (struct machine){ .rep_ns = 500, .noise = 0.01, .shape = pulse, .read_ns = 25 };
    r = run(&m, &c);
    CHECK_EQ(r.stop, SAMPLING_UNSTABLE);
    CHECK(strstr(r.why, "second third") != NULL); /* no trend: it comes back */
    sampling_release(&r);
}

/* The machine's speed wanders: an AR(1) process with a standard deviation of `sway`. */
static double wandering(struct machine *m, double t)
{
    (void)t;
    m->ar = m->phi * m->ar + sqrt(1 - m->phi * m->phi) * rng_normal(&m->rng);
    return exp(m->sway * m->ar);
}

/* Rates are held where the code runs at its own speed.  The seeds are the same everywhere, and so
 * is what comes of them: elsewhere a tenth of the runs is enough to see the code. */
enum { RATES = HEADROOM_INSTRUMENTED ? 20 : 200 };

/* Two runs one after the other on one machine: their intervals overlap, or one says unstable.  Not
 * held where the machine wanders so slowly that a whole run (1,000 samples) sees one state of it:
 * that is a difference between runs, and only more runs show it. */
static void back_to_back(void)
{
    static const struct {
        double phi, sway;
    } rows[] = { { 0, 0.01 },    { 0.5, 0.01 },  { 0.9, 0.01 },   { 0.97, 0.02 },
                 { 0.99, 0.02 }, { 0.99, 0.10 }, { 0.999, 0.02 }, { 0.999, 0.20 } };
    struct sampling_config c = sampling_defaults();

    printf("wandering: phi   sd   apart  unstable  (%d pairs of runs)\n", RATES);
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        int apart = 0, unstable = 0;

        for (uint64_t seed = 0; seed < RATES; seed++) {
            struct machine m = { .rep_ns = 500,
                                 .noise = 0.001,
                                 .shape = wandering,
                                 .read_ns = 25,
                                 .phi = rows[k].phi,
                                 .sway = rows[k].sway };
            struct sampling_result a, b;

            rng_init(&m.rng, seed, 1);
            m.ar = rng_normal(&m.rng);
            a = run(&m, &c);
            m.samples = 0;
            m.saw_kept = false;
            b = run(&m, &c);
            if (a.stop == SAMPLING_UNSTABLE || b.stop == SAMPLING_UNSTABLE)
                unstable++;
            else if (a.summary.median_ci.hi < b.summary.median_ci.lo ||
                     b.summary.median_ci.hi < a.summary.median_ci.lo)
                apart++;
            sampling_release(&a);
            sampling_release(&b);
        }
        printf("          %5.3f  %2.0f %%  %4.1f %%    %4.1f %%\n", rows[k].phi, 100 * rows[k].sway,
               100.0 * apart / RATES, 100.0 * unstable / RATES);
        if (rows[k].phi <= 0.99 && !HEADROOM_INSTRUMENTED)
            CHECK(apart <= 0.05 * RATES);
    }
}

/* Machines that are noisy but the same all the time must not be called unstable. */
static double half_correlated(struct machine *m, double t)
{
    (void)t;
    m->ar = 0.5 * m->ar + rng_normal(&m->rng);
    return fmax(0.5, 1 + 0.03 * m->ar);
}

static void false_alarms(void)
{
    static const struct {
        const char *name;
        double noise, bar;
        double (*shape)(struct machine *m, double t);
    } rows[] = { { "noise of 1 %", 0.01, 0.02, NULL },
                 { "noise of 5 %", 0.05, 0.04, NULL },
                 { "noise of 20 %", 0.20, 0.04, NULL },
                 { "AR(1) 0.5, 3.5 %", 0, 0.07, half_correlated } };
    struct sampling_config c = sampling_defaults();

    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        int unstable = 0;

        for (uint64_t seed = 0; seed < RATES; seed++) {
            struct machine m = {
                .rep_ns = 500, .noise = rows[k].noise, .shape = rows[k].shape, .read_ns = 25
            };
            struct sampling_result r;

            rng_init(&m.rng, seed, 2);
            r = run(&m, &c);
            unstable += r.stop == SAMPLING_UNSTABLE;
            sampling_release(&r);
        }
        printf("%-18s called unstable in %.1f %% of %d runs\n", rows[k].name,
               100.0 * unstable / RATES, RATES);
        if (!HEADROOM_INSTRUMENTED)
            CHECK(unstable <= rows[k].bar * RATES);
    }
}

static void quantised(void)
{
    struct machine m = { .rep_ns = 110, .noise = 0.02, .tick_ns = 40, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r;

    c.max_reps = 1;
    c.sample_ns = 100;
    r = run(&m, &c);
    CHECK_EQ(r.reps, 1);
    CHECK_EQ(r.n, c.max_samples);
    CHECK_EQ(r.stop, SAMPLING_BUDGET); /* narrow enough, but all within 2 ms of one state */
    CHECK_EQ(r.more_needed, 0);
    CHECK(r.summary.median == 120 || r.summary.median == 80);
    sampling_release(&r);
}

static double two_states(struct machine *m, double t)
{
    (void)t;
    return rng_uniform(&m->rng) < 0.6 ? 1 : 1.3;
}

static void bimodal(void)
{
    struct machine m = { .rep_ns = 500, .noise = 0.01, .shape = two_states, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r;

    c.seconds = 5;
    r = run(&m, &c);
    CHECK(r.stop != SAMPLING_UNSTABLE);
    CHECK(r.summary.median_ci.lo >= 490 && r.summary.median_ci.lo <= 510);
    sampling_release(&r);
}

static void ops_fail(void)
{
    struct sampling_config c = sampling_defaults();

    for (size_t at = 1; at < 120; at += 7) {
        struct machine m = { .rep_ns = 500, .noise = 0.01, .fail_at = at, .read_ns = 25 };
        struct sampling_result r;
        struct err e = { 0 };

        rng_init(&m.rng, 1, 0);
        CHECK_EQ(sampling_run(&c, &machine_ops, &m, &r, &e), ERR_IO);
        CHECK_STR(e.msg, "the planted failure");
        CHECK(r.ns == NULL && r.start_s == NULL && r.n == 0);
    }
    for (int k = 0; k < 3; k++) {
        const double nonsense[] = { -5, NAN, INFINITY };
        struct machine m = { .rep_ns = 500, .nonsense = nonsense[k], .read_ns = 25 };
        struct sampling_result r;
        struct err e = { 0 };

        rng_init(&m.rng, 1, 0);
        CHECK_EQ(sampling_run(&c, &machine_ops, &m, &r, &e), ERR_IO);
        CHECK(strstr(e.msg, "the clock says") != NULL);
    }
}

static void interrupts(void)
{
    struct machine m = { .rep_ns = 500, .noise = 0.01, .interrupt_at_s = 0.5, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r;

    c.keep_full_budget = true;
    r = run(&m, &c);
    CHECK(r.interrupted && r.stop == SAMPLING_BUDGET);
    CHECK(r.n > 300 && r.n < 600);
    CHECK(strstr(r.why, "interrupted") != NULL);
    CHECK_NEAR(r.summary.median, 500, 5);
    sampling_release(&r);
    m = (struct machine){ .rep_ns = 500, .interrupt_at_s = 0.02, .read_ns = 25 };
    r = run(&m, &c); /* while it warms up */
    CHECK(r.interrupted && r.stop == SAMPLING_BUDGET && r.n == 0 && r.warmup_samples > 0);
    CHECK(isnan(r.drift_pct) && r.more_needed == c.min_samples);
    sampling_release(&r);
    m = (struct machine){ .rep_ns = 500, .interrupt_at_s = 1e-12, .read_ns = 25 };
    r = run(&m, &c); /* before anything */
    CHECK(r.interrupted && r.n == 0 && r.warmup_samples == 0);
    sampling_release(&r);
}

static void long_samples(void)
{
    struct machine m = { .rep_ns = 3e9, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r = run(&m, &c);

    CHECK(r.n == 1 && r.reps == 1 && r.warmup_samples == 0);
    CHECK(r.stop == SAMPLING_BUDGET && r.summary.ci_method == STATS_NONE);
    CHECK(strstr(r.why, "1 sample:") != NULL);
    CHECK(r.more_needed == 19 && r.summary.median == 3e9 && isnan(r.drift_pct));
    CHECK_NEAR(r.wall_s, 3, 1e-6);
    sampling_release(&r);
    m = (struct machine){ .rep_ns = 0.27e9, .read_ns = 25 };
    r = run(&m, &c); /* two to warm up, two to keep */
    CHECK(r.n == 2 && r.warmup_samples == 2 && r.stop == SAMPLING_BUDGET);
    CHECK(strstr(r.why, "2 samples") != NULL && r.more_needed == 18);
    sampling_release(&r);
    m = (struct machine){ .rep_ns = 0.06e9, .noise = 0.0001, .read_ns = 25 };
    r = run(&m, &c); /* narrow enough, but fewer than asked for */
    CHECK(r.n >= 10 && r.n < 20 && r.stop == SAMPLING_BUDGET && r.more_needed == 20 - r.n);
    sampling_release(&r);
}

static void clocks_that_stand_still(void)
{
    struct machine m = { .rep_ns = 500, .frozen_timer = true, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r = run(&m, &c);

    CHECK_EQ(r.stop, SAMPLING_BUDGET);
    CHECK(strstr(r.why, "did not move") != NULL);
    CHECK(r.reps < 100000); /* the wall clock says how long they are */
    sampling_release(&r);
    m = (struct machine){ .rep_ns = 500, .frozen_timer = true, .frozen_wall = true };
    c.max_samples = 500;
    r = run(&m, &c);
    CHECK(r.n == 500 && r.stop == SAMPLING_BUDGET && r.reps == c.max_reps);
    CHECK(strstr(r.why, "did not move") != NULL);
    sampling_release(&r);
}

static void bounds(void)
{
    struct machine m = { .rep_ns = 500, .noise = 0.10, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r;
    double half;

    c.max_samples = 100;
    r = run(&m, &c);
    CHECK(r.n == 100 && r.stop == SAMPLING_BUDGET);
    CHECK(strstr(r.why, "the most samples allowed") != NULL);
    half = (r.summary.median_ci.hi - r.summary.median_ci.lo) / 2 / r.summary.median;
    CHECK_NEAR((double)r.more_needed, 100 * (pow(half / 0.005, 2) - 1), 1);
    sampling_release(&r);
    c = sampling_defaults();
    c.max_reps = 7;
    m = (struct machine){ .rep_ns = 500, .noise = 0.01, .read_ns = 25 };
    r = run(&m, &c);
    CHECK_EQ(r.reps, 7);
    sampling_release(&r);
    /* Reading this clock takes 5 us: samples of 1 us are made 100 us long. */
    c = sampling_defaults();
    c.sample_ns = 1000;
    m = (struct machine){ .rep_ns = 500, .noise = 0.01, .read_ns = 5000 };
    r = run(&m, &c);
    CHECK_NEAR((double)r.reps * 500, 1e5, 2e4);
    sampling_release(&r);
}

static double falling_rate(struct machine *m, double t)
{
    (void)m;
    return t < 2.5 ? 1 : 1.25;
}

static void sustained(void)
{
    struct machine m = { .rep_ns = 1000, .noise = 0.001, .shape = falling_rate, .read_ns = 25 };
    struct sampling_config c = sampling_defaults();
    struct sampling_result r;

    c.seconds = 5;
    c.keep_full_budget = true;
    r = run(&m, &c);
    CHECK_NEAR(r.warmup_s + r.wall_s, 5, 0.01);
    CHECK_EQ(r.n_seconds, (size_t)r.wall_s);
    CHECK_NEAR(r.per_second[0], 1e6, 2e3);
    CHECK_NEAR(r.per_second[1], 1e6, 2e3);
    CHECK_NEAR(r.per_second[r.n_seconds - 1], 0.8e6, 2e3);
    CHECK_EQ(r.stop, SAMPLING_UNSTABLE);
    sampling_release(&r);
    /* Samples longer than a second count in every second that they reach into. */
    m = (struct machine){ .rep_ns = 1.3e9, .read_ns = 25 };
    c.seconds = 20;
    r = run(&m, &c);
    CHECK(r.n_seconds >= 3);
    for (size_t i = 0; i < r.n_seconds; i++)
        CHECK_NEAR(r.per_second[i], 1 / 1.3, 1e-3);
    sampling_release(&r);
    /* Converged long before: the whole budget all the same, and nothing is missing. */
    m = (struct machine){ .rep_ns = 1000, .noise = 0.001, .read_ns = 25 };
    c.seconds = 2;
    r = run(&m, &c);
    CHECK(r.stop == SAMPLING_BUDGET && r.more_needed == 0);
    CHECK_NEAR(r.warmup_s + r.wall_s, 2, 0.01);
    CHECK(r.per_second == NULL);
    sampling_release(&r);
}

static void refuse(const struct sampling_config *c)
{
    struct machine m = { .rep_ns = 500 };
    struct sampling_result r = { .n = 3 };
    struct err e = { 0 };

    CHECK_EQ(sampling_run(c, &machine_ops, &m, &r, &e), ERR_ARG);
    CHECK(e.msg[0] != 0 && r.n == 0 && m.samples == 0);
}

static void nonsense_configs(void)
{
    static const double bad[] = { 0, -1, NAN, INFINITY };
    struct sampling_config c;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        c = sampling_defaults();
        c.target = bad[i];
        refuse(&c);
        c = sampling_defaults();
        c.seconds = bad[i];
        refuse(&c);
        c = sampling_defaults();
        c.sample_ns = bad[i];
        refuse(&c);
    }
    c = sampling_defaults();
    c.seconds = SAMPLING_SECONDS_MAX + 1;
    refuse(&c);
    c = sampling_defaults();
    c.min_samples = 0;
    refuse(&c);
    c = sampling_defaults();
    c.max_samples = 19;
    refuse(&c);
    c = sampling_defaults();
    c.max_reps = 0;
    refuse(&c);
    CHECK_STR(sampling_stop_name(SAMPLING_CONVERGED), "converged");
    CHECK_STR(sampling_stop_name(SAMPLING_BUDGET), "budget");
    CHECK_STR(sampling_stop_name(SAMPLING_UNSTABLE), "unstable");
}

static void no_memory(void)
{
    struct sampling_config c = sampling_defaults();
    bool done = false;
    uint64_t at;

    c.seconds = 3;
    for (at = 1; !done && at < 200; at++) {
        struct machine m = { .rep_ns = 500, .noise = 0.01, .read_ns = 25 };
        struct sampling_result r;
        struct err e = { 0 };
        int rc;

        rng_init(&m.rng, 1, 0);
        mem_fail_at(at);
        rc = sampling_run(&c, &machine_ops, &m, &r, &e);
        CHECK(rc == 0 || (rc == ERR_NOMEM && r.ns == NULL && r.n == 0));
        done = rc == 0;
        sampling_release(&r);
    }
    mem_fail_at(0);
    CHECK(done && at > 10);
}

/* The real clock and a repetition that does nothing: what the harness itself costs. */
static int empty_sample(void *self, uint64_t reps, double *ns, struct err *e)
{
    volatile uint64_t *sink = self;
    uint64_t start = clock_now_ns();

    (void)e;
    for (uint64_t i = 0; i < reps; i++)
        *sink = i;
    *ns = (double)(clock_now_ns() - start);
    return 0;
}

static uint64_t real_now(void *self)
{
    (void)self;
    return clock_now_ns();
}

static void overhead(void)
{
    const struct sampling_ops ops = { .sample = empty_sample, .now_ns = real_now };
    static const double sizes[] = { 1e6, 1e5 };

    for (size_t k = 0; k < 2; k++) {
        double least = INFINITY;

        /* Another process may take the core between two samples: the best of some runs. */
        for (int i = 0; i < 6; i++) {
            struct sampling_config c = sampling_defaults();
            struct sampling_result r;
            uint64_t sink;

            c.seconds = 0.4;
            c.sample_ns = sizes[k];
            c.keep_full_budget = true;
            CHECK_EQ(sampling_run(&c, &ops, &sink, &r, NULL), 0);
            least = fmin(least, r.wall_s / r.sampled_s - 1);
            sampling_release(&r);
        }
        printf("harness overhead at samples of %.0f us: %.3f %% of the sampled time\n",
               sizes[k] * 1e-3, 100 * least);
        if (!HEADROOM_INSTRUMENTED)
            CHECK(least < 0.01);
    }
}

int main(void)
{
    steady();
    constant();
    slow_first_iterations();
    warm_up_is_bounded();
    drift();
    steps();
    back_to_back();
    false_alarms();
    quantised();
    bimodal();
    ops_fail();
    interrupts();
    long_samples();
    clocks_that_stand_still();
    bounds();
    sustained();
    nonsense_configs();
    no_memory();
    overhead();
    TEST_DONE();
}
