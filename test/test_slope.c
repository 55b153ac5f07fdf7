/* The slope of a benchmark's rows against an axis: the line's, with an interval that has it. */
#include "core/slope.h"

#include "core/bench.h"
#include "core/mem.h"
#include "core/registry.h"
#include "test.h"

static const struct bench sloping = { .name = "models.sloping",
                                      .slope_axis = "context",
                                      .metric = { .basis = METRIC_ITEMS_PER_S, .scale = 1 } };
const struct bench *const bench_table[] = { &sloping, NULL };

enum { ROWS = 4, RUNS = 3 };

/* 5 ms a token and 40 ns more for each position, but for `noise` (relative) that differs by run. */
static void make(struct result *rows, struct result_run (*runs)[RUNS], double noise)
{
    static const char *const contexts[ROWS] = { "0", "512", "1024", "4096" };

    for (int i = 0; i < ROWS; i++) {
        struct result *r = &rows[i];
        double ns = 5e6 + 40 * strtod(contexts[i], NULL);

        *r = (struct result){ .status = RESULT_OK, .runs = runs[i], .n_runs = RUNS };
        snprintf(r->name, sizeof(r->name), "models.sloping");
        snprintf(r->device, sizeof(r->device), "cpu");
        snprintf(r->metric, sizeof(r->metric), "throughput");
        r->params.n = 2;
        snprintf(r->axis_name[0], sizeof(r->axis_name[0]), "model");
        snprintf(r->params.p[0].text, sizeof(r->params.p[0].text), "m");
        snprintf(r->axis_name[1], sizeof(r->axis_name[1]), "context");
        snprintf(r->params.p[1].text, sizeof(r->params.p[1].text), "%s", contexts[i]);
        for (int k = 0; k < RUNS; k++)
            runs[i][k] =
                (struct result_run){ .value = 1e9 / (ns * (1 + noise * (((i + 2 * k) % 3) - 1))) };
    }
}

static double of(const struct result *r, const char *name)
{
    const struct result_property *p = result_find(r, name);

    return p ? p->value : (double)NAN;
}

int main(void)
{
    struct result_run runs[ROWS][RUNS];
    struct result rows[ROWS];

    make(rows, runs, 0);
    slope_judge(rows, ROWS);
    CHECK_NEAR(of(&rows[3], "slope"), 40, 1e-6);
    CHECK_NEAR(of(&rows[3], "slope_hi") - of(&rows[3], "slope_lo"), 0, 1e-6);
    CHECK(rows[0].n_properties == 0 && rows[2].n_properties == 0);
    CHECK_STR(rows[3].notes[0],
              "1,000 more of context cost 40 us (40 to 40; a line through 4 rows)");

    make(rows, runs, 0.002);
    slope_judge(rows, ROWS);
    CHECK(of(&rows[3], "slope_lo") < 40 && 40 < of(&rows[3], "slope_hi"));
    CHECK(of(&rows[3], "slope_hi") - of(&rows[3], "slope_lo") > 1);

    make(rows, runs, 0);
    rows[1].status = RESULT_FAILED; /* three are enough */
    slope_judge(rows, ROWS);
    CHECK_NEAR(of(&rows[3], "slope"), 40, 1e-6);
    make(rows, runs, 0);
    snprintf(rows[2].params.p[0].text, sizeof(rows[2].params.p[0].text), "another");
    rows[1].status = RESULT_SKIPPED; /* two are not, nor is another model's one of them */
    slope_judge(rows, ROWS);
    CHECK(rows[3].n_properties == 0);
    make(rows, runs, 0);
    for (int i = 0; i < ROWS; i++)
        rows[i].n_runs = 1; /* no interval without a second run */
    slope_judge(rows, ROWS);
    CHECK(rows[3].n_properties == 0);
    TEST_DONE();
}
