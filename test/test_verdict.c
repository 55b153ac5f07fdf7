/* Words, levels and exit codes for comparisons whose truth is known; how rows find each other. */
#include "judge/verdict.h"

#include "core/mem.h"

#include "simulated_runs.h"
#include "test.h"

enum { ROWS = 3, SESSIONS = 8 };

/* A record of one session: rows `first` to `last` of three, with one value a run. */
struct session {
    struct run_record record;
    struct result rows[ROWS];
    struct result_run runs[ROWS][32];
};

static void session_make(struct session *s, int n_runs, double value, double start)
{
    static const char *const names[ROWS] = { "sim.time", "sim.rate", "sim.other" };

    memset(s, 0, sizeof(*s));
    s->record.results = s->rows;
    s->record.n_results = ROWS;
    for (int i = 0; i < ROWS; i++) {
        struct result *r = &s->rows[i];

        snprintf(r->name, sizeof(r->name), "%s", names[i]);
        snprintf(r->device, sizeof(r->device), "cpu");
        snprintf(r->metric, sizeof(r->metric), "m");
        snprintf(r->unit, sizeof(r->unit), "ns");
        r->direction = i == 1 ? HIGHER_IS_BETTER : LOWER_IS_BETTER;
        r->runs = s->runs[i];
        r->n_runs = n_runs;
        r->params.n = 1;
        snprintf(r->axis_name[0], sizeof(r->axis_name[0]), "size");
        snprintf(r->params.p[0].text, AXIS_TEXT, "4KiB");
        for (int k = 0; k < n_runs; k++)
            s->runs[i][k] =
                (struct result_run){ .value = value * (1 + 0.002 * ((k * 7 + i) % 5 - 2)),
                                     .start_unix_s = start + k,
                                     .clock_hz_median = 3e9,
                                     .throttled_fraction = NAN };
    }
}

/* Judge sessions of A against sessions of B; gives the rows' verdicts. */
static struct pairs judge(struct session *const *a, int na, struct session *const *b, int nb,
                          const struct verdict_rules *rules, struct verdict *v)
{
    const struct run_record *ra[32], *rb[32];
    struct judge_side sides[SIDES] = { { ra, na }, { rb, nb } };
    static const struct verdict_rules none = { 0 };
    struct pairs pairs;

    for (int i = 0; i < na; i++)
        ra[i] = &a[i]->record;
    for (int i = 0; i < nb; i++)
        rb[i] = &b[i]->record;
    CHECK_EQ(pairs_make(sides, &pairs, NULL), 0);
    CHECK_EQ(verdict_judge(&pairs, rules ? rules : &none, v, NULL), 0);
    return pairs;
}

/* n sessions of one run a side in the order of `compare --ab`, B `factor` times the value. */
static struct pairs interleave(struct session *store, int n, double factor, struct verdict *v)
{
    struct session *a[32], *b[32];

    for (int i = 0; i < n; i++) {
        double start = 10.0 * i, noise = 1 + 0.004 * ((i * 5) % 7 - 3);

        a[i] = &store[2 * i];
        b[i] = &store[2 * i + 1];
        session_make(a[i], 1, 100 * noise, start + (i % 2 ? 5 : 0));
        session_make(b[i], 1, 100 * factor * (2 - noise), start + (i % 2 ? 0 : 5));
    }
    return judge(a, n, b, n, NULL, v);
}

static struct session many[2 * 32];

