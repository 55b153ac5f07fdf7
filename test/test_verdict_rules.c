/* Verdicts whose figures are known: made pairs and sessions against the rule of
 * docs/notes/verdicts.md, worked out here from the differences. */
#include "judge/verdict.h"

#include "judge/noise.h"
#include "test.h"

enum { RUNS = 40 };
static const double BAND = 0.009950330853168083; /* log 1.01: no noise is known */
static const double NORMAL_975 = 1.959963984540054, NORMAL_90 = 1.281551565544600;

static const struct result row = {
    .name = "x", .metric = "m", .unit = "ns", .device = "cpu", .direction = LOWER_IS_BETTER
};

struct made {
    struct pair_run runs[SIDES][RUNS];
    struct pair pair;
};

static struct pair_run run_of(double log_value, int session)
{
    return (struct pair_run){
        .value = 100 * exp(log_value), .clock_hz = NAN, .throttled = NAN, .session = session
    };
}

/* Interleaved pairs whose differences lie evenly from change - half to change + half: the outer
 * ones first, so that early looks see the most scatter. */
static void make_pairs(struct made *m, int n, double change, double half)
{
    *m = (struct made){ .pair = { .row = &row, .interleaved = true } };
    for (int i = 0; i < n; i++) {
        int place = i % 2 ? i / 2 : n - 1 - i / 2;

        m->runs[SIDE_A][i] = run_of(0, i);
        m->runs[SIDE_B][i] = run_of(change + half * (2.0 * place / (n - 1) - 1), i);
    }
    for (int s = 0; s < SIDES; s++)
        m->pair.half[s] =
            (struct pair_half){ .last = &row, .runs = m->runs[s], .n_runs = n, .n_sessions = n };
}

static struct verdict judge(struct made *m, const struct verdict_rules *rules)
{
    static const struct verdict_rules none = { 0 };
    const struct pairs pairs = { .p = &m->pair, .n = 1 };
    struct verdict v = { 0 };

    CHECK_EQ(verdict_judge(&pairs, rules ? rules : &none, &v, NULL), 0);
    return v;
}

static struct verdict of_pairs(int n, double change, double half)
{
    struct made m;

    make_pairs(&m, n, change, half);
    return judge(&m, NULL);
}

/* Half the interval of 20 such pairs, at alpha one-sided. */
static double reach_of(double half, double alpha)
{
    double difference[20];
    struct shift_test t;
    struct stats_interval in;

    for (int i = 0; i < 20; i++)
        difference[i] = half * (2.0 * i / 19 - 1);
    CHECK_EQ(shift_test_paired(difference, 20, &t, NULL), 0);
    in = shift_test_interval(&t, alpha);
    shift_test_release(&t);
    CHECK_NEAR(in.lo, -in.hi, 1e-12);
    return in.hi;
}

/* A change is called beyond the band and the interval, twice: all of it beyond what is told. */
static void what_is_called(void)
{
    const double half = 0.02, reach = reach_of(half, 0.025);
    const double line = BAND + 2 * reach, by_chance = reach_of(half, 0.005 * 0.58);
    struct verdict v = of_pairs(20, line + 0.001, half);

    CHECK_EQ(v.word, VERDICT_SLOWER);
    CHECK_NEAR(v.change, line + 0.001, 1e-12);
    CHECK_NEAR(v.lo, v.change - reach, 1e-12);
    CHECK_NEAR(v.hi, v.change + reach, 1e-12);
    CHECK_NEAR(v.confidence, 0.95, 1e-12);
    CHECK_NEAR(v.detectable, BAND + reach, 1e-12);
    CHECK_NEAR(v.reliable, BAND + fmax(2 * reach, by_chance) + NORMAL_90 / NORMAL_975 * reach,
               1e-9);
    CHECK_EQ(of_pairs(20, -line - 0.001, half).word, VERDICT_FASTER);
    v = of_pairs(20, line - 0.001, half);
    CHECK_EQ(v.word, VERDICT_UNCLEAR);
    CHECK(!verdict_wants_more(&v, 1)); /* the last look was taken */
    CHECK_EQ(of_pairs(20, 0.001 - line, half).word, VERDICT_UNCLEAR);
    CHECK_EQ(of_pairs(20, 0, half / 4).word, VERDICT_SAME);
    v = of_pairs(25, 0.2, half);
    CHECK_EQ(v.n[SIDE_B], 25); /* more pairs than the last look asks for count too */
}

