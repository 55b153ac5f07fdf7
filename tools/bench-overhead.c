/* bench-overhead.c - what measuring costs: a table for people, no test.
 *
 * Harness: a row whose repetition does nothing, through the worker as every row goes, with the
 * telemetry, the clock probes and the signs of life of a real run.  Overhead is the time between
 * the timed windows over the time inside them, of the kept part of the row.  "bare" is the same
 * row without services: clock reads, statistics of the stopping rule and bookkeeping alone.
 *
 * Sampler: a fixed load on every core (multiply-adds in registers, then a walk through memory past
 * the caches), the telemetry thread on and off, in pairs of random order.  The ratio of a pair is
 * time with / time without; shown are the median of the ratios with its 95 % interval, and the
 * thread's own CPU time.  Core time is compared beside the wall clock: on a busy machine the
 * wall clock of two threads is mostly the neighbours'.  A load lasts SECONDS (0.25):
 * longer ones find the machine in other states within a pair, shorter ones count the thread's
 * beginning.  What narrows the interval is pairs.
 *
 *   ninja -C build bench-overhead && build/bench-overhead harness | sampler [PAIRS [SECONDS]] */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command/platform.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/stats.h"
#include "core/worker.h"
#include "host/cpu.h"
#include "host/sampler.h"

enum { ROUNDS = 7, PAIRS_MAX = 1001, LOAD_BYTES = 32 << 20, TURNS_FIRST = 16 };

/* ---- (a) the harness */

static int nothing(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    return 0;
}

static void no_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    (void)c;
    (void)state;
    w->items = 1;
}

static const struct bench empty = {
    .name = "empty",
    .question = "What does measuring cost?",
    .devices = DEVICE_CPU,
    .metric = { "time", "ns", METRIC_TIME_PER_ITEM, 1e9, LOWER_IS_BETTER },
    .setup = nothing,
    .verify = nothing,
    .once = nothing,
    .work = no_work,
};

/* As the worker's process tells its parent: a line down a pipe. */
static int tell(void *self, const char *phase, const struct sampling_progress *p)
{
    char line[160];
    int n = snprintf(line, sizeof(line), "%s %zu %g %g %g\n", phase, p ? p->n : 0,
                     p ? p->median_ns : 0, p ? p->half_width : 0, p ? p->elapsed_s : 0);

    return write(*(const int *)self, line, (size_t)n) < 0 ? ERR_IO : 0;
}

static void *drain(void *arg)
{
    char buf[4096];

    while (read(*(const int *)arg, buf, sizeof(buf)) > 0)
        ;
    return NULL;
}

/* Overhead in percent of one row; its samples' length and number. */
static double row_overhead(struct worker *w, double seconds, double *sample_ns, size_t *n)
{
    struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };
    struct params p = { 0 };
    struct result r;
    const struct sampling_result *s;
    double percent;

    if (worker_case(w, &empty, &cpu, &p, seconds, &r) < 0 || r.status != RESULT_OK) {
        fprintf(stderr, "%s\n", r.reason);
        exit(1);
    }
    s = &r.runs[0].sampling;
    percent = 100 * (s->wall_s - s->sampled_s) / s->sampled_s;
    *sample_ns = 1e9 * s->sampled_s / (double)s->n;
    *n = s->n;
    result_release(&r);
    return percent;
}

static int harness(void)
{
    static const double seconds[] = { 0.04, 0.1, 0.2, 0.4, 0.7, 1, 2, 4 };
    struct worker *full = NULL, *bare = NULL;
    struct worker_options o = { .seed = 1, .target = 0.005 };
    struct err e = { 0 };
    pthread_t reader;
    int ends[2], rc = 0;

    if (pipe(ends) < 0 || pthread_create(&reader, NULL, drain, &ends[0]) != 0)
        return -1;
    TRY(worker_open(&bare, &o, &e));
    o.services = &platform_services;
    o.progress = tell;
    o.progress_self = &ends[1];
    TRY(worker_open(&full, &o, &e));
    printf("Overhead of an empty row, %% of the sampled time (bar: 1 %%), medians of %d\n", ROUNDS);
    printf("%8s %12s %8s %10s %10s %10s\n", "budget s", "sample us", "samples", "median", "worst",
           "bare");
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        double with[ROUNDS], without[ROUNDS], length[ROUNDS], worst = 0, dummy;
        size_t n = 0, ignored;

        for (int k = 0; k < ROUNDS; k++) {
            with[k] = row_overhead(full, seconds[i], &length[k], &n);
            without[k] = row_overhead(bare, seconds[i], &dummy, &ignored);
            worst = fmax(worst, with[k]);
        }
        printf("%8.2f %12.0f %8zu %8.2f %% %8.2f %% %8.2f %%\n", seconds[i],
               stats_median(length, ROUNDS) * 1e-3, n, stats_median(with, ROUNDS), worst,
               stats_median(without, ROUNDS));
        fflush(stdout);
    }