static void words_follow_the_direction(void)
{
    struct verdict v[ROWS];
    struct verdict_counts c;
    struct pairs p = interleave(many, 20, 1.10, v);

    CHECK_EQ(p.n, ROWS);
    CHECK(p.p[0].interleaved);
    CHECK_EQ(v[0].word, VERDICT_SLOWER); /* a time grew by 10 % */
    CHECK_EQ(v[1].word, VERDICT_FASTER); /* and so did a rate */
    CHECK_NEAR(v[0].change, log(1.10), 0.005);
    CHECK_NEAR(v[1].change, -log(1.10), 0.005);
    CHECK_NEAR(verdict_percent(v[0].change, LOWER_IS_BETTER), 10, 0.5);
    CHECK_NEAR(verdict_percent(v[1].change, HIGHER_IS_BETTER), 10, 0.5);
    CHECK(v[0].lo > v[0].band && v[0].change > v[0].detectable);
    CHECK(v[0].reliable > v[0].detectable);
    CHECK(v[0].p <= VERDICT_ERROR);
    CHECK(v[0].level == LEVEL_WARN || v[0].level == LEVEL_FAIL);
    CHECK(strstr(v[0].reason, "beyond") != NULL);
    c = verdict_count(v, ROWS);
    CHECK_EQ(c.slower, 2);
    CHECK_EQ(c.faster, 1);
    CHECK_EQ(verdict_compare_code(&c), 2);
    pairs_release(&p);
}

static void equal_builds_are_the_same(void)
{
    struct verdict v[ROWS];
    struct verdict_counts c;
    struct pairs p = interleave(many, 20, 1, v);

    for (int i = 0; i < ROWS; i++) {
        CHECK_EQ(v[i].word, VERDICT_SAME);
        CHECK_EQ(v[i].level, LEVEL_NONE);
    }
    c = verdict_count(v, ROWS);
    CHECK_EQ(verdict_compare_code(&c), 0);
    CHECK_EQ(verdict_gate_code(&c), 0);
    CHECK(!verdict_wants_more(v, ROWS));
    pairs_release(&p);
}

static void few_pairs_want_more(void)
{
    struct verdict v[ROWS];
    struct pairs p = interleave(many, 5, 1.5, v);

    CHECK_EQ(v[0].word, VERDICT_UNCLEAR);
    CHECK_EQ(v[0].lean, VERDICT_SLOWER);
    CHECK(strstr(v[0].reason, "the first look needs 6") != NULL);
    CHECK(verdict_wants_more(v, ROWS));
    pairs_release(&p);
    /* Three rows share the error: 6 pairs cannot call a change among them, 20 can. */
    p = interleave(many, 6, 1.5, v);
    CHECK_EQ(v[0].word, VERDICT_UNCLEAR);
    CHECK(isnan(v[0].detectable));
    CHECK(verdict_wants_more(v, ROWS));
    pairs_release(&p);
}

/* Five sessions of history and three new runs judge; fewer do not. */
static void stored_runs_need_sessions(void)
{
    struct session *a[SESSIONS], *b[1] = { &many[SESSIONS] };
    struct verdict v[ROWS];
    struct pairs p;

    for (int i = 0; i < SESSIONS; i++) {
        a[i] = &many[i];
        session_make(a[i], 3, 100 * (1 + 0.003 * (i % 3 - 1)), 100.0 * i);
    }
    session_make(b[0], 3, 130, 5000);
    p = judge(a, SESSIONS, b, 1, NULL, v);
    CHECK(!p.p[0].interleaved);
    CHECK_EQ(v[0].word, VERDICT_SLOWER);
    CHECK_EQ(v[0].level, LEVEL_FAIL);
    CHECK_EQ(v[0].sessions[SIDE_A], SESSIONS);
    CHECK_NEAR(v[0].change, log(1.3), 0.01);
    pairs_release(&p);
    p = judge(a, 4, b, 1, NULL, v);
    CHECK_EQ(v[0].word, VERDICT_UNCLEAR);
    CHECK_EQ(v[0].lean, VERDICT_SLOWER);
    CHECK(strstr(v[0].reason, "5 sessions") != NULL);
    CHECK(!verdict_wants_more(v, ROWS) || v[0].n[SIDE_B] < 20);
    pairs_release(&p);
    session_make(b[0], 1, 130, 5000);
    p = judge(a, SESSIONS, b, 1, NULL, v);
    CHECK_EQ(v[0].word, VERDICT_UNCLEAR);
    CHECK(strstr(v[0].reason, "spike") != NULL);
    pairs_release(&p);
}

