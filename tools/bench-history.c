/* bench-history.c - a history as large as a fleet makes it in years, and how long it takes to ask it.
 *
 *   bench-history [RESULTS [SAMPLES [FILE]]]    100000, 30, a file that is removed
 *
 * Runs of 50 rows with seeded samples are stored one by one; what is printed is the file's size, and
 * for each question the median and the largest of nine answers, by the clock and in CPU time (on a
 * machine that others use too, the second says more). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/history_steps.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/stats.h"
#include "store/history_baseline.h"
#include "store/run_json.h"
#include "store/text_buffer.h"

enum { ROWS = 50, ANSWERS = 9, TELEMETRY = 3 };

static void stop(const char *what, const struct err *e)
{
    fprintf(stderr, "bench-history: %s: %s\n", what, e->msg);
    exit(1);
}

/* Times around `middle` with 2 % of noise, as a worker would give them. */
static void make_samples(struct sampling_result *s, size_t n, double middle, struct rng *rng)
{
    s->ns = mem_calloc(n, sizeof(double));
    s->start_s = mem_calloc(n, sizeof(double));
    s->n = s->cap = n;
    for (size_t i = 0; i < n; i++) {
        s->ns[i] = middle * (1 + 0.02 * rng_normal(rng));
        s->start_s[i] = (double)i * middle * 1.03e-9;
    }
    s->reps = 16;
    s->warmup_samples = 4;
    s->warmup_s = 0.05;
    s->wall_s = s->sampled_s = 0.9;
    s->drift_pct = NAN;
    if (stats_summarise(s->ns, n, &s->summary, NULL) != 0)
        stop("statistics", &(struct err){ 0 });
}

static void make_telemetry(struct result_run *run, struct rng *rng)
{
    static const char *const names[TELEMETRY] = { "cpu_temperature", "package_power", "cpu_clock" };

    run->telemetry = mem_calloc(TELEMETRY, sizeof(*run->telemetry));
    run->n_telemetry = TELEMETRY;
    for (int i = 0; i < TELEMETRY; i++) {
        struct series *s = &run->telemetry[i];

        snprintf(s->name, sizeof(s->name), "%s", names[i]);
        snprintf(s->unit, sizeof(s->unit), "u");
        s->n = 9;
        s->t_s = mem_calloc(s->n, sizeof(double));
        s->value = mem_calloc(s->n, sizeof(double));
        for (size_t k = 0; k < s->n; k++) {
            s->t_s[k] = 0.1 * (double)k + 0.001 * rng_uniform(rng);
            s->value[k] = 50 + rng_normal(rng);
        }
    }
}

static void make_row(struct result *r, int row, size_t samples, struct rng *rng)
{
    const double work = 1e9;
    struct result_run *run;

    *r = (struct result){ .direction = HIGHER_IS_BETTER, .floor_ns = 21.5, .seconds = 1 };
    snprintf(r->name, sizeof(r->name), "silicon.%s", row % 2 ? "memory" : "compute");
    snprintf(r->axis_name[0], sizeof(r->axis_name[0]), "point");
    snprintf(r->params.p[0].text, sizeof(r->params.p[0].text), "%d", row);
    r->params.n = 1;
    snprintf(r->device, sizeof(r->device), "cpu");
    snprintf(r->metric, sizeof(r->metric), "bandwidth");
    snprintf(r->unit, sizeof(r->unit), "GB/s");
    snprintf(r->variant, sizeof(r->variant), "avx512, 16 threads");
    snprintf(r->timing_mode, sizeof(r->timing_mode), "wall");
    snprintf(r->inputs, sizeof(r->inputs), "uniform, seed 1");
    r->expected.lo = r->expected.hi = NAN;
    r->work.bytes[WORK_DRAM] = work;
    limit_paper(&r->limits, 307.2, "8 channels x 8 B x 4.8 GT/s");
    r->check = (struct check){ .done = true, .passed_before = true, .passed_after = true };
    r->runs = run = mem_calloc(1, sizeof(*run));
    r->n_runs = 1;
    make_samples(&run->sampling, samples, 5e6 * (1 + 0.1 * row), rng);
    make_telemetry(run, rng);
    run->start_unix_s = 1.8e9;
    run->value = work / run->sampling.summary.median;
    run->value_lo = work / run->sampling.summary.median_ci.hi;
    run->value_hi = work / run->sampling.summary.median_ci.lo;
    run->clock_hz_median = run->clock_hz_min = run->clock_hz_max = NAN;
    run->energy_j = run->idle_w = run->context_switches = run->page_faults = NAN;
    limits_bind(&r->limits, r->direction);
    result_settle(r);
}

static void make_facts(struct run_record *r, int number)
{
    char key[32];

    facts_text(&r->machine, "cpu.model", "Example CPU 9000");
    facts_int(&r->machine, "cpu.threads", 16);
    for (int i = 0; i < 60; i++) {
        snprintf(key, sizeof(key), "os.setting_%d", i);
        facts_text(&r->machine, key, "as it was when the machine was installed");
    }
    facts_real(&r->machine, "busy.load_1m", 0.01 * (number % 400));
    facts_text(&r->build, "git.commit", "2ba0265422a718717ed3d58c16a7b28b13a39760");
}

