/* What differs between two runs, in which order rows are shown, and how a comparison is printed. */
#include "report/verdict_markdown.h"
#include "report/verdict_table.h"

#include "core/mem.h"
#include "fixture_record.h"
#include "judge/relabel.h"
#include "simulated_runs.h"
#include "test.h"

static const char *difference(const struct manifest *m, const char *what)
{
    for (int i = 0; i < m->n; i++)
        if (strcmp(m->change[i].what, what) == 0)
            return m->change[i].b;
    return "";
}

static void what_differs(void)
{
    struct run_record a, b;
    struct manifest m;
    char *argv[] = { (char[]){ "headroom" }, (char[]){ "run" },    (char[]){ "quick" },
                     (char[]){ "-o" },       (char[]){ "x.json" }, (char[]){ "--seconds" },
                     (char[]){ "1" } };

    fixture_record(&a);
    fixture_record(&b);
    manifest_compare(&a, &b, &m);
    CHECK_EQ(m.n, 0);
    CHECK(m.same_machine);
    facts_text(&b.machine, "cuda.driver", "14.0");
    facts_text(&b.machine, "os.kernel", "7.0");
    facts_text(&b.machine, "os.uptime_s", "12");
    facts_int(&b.machine, "memory.available_bytes", 5);
    facts_text(&b.build, "compiler", "gcc 13");
    b.seed = 7;
    snprintf(b.results[0].variant, sizeof(b.results[0].variant), "another path");
    manifest_compare(&a, &b, &m);
    CHECK_STR(m.change[0].what, "cuda.driver"); /* the most telling first */
    CHECK_STR(m.change[0].a, "none");
    CHECK_STR(difference(&m, "os.kernel"), "7.0");
    CHECK_STR(difference(&m, "build.compiler"), "gcc 13");
    CHECK_STR(difference(&m, "seed"), "7");
    CHECK_STR(difference(&m, "os.uptime_s"), "");
    CHECK_STR(difference(&m, "memory.available_bytes"), "");
    CHECK(m.same_machine);
    CHECK(strstr(m.change[m.n - 1].what, "variant of") != NULL);
    for (int i = 0; i < b.argc; i++)
        mem_free(b.argv[i]);
    mem_free(b.argv);
    b.argv = argv;
    b.argc = 7;
    facts_text(&b.machine, "cpu.model", "Another CPU");
    manifest_compare(&a, &b, &m);
    CHECK_STR(difference(&m, "arguments"), "quick --seconds 1"); /* not where it is written to */
    CHECK(!m.same_machine);
    b.argv = NULL;
    b.argc = 0;
    run_record_release(&a);
    run_record_release(&b);
}

/* Verdicts as they may come, made by hand: invalid first, then what is gone, what is new last. */
enum { KINDS = 9 };

static void order_of_rows(void)
{
    static struct result rows[2][KINDS];
    static struct result_run runs[2][KINDS];
    struct run_record a = { .results = rows[0], .n_results = KINDS };
    struct run_record b = { .results = rows[1], .n_results = KINDS };
    const struct run_record *pa = &a, *pb = &b;
    const struct judge_side sides[SIDES] = { { &pa, 1 }, { &pb, 1 } };
    const char *const label[SIDES] = { "old", "new" };
    const struct verdict_rules rules = { 0 };
    struct comparison c;
    struct terminal_style style = { .columns = 80 };
    char *text = NULL;
    size_t n;
    FILE *f;

    for (int s = 0; s < 2; s++)
        for (int i = 0; i < KINDS; i++) {
            fixture_row(&rows[s][i], "x.y", "latency", "ns", LOWER_IS_BETTER);
            snprintf(rows[s][i].axis_name[0], sizeof(rows[s][i].axis_name[0]), "row");
            snprintf(rows[s][i].params.p[0].text, AXIS_TEXT, "%d", i);
            rows[s][i].params.n = 1;
            rows[s][i].status = RESULT_OK;
            runs[s][i] = (struct result_run){
                .value = 100, .start_unix_s = NAN, .clock_hz_median = NAN, .throttled_fraction = NAN
            };
            rows[s][i].runs = &runs[s][i];
            rows[s][i].n_runs = 1;
        }
    rows[1][4].status = RESULT_INVALID;
    snprintf(rows[1][4].reason, sizeof(rows[1][4].reason), "above its | limit");
    rows[1][7].status = RESULT_SKIPPED;
    rows[0][2].status = RESULT_FAILED;
    CHECK_EQ(comparison_make(sides, label, &rules, false, &c, NULL), 0);
    CHECK_EQ(c.pairs.n, KINDS);
    CHECK_EQ(c.order[0], 4);
    CHECK_EQ(c.order[1], 7);
    CHECK_EQ(c.order[KINDS - 1], 2);
    CHECK_EQ(c.counts.invalid, 1);
    CHECK_EQ(c.counts.gone, 1);
    CHECK_EQ(c.counts.added, 1);
    f = open_memstream(&text, &n);
    verdict_markdown(f, &c, "invalid measurement");
    verdict_table_header(f, &c, &style);
    verdict_table_rows(f, &c, &style);
    fclose(f);
    CHECK(strstr(text, "## headroom: invalid measurement") != NULL);
    CHECK(strstr(text, "above its \\| limit") != NULL); /* no cell is broken */
    CHECK(strstr(text, "| **INVALID** |") < strstr(text, "| gone |"));
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "|", 1) != 0 && strncmp(line, "Rule", 4) != 0)
            CHECK(strcspn(line, "\n") <= 80);
        if (!*line)
            break;
    }
    free(text);
    comparison_release(&c);
}

/* Relabelled runs of one program: the share of alarms is that of the noise, and a side that is
 * really slower shows once it is not one program. */
static void relabelled_runs(void)
{
    static struct sim_comparison sim;
    struct sim_machine m = { .noise = SIM_WHITE, .spread = 0.02 };
    const struct verdict_rules rules = { 0 };
    struct relabel_tally t;
    struct pairs pairs = { .p = &sim.pair, .n = 1 };
    struct rng r;

    rng_init(&r, 8, 0);
    sim_fill(&sim, &m, 1, 3, &r);
    sim_look(&sim, SIM_PAIRS);
    CHECK_EQ(relabel(&pairs, &rules, 300, 5, &t, NULL), 0);
    CHECK_EQ(t.comparisons, 300);
    CHECK(t.alarms <= 3);
    sim_look(&sim, 5); /* too few pairs to call anything: nothing was compared */
    CHECK_EQ(relabel(&pairs, &rules, 300, 5, &t, NULL), 0);
    CHECK_EQ(t.comparisons, 0);
}

int main(void)
{
    what_differs();
    order_of_rows();
    relabelled_runs();
    TEST_DONE();
}