/* All differences beyond the band: each look has its smallest p, of its share of the error. */
static void how_p_is_made(void)
{
    struct verdict v = of_pairs(20, 0.2, 0.01);

    CHECK_NEAR(v.p, 2 * ldexp(1, -20) / 0.58, 1e-12);
    v = of_pairs(10, 0.2, 0.01);
    CHECK_NEAR(v.p, 2 / 184756.0 / 0.20, 1e-9);
    CHECK_NEAR(v.confidence, 0.98, 1e-12);
    v = of_pairs(6, 0.2, 0.01);
    CHECK_NEAR(v.p, 2 / 924.0 / 0.22, 1e-9);
    CHECK_NEAR(v.confidence, 0.99, 1e-12);
    CHECK_EQ(v.word, VERDICT_SLOWER); /* one row alone */
}

static void what_promises_make_of_it(void)
{
    struct noise_row known = { .name = "x", .device = "cpu", .metric = "m", .spread = 0.05 };
    const struct noise noise = { .rows = &known, .n_rows = 1 };
    const struct verdict_rules rules = { .noise = &noise };
    struct verdict v = of_pairs(20, 0.04, 0.005);
    struct made m;

    CHECK_EQ(v.level, LEVEL_NONE); /* below log(1.1) / 2 = 0.048 */
    CHECK_EQ(of_pairs(20, 0.055, 0.005).level, LEVEL_WARN);
    CHECK_EQ(of_pairs(20, 0.085, 0.005).level, LEVEL_WARN); /* below log(1.2) / 2 = 0.091 */
    CHECK_EQ(of_pairs(20, 0.095, 0.005).level, LEVEL_FAIL);
    CHECK_EQ(of_pairs(20, -0.2, 0.005).level, LEVEL_NONE);
    /* Unclear, and yet a loss of 10 % (0.095) is excluded, or not. */
    v = of_pairs(20, 0.02, 0.1);
    CHECK_EQ(v.word, VERDICT_UNCLEAR);
    CHECK(v.hi < log(1.1) && v.kept);
    v = of_pairs(20, 0.05, 0.2);
    CHECK_EQ(v.word, VERDICT_UNCLEAR);
    CHECK(v.hi > log(1.1) && v.hi < log(1.2) && !v.kept);
    /* This machine can promise 15 %: not the 10 % at which a warning is promised. */
    make_pairs(&m, 20, 0, 0.005);
    v = judge(&m, &rules);
    CHECK(v.keepable_pct > 10 && v.keepable_pct < 20);
    CHECK(v.refused);
}

static void what_clocks_do(void)
{
    struct made m;
    struct verdict v;

    make_pairs(&m, 20, 0, 0.005);
    for (int i = 0; i < 20; i++) {
        m.runs[SIDE_A][i].clock_hz = 3e9;
        m.runs[SIDE_B][i].clock_hz = 2.9e9;
    }
    v = judge(&m, NULL);
    CHECK(v.clocks_differ && !v.kept);
    CHECK_EQ(v.word, VERDICT_UNCLEAR);
    CHECK_EQ(v.lean, VERDICT_UNCLEAR); /* "same" leans nowhere */
    CHECK_NEAR(v.cycles, log(2.9 / 3), 1e-9);
    /* Six runs cannot exclude chance: 3 % apart is too much for them, 1.5 % is not. */
    make_pairs(&m, 6, 0.2, 0.01);
    for (int i = 0; i < 6; i++) {
        m.runs[SIDE_A][i].clock_hz = 3e9;
        m.runs[SIDE_B][i].clock_hz = 2.9e9;
    }
    v = judge(&m, NULL);
    CHECK(v.clocks_differ);
    CHECK_EQ(v.lean, VERDICT_SLOWER);
    CHECK(!verdict_wants_more(&v, 1)); /* no pair brings the clock back */
    for (int i = 0; i < 6; i++)
        m.runs[SIDE_B][i].clock_hz = 2.955e9;
    CHECK(!judge(&m, NULL).clocks_differ);
    /* Throttling is the mean of the runs in which it is known. */
    make_pairs(&m, 20, 0, 0.005);
    for (int i = 0; i < 20; i++) {
        m.runs[SIDE_A][i].throttled = i % 2 ? 0.15 : (double)NAN;
        m.runs[SIDE_B][i].throttled = 0;
    }
    CHECK(judge(&m, NULL).clocks_differ);
}