static void make_run(struct run_record *r, int number, size_t samples, struct rng *rng)
{
    *r = (struct run_record){ .seed = 1, .status = RUN_COMPLETE };
    snprintf(r->id, sizeof(r->id), "20260101T%06dZ-%08x", number % 1000000, (unsigned)number);
    snprintf(r->start, sizeof(r->start), "20%02d-%02d-%02dT%02d:%02d:00.000Z", 26 + number / 20160,
             1 + number / 1680 % 12, 1 + number / 60 % 28, number / 60 % 24, number % 60);
    snprintf(r->end, sizeof(r->end), "%s", r->start);
    snprintf(r->suite, sizeof(r->suite), "standard");
    make_facts(r, number);
    r->results = mem_calloc(ROWS, sizeof(*r->results));
    r->n_results = ROWS;
    for (int i = 0; i < ROWS; i++)
        make_row(&r->results[i], i, samples, rng);
}

static void store_run(struct history *h, int number, size_t samples, struct rng *rng)
{
    struct text_buffer b = { 0 };
    struct run_record r;
    struct history_run run;
    struct err e = { 0 };
    bool known;

    make_run(&r, number, samples, rng);
    if (text_buffer_open(&b, &e) < 0 || run_json_print(&r, b.f, &e) < 0 ||
        text_buffer_close(&b, &e) < 0 || history_put(h, b.text, b.n, &run, &known, &e) < 0)
        stop("store", &e);
    if (number == 0 && history_baseline_save(h, "first", run.seq, false, &e) < 0)
        stop("baseline", &e);
    text_buffer_release(&b);
    run_record_release(&r);
}

/* ---- questions: each opens the history as a command does ---- */

static int ask_all(struct history *h, struct err *e)
{
    struct history_steps steps = { 0 };
    struct history_view v = { 0 };
    int rc = 0;

    TRY(history_load(h, &(struct history_filter){ 0 }, &v, e));
    for (size_t i = 0; i < v.n_series; i++) {
        TRY(history_steps_find(&v.series[i], &steps, e));
        history_steps_release(&steps);
    }
out:
    history_view_release(&v);
    return rc;
}

static int ask_one(struct history *h, struct err *e)
{
    struct history_view v;
    int rc =
        history_load(h, &(struct history_filter){ .name = "silicon.memory", .last = 40 }, &v, e);

    history_view_release(&v);
    return rc;
}

static int ask_runs(struct history *h, struct err *e)
{
    struct history_view v;
    int rc = history_runs(h, &(struct history_filter){ 0 }, &v, e);

    history_view_release(&v);
    return rc;
}

/* What compare reads: a baseline and the latest run, with all their samples. */
static int ask_pair(struct history *h, struct err *e)
{
    struct history_baseline b;
    struct history_view v = { 0 };
    struct run_record r = { 0 };
    bool found;
    int rc = 0;

    TRY(history_baseline_get(h, "first", &b, &found, e));
    TRY(history_read(h, b.run.seq, &r, e));
    run_record_release(&r);
    TRY(history_runs(h, &(struct history_filter){ .last = 1 }, &v, e));
    TRY(history_read(h, v.runs[0].seq, &r, e));
out:
    run_record_release(&r);
    history_view_release(&v);
    return rc;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void time_question(const char *path, const char *what,
                          int (*ask)(struct history *h, struct err *e))
{
    double s[ANSWERS], cpu[ANSWERS];

    for (int i = 0; i < ANSWERS; i++) {
        uint64_t begun = clock_now_ns();
        double cpu_begun = cpu_seconds();
        struct err e = { 0 };
        struct history *h;

        if (history_open(&h, path, HISTORY_READ, &e) < 0 || ask(h, &e) < 0)
            stop(what, &e);
        history_close(h);
        s[i] = (double)(clock_now_ns() - begun) * 1e-9;
        cpu[i] = cpu_seconds() - cpu_begun;
    }
    qsort(s, ANSWERS, sizeof(*s), by_size);
    qsort(cpu, ANSWERS, sizeof(*cpu), by_size);
    printf("%-40s %6.3f s, at most %6.3f s; CPU %6.3f s, at most %6.3f s\n", what, s[ANSWERS / 2],
           s[ANSWERS - 1], cpu[ANSWERS / 2], cpu[ANSWERS - 1]);
}

int main(int argc, char **argv)
{
    int results = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 100000;
    int samples = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 30;
    const char *path = argc > 3 ? argv[3] : "bench-history.db";
    uint64_t begun = clock_now_ns();
    struct history *h;
    struct err e = { 0 };
    struct rng rng;
    struct stat st;

    rng_init(&rng, 1, 1);
    unlink(path);
    if (results < ROWS || samples < 1 || history_open(&h, path, HISTORY_WRITE, &e) < 0)
        stop(path, &e);
    for (int i = 0; i < results / ROWS; i++)
        store_run(h, i, (size_t)samples, &rng);
    history_close(h);
    stat(path, &st);
    printf("%d results of %d samples in %d runs: %.1f MB, %.0f bytes a result, stored in %.1f s\n",
           results / ROWS * ROWS, samples, results / ROWS, (double)st.st_size * 1e-6,
           (double)st.st_size / results, (double)(clock_now_ns() - begun) * 1e-9);
    time_question(path, "history: every row, with its steps", ask_all);
    time_question(path, "history NAME --last 40", ask_one);
    time_question(path, "history --runs", ask_runs);
    time_question(path, "compare: two runs with their samples", ask_pair);
    if (argc <= 3)
        unlink(path);
    return 0;
}