static void clocks_that_differ_make_it_unclear(void)
{
    struct session *a[20], *b[20];
    struct verdict v[ROWS];
    struct pairs p = interleave(many, 20, 1.2, v);

    pairs_release(&p);
    for (int i = 0; i < 20; i++) {
        a[i] = &many[2 * i];
        b[i] = &many[2 * i + 1];
        b[i]->runs[0][0].clock_hz_median = 2.5e9; /* 1.2 times slower: it explains all */
        b[i]->runs[2][0].throttled_fraction = 0.5;
        a[i]->runs[2][0].throttled_fraction = 0;
    }
    p = judge(a, 20, b, 20, NULL, v);
    CHECK_EQ(v[0].word, VERDICT_UNCLEAR);
    CHECK(v[0].clocks_differ);
    CHECK_EQ(v[0].lean, VERDICT_SLOWER);
    CHECK_NEAR(v[0].cycles, 0, 0.01);
    CHECK(strstr(v[0].reason, "clocks differ: 3000 and 2500 MHz") != NULL);
    CHECK_EQ(v[1].word, VERDICT_FASTER);
    CHECK_EQ(v[2].word, VERDICT_UNCLEAR);
    CHECK(strstr(v[2].reason, "throttled 0 and 50 %") != NULL);
    CHECK(!verdict_wants_more(v, 1));
    pairs_release(&p);
}

static void rows_without_a_partner(void)
{
    struct session *a[1] = { &many[0] }, *b[1] = { &many[1] };
    struct verdict v[2 * ROWS];
    struct verdict_counts c;
    struct pairs p;

    session_make(a[0], 3, 100, 0);
    session_make(b[0], 3, 100, 50);
    snprintf(b[0]->rows[0].params.p[0].text, AXIS_TEXT, "8KiB");
    b[0]->rows[1].status = RESULT_FAILED;
    snprintf(b[0]->rows[1].reason, sizeof(b[0]->rows[1].reason), "wrong output");
    snprintf(b[0]->rows[2].unit, sizeof(b[0]->rows[2].unit), "us");
    p = judge(a, 1, b, 1, NULL, v);
    CHECK_EQ(p.n, 4);
    CHECK_EQ(v[0].gap, GAP_ONLY_B);
    CHECK_EQ(v[1].gap, GAP_INVALID);
    CHECK(strstr(v[1].reason, "wrong output") != NULL);
    CHECK_EQ(v[2].gap, GAP_UNITS);
    CHECK_EQ(v[3].gap, GAP_ONLY_A);
    c = verdict_count(v, p.n);
    CHECK_EQ(verdict_compare_code(&c), 4);
    CHECK_EQ(verdict_gate_code(&c), 4);
    c.invalid = 0;
    CHECK_EQ(verdict_gate_code(&c), 3);
    pairs_release(&p);
}

/* A promise below what the machine's noise allows is refused; a change within it passes. */
static void promises_are_kept_or_refused(void)
{
    struct noise_row row = {
        .name = "sim.time", .device = "cpu", .metric = "m", .settings = "size=4KiB", .spread = 0.08
    };
    struct noise noise = { .rows = &row, .n_rows = 1 };
    static struct promises promises = {
        .rule = { { .name = "sim.*", .warn_pct = 10, .fail_pct = 20 },
                  { .name = "sim.other", .warn_pct = 30, .fail_pct = 50 } },
        .n = 2
    };
    struct verdict_rules rules = { .noise = &noise, .promises = &promises };
    struct session *a[20], *b[20];
    struct verdict v[ROWS];
    struct verdict_counts c;
    struct pairs p = interleave(many, 20, 1.1, v);

    pairs_release(&p);
    for (int i = 0; i < 20; i++) {
        a[i] = &many[2 * i];
        b[i] = &many[2 * i + 1];
    }
    p = judge(a, 20, b, 20, &rules, v);
    CHECK(v[0].refused);
    CHECK(v[0].keepable_pct > 10);
    CHECK_NEAR(v[0].band, log(1.05), 1e-12); /* never above 5 % */
    CHECK(!v[2].refused);
    CHECK_EQ(v[2].word, VERDICT_SLOWER);
    CHECK_EQ(v[2].level, LEVEL_NONE); /* 10 % is below half of 30 % */
    CHECK_STR(v[2].promise.source, "rule 2: sim.other");
    c = verdict_count(v, ROWS);
    CHECK_EQ(verdict_gate_code(&c), 2);
    pairs_release(&p);
    CHECK_NEAR(promise_line(10), log(1.1) / 2, 1e-12);
    CHECK(promise_smallest(0.03, 0.03, 20) < 10 && promise_smallest(0.06, 0.06, 20) > 10);
}