/* Below the first look: a change leans somewhere from three standard errors on. */
static void where_few_pairs_lean(void)
{
    CHECK_EQ(of_pairs(5, 0.10, 0.01).lean, VERDICT_SLOWER);
    CHECK_EQ(of_pairs(5, -0.10, 0.01).lean, VERDICT_FASTER);
    CHECK_EQ(of_pairs(5, 0.10, 0.20).lean, VERDICT_UNCLEAR);
    CHECK_EQ(of_pairs(5, 0.005, 0.0001).lean, VERDICT_UNCLEAR); /* within the band */
}

/* `runs` runs in each of n sessions, the k-th `scatter` apart; levels as logarithms. */
static void make_side(struct made *m, enum pair_side side, const double *level, int n, int runs,
                      double scatter)
{
    struct pair_half *h = &m->pair.half[side];

    *h = (struct pair_half){ .last = &row, .runs = m->runs[side], .n_sessions = n };
    for (int s = 0; s < n; s++)
        for (int k = 0; k < runs; k++)
            h->runs[h->n_runs++] = run_of(level[s] + scatter * (k - (runs - 1) / 2.0), s);
}

static const double levels[6] = { 0, 0.01, -0.01, 0.02, -0.02, 0 };
enum { OF_A = 6 };

static struct verdict of_sessions(const double *b, int n_b, int runs_b)
{
    struct made m = { .pair = { .row = &row } };

    make_side(&m, SIDE_A, levels, OF_A, 3, 0.001);
    make_side(&m, SIDE_B, b, n_b, runs_b, 0.001);
    return judge(&m, NULL);
}

/* One slow session does not count where another was run; of three the middle one does. */
static void what_sessions_agree_on(void)
{
    static const double slow_once[] = { 0.3, 0.0 }, slow[] = { 0.0, 0.3, 0.3 };

    CHECK_EQ(of_sessions(slow_once, 1, 3).word, VERDICT_SLOWER);
    CHECK_NEAR(of_sessions(slow_once, 2, 3).change, 0, 1e-9);
    CHECK_NEAR(of_sessions(slow, 3, 3).change, 0.3, 1e-9);
    CHECK_EQ(of_sessions(slow, 3, 3).word, VERDICT_SLOWER);
    CHECK_EQ(of_sessions(slow_once, 1, 2).word, VERDICT_UNCLEAR); /* two runs can be one spike */
}

/* Student's interval: n - 1 degrees of freedom, the scatter of one session and of A's mean. */
static void how_sure_sessions_are(void)
{
    static const double level = 0.1, flat[OF_A] = { 0 };
    double std = stats_std(levels, OF_A), t = student_quantile(0.025, OF_A - 1);
    struct verdict v = of_sessions(&level, 1, 3);
    struct made m = { .pair = { .row = &row } };
    double spread, extra;

    CHECK_NEAR(v.change, 0.1, 1e-9);
    CHECK_NEAR(v.hi - v.change, t * std * sqrt(1.0 / OF_A + 1), 1e-9);
    /* Sessions that agree to the last digit are not known better than to half a percent. */
    make_side(&m, SIDE_A, flat, OF_A, 3, 0);
    make_side(&m, SIDE_B, &level, 1, 3, 0);
    v = judge(&m, NULL);
    CHECK_NEAR(v.hi - v.change, t * 0.005 * sqrt(1.0 / OF_A + 1), 1e-9);
    /* B's session has 3 runs and those of A have 5: it scatters more, by the larger spread. */
    make_side(&m, SIDE_A, flat, OF_A, 5, 0.01);
    make_side(&m, SIDE_B, &level, 1, 3, 0.05);
    v = judge(&m, NULL);
    spread = 0.05; /* the standard deviation of -0.05, 0, 0.05 */
    extra = M_PI_2 * spread * spread * (1 / 3.0 - 1 / 5.0);
    CHECK_NEAR(v.hi - v.change, t * sqrt(0.005 * 0.005 * (1.0 / OF_A + 1) + extra), 1e-9);
}

int main(void)
{
    what_is_called();
    how_p_is_made();
    what_promises_make_of_it();
    what_clocks_do();
    where_few_pairs_lean();
    what_sessions_agree_on();
    how_sure_sessions_are();
    TEST_DONE();
}