out:
    if (rc < 0)
        fprintf(stderr, "%s\n", e.msg);
    worker_close(full);
    worker_close(bare);
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
    return rc;
}

/* ---- (b) the sampler */

struct loader {
    pthread_t id;
    int cpu;
    double *data; /* LOAD_BYTES */
    int turns;
    double sum, cpu_s;
};

static void *load_main(void *arg)
{
    struct loader *l = arg;
    const size_t n = LOAD_BYTES / sizeof(*l->data);
    struct timespec t;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)l->cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
    for (int turn = 0; turn < l->turns; turn++) {
        double a = 1, b = 1, c = 1, d = 1;

        for (int i = 0; i < 1000000; i++) {
            a = a * 0.999 + 1;
            b = b * 0.998 + 1;
            c = c * 0.997 + 1;
            d = d * 0.996 + 1;
        }
        l->sum += a + b + c + d;
        for (size_t i = 0; i < n; i++)
            l->data[i] += 1;
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    l->cpu_s = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    return NULL;
}

struct spent {
    double wall_s, core_s;
};

static struct spent load(struct loader *l, int n)
{
    uint64_t t0 = clock_now_ns();
    struct spent s = { 0 };

    for (int i = 0; i < n; i++)
        if (pthread_create(&l[i].id, NULL, load_main, &l[i]) != 0)
            exit(1);
    for (int i = 0; i < n; i++) {
        pthread_join(l[i].id, NULL);
        s.core_s += l[i].cpu_s;
    }
    s.wall_s = (double)(clock_now_ns() - t0) * 1e-9;
    return s;
}

static void show_ratio(const char *what, const double *ratio, int pairs)
{
    struct stats_interval ci;
    enum stats_method method;
    struct err e = { 0 };
    double median;

    if (stats_median_interval(ratio, (size_t)pairs, &median, &ci, &method, &e) < 0) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    printf("%-12s with / without %.4f [%.4f, %.4f]\n", what, median, ci.lo, ci.hi);
}

/* As many turns as take about so long, after a load that warmed everything up. */
static void choose_turns(struct loader *l, int n, double seconds)
{
    double turns;

    load(l, n);
    turns = TURNS_FIRST * seconds / load(l, n).wall_s;
    for (int i = 0; i < n; i++)
        l[i].turns = turns < 1 ? 1 : (int)turns;
}

static int sampler(int pairs, double seconds)
{
    static struct loader loaders[CPU_MAX];
    static double wall[PAIRS_MAX], core[PAIRS_MAX];
    const struct cpu_info *cpu = cpu_here();
    int n = cpu->n_cores, rc = 0;
    double cost = 0, length = 0, busy = 0;
    struct err e = { 0 };
    struct rng r;

    rng_init(&r, 1, 0);
    for (int i = 0; i < n; i++) {
        loaders[i] = (struct loader){ .cpu = cpu->cores[i],
                                      .data = mem_calloc(1, LOAD_BYTES),
                                      .turns = TURNS_FIRST };
        if (!loaders[i].data)
            return ERR(&e, ERR_NOMEM, "no memory for the load");
    }
    choose_turns(loaders, n, seconds);
    for (int i = 0; i < pairs; i++) {
        struct spent spent[2];
        int first = rng_uniform(&r) < 0.5;

        for (int turn = 0; turn < 2; turn++) {
            int with = turn == 0 ? first : !first;
            void *telemetry = NULL;

            if (with)
                TRY(sampler_open(&telemetry, &e));
            spent[with] = load(loaders, n);
            if (with)
                cost += sampler_cost(telemetry, NULL) / pairs;
            sampler_close(telemetry);
        }
        wall[i] = spent[1].wall_s / spent[0].wall_s;
        core[i] = spent[1].core_s / spent[0].core_s;
        length += spent[0].wall_s / pairs;
        busy += (1 - spent[0].core_s / (spent[0].wall_s * n)) / pairs;
    }
    printf(
        "Telemetry thread beside a load on %d cores, %d pairs of 2 x %.2f s (bar: 1 %%); others "
        "take %.0f %% of the cores\n",
        n, pairs, length, 100 * busy);
    show_ratio("wall clock", wall, pairs);
    show_ratio("core time", core, pairs);
    printf("%-12s %.3f %% of one CPU\n", "its thread", 100 * cost);
out:
    if (rc < 0)
        fprintf(stderr, "%s\n", e.msg);
    for (int i = 0; i < n; i++)
        mem_free(loaders[i].data);
    return rc;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int pairs = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 101;
    double seconds = argc > 3 ? strtod(argv[3], NULL) : 0.25;

    if (strcmp(what, "harness") == 0)
        return harness() < 0;
    if (strcmp(what, "sampler") != 0 || pairs < 6 || pairs > PAIRS_MAX ||
        !(seconds >= 0.05 && seconds <= 60)) {
        fprintf(stderr, "harness | sampler [6 .. %d pairs [loads of 0.05 .. 60 s]]\n", PAIRS_MAX);
        return 64;
    }
    return sampler(pairs, seconds) < 0;
}