static void noise_by_row(void)
{
    static const double values[6] = { 100, 101, 99, 100.5, 99.5, 130 };
    struct result r = { .name = "x", .device = "cpu", .metric = "m" };
    struct noise n = { 0 };

    CHECK(isnan(noise_spread(values, 2)));
    CHECK_NEAR(noise_spread(values, 5), 0.0074, 0.0005); /* 1.4826 x 0.5 % */
    CHECK(noise_spread(values, 6) > 0.04);               /* one of six is more than a tenth */
    CHECK(isnan(noise_of(NULL, &r)));
    CHECK_NEAR(noise_band(NULL, &r), log(1.01), 1e-12);
    CHECK_EQ(noise_put(&n, &r, 0.02, 6, NULL), 0);
    CHECK_EQ(noise_put(&n, &r, 0.03, 6, NULL), 0);
    CHECK_EQ(n.n_rows, 1);
    CHECK_NEAR(noise_of(&n, &r), 0.03, 0);
    snprintf(r.name, sizeof(r.name), "y");
    CHECK(isnan(noise_of(&n, &r))); /* one row is not the machine */
    for (int i = 0; i < 4; i++) {
        snprintf(r.device, sizeof(r.device), "gpu:%d", i);
        CHECK_EQ(noise_put(&n, &r, 0.02, 6, NULL), 0);
    }
    snprintf(r.name, sizeof(r.name), "z");
    CHECK_NEAR(noise_of(&n, &r), 0.02, 0); /* five are: the upper quartile */
    noise_release(&n);
}

/* Memory that runs out at any point is an error, not a verdict. */
static void without_memory(void)
{
    struct verdict v[ROWS];
    struct session *a[6], *b[6];
    struct pairs p = interleave(many, 6, 1.1, v);
    const struct run_record *ra[6], *rb[6];
    struct judge_side sides[SIDES] = { { ra, 6 }, { rb, 6 } };
    static const struct verdict_rules none = { 0 };

    pairs_release(&p);
    for (int i = 0; i < 6; i++) {
        a[i] = &many[2 * i];
        b[i] = &many[2 * i + 1];
        ra[i] = &a[i]->record;
        rb[i] = &b[i]->record;
    }
    for (uint64_t n = 1; n < 40; n++) {
        int rc;

        mem_fail_at(n);
        rc = pairs_make(sides, &p, NULL);
        mem_fail_at(0);
        CHECK(rc == 0 || rc == ERR_NOMEM);
        if (rc == 0)
            pairs_release(&p);
    }
    CHECK_EQ(pairs_make(sides, &p, NULL), 0);
    for (uint64_t n = 1; n < 20; n++) {
        int rc;

        mem_fail_at(n);
        rc = verdict_judge(&p, &none, v, NULL);
        mem_fail_at(0);
        CHECK(rc == 0 || rc == ERR_NOMEM);
    }
    pairs_release(&p);
    sides[0].n = 0;
    CHECK_EQ(pairs_make(sides, &p, NULL), ERR_ARG);
}

int main(void)
{
    words_follow_the_direction();
    equal_builds_are_the_same();
    few_pairs_want_more();
    stored_runs_need_sessions();
    clocks_that_differ_make_it_unclear();
    rows_without_a_partner();
    promises_are_kept_or_refused();
    noise_by_row();
    without_memory();
    TEST_DONE();
}
