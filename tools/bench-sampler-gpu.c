/* bench-sampler-gpu.c - what the telemetry costs a GPU row: a table for people, no test.
 *
 * One row through the worker, as every row goes, with the background sampler and without it, in
 * pairs of random order.  The ratio of a pair is time of a repetition with / without; shown are the
 * median of the ratios with its 95 % interval.  "samples" compares the median time of the kept
 * samples; "wall" compares repetitions a second of wall clock over the kept part, in which
 * readings between samples count too.
 *
 *   ninja -C build bench-sampler-gpu && build/bench-sampler-gpu NAME SETTINGS [PAIRS] [SECONDS] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/platform.h"
#include "core/device.h"
#include "core/library.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/rng.h"
#include "core/stats.h"
#include "core/worker.h"
#include "host/cpuwait.h"
#include "host/sampler.h"

enum { PAIRS_MAX = 1001 };

static const struct worker_services silent = { .cpu_now = cpuwait_now };

struct took {
    double sample_ns, wall_ns; /* of a repetition */
};

/* In a worker of its own: its sampler ends with it. */
static int measure(const struct worker_options *o, const struct bench *b, const struct device *d,
                   const struct params *p, double seconds, struct took *out, struct err *e)
{
    struct result r = { 0 };
    const struct sampling_result *s;
    struct worker *w = NULL;
    int rc = worker_open(&w, o, e);

    if (rc < 0)
        return rc;
    rc = worker_case(w, b, d, p, seconds, &r);
    if (rc < 0 || r.status != RESULT_OK) {
        rc = ERR(e, rc < 0 ? rc : ERR_NOTSUP, "%s", r.reason);
    } else {
        s = &r.runs[0].sampling;
        out->sample_ns = s->summary.median;
        out->wall_ns = 1e9 * s->wall_s / ((double)s->n * (double)s->reps);
    }
    result_release(&r);
    worker_close(w);
    return rc;
}

static void show(const char *what, const double *ratio, int pairs)
{
    struct stats_interval ci;
    enum stats_method method;
    struct err e = { 0 };
    double median;

    if (stats_median_interval(ratio, (size_t)pairs, &median, &ci, &method, &e) < 0)
        fprintf(stderr, "%s\n", e.msg);
    else
        printf("  %-8s with / without %.4f [%.4f, %.4f]\n", what, median, ci.lo, ci.hi);
}

static int compare(const char *name, const char *settings, int pairs, double seconds)
{
    static double sample[PAIRS_MAX], wall[PAIRS_MAX];
    static struct device devices[DEVICES_MAX];
    char why[128];
    int n = device_list(platform_devices, devices, why, sizeof(why)), rc = 0;
    const struct device *d = device_find(devices, n, "gpu:0");
    const struct bench *b = registry_find(name);
    struct ceilings ceilings = { 0 };
    struct worker_options o = { .seed = 1, .dir = ".", .target = 1e-9, .ceilings = &ceilings };
    struct params p;
    struct rng r;
    struct err e = { 0 };

    if (!d || !b) {
        fprintf(stderr, "%s\n", !d ? why : "no such benchmark");
        return 77;
    }
    rng_init(&r, 1, 0);
    TRY(plan_point(b, settings, &p, &e));
    for (int i = -1; i < pairs; i++) { /* the first is not kept */
        struct took took[2] = { { 0 } };
        int first = rng_uniform(&r) < 0.5, k = i < 0 ? 0 : i;

        for (int turn = 0; turn < 2; turn++) {
            int with = turn == 0 ? first : !first;

            o.services = with ? &platform_services : &silent;
            TRY(measure(&o, b, d, &p, seconds, &took[with], &e));
        }
        sample[k] = took[1].sample_ns / took[0].sample_ns;
        wall[k] = took[1].wall_ns / took[0].wall_ns;
    }
    printf("%s %s, %d pairs of 2 x %.1f s (bar: 1 %%)\n", name, settings, pairs, seconds);
    show("samples", sample, pairs);
    show("wall", wall, pairs);
out:
    if (rc < 0)
        fprintf(stderr, "%s\n", e.msg);
    ceilings_release(&ceilings);
    return rc < 0;
}

int main(int argc, char **argv)
{
    int pairs = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 15;
    double seconds = argc > 4 ? strtod(argv[4], NULL) : 1;

    if (argc < 3 || pairs < 6 || pairs > PAIRS_MAX || !(seconds > 0)) {
        fprintf(stderr, "bench-sampler-gpu NAME SETTINGS [PAIRS, 6 to %d] [SECONDS]\n", PAIRS_MAX);
        return 64;
    }
    return compare(argv[1], argv[2], pairs, seconds);
}
