/* sampling.h - how often a thing is repeated: warm-up until flat, then until the interval is
 * narrow enough or the budget ends, and why it stopped.
 *
 * The driver knows nothing of benchmarks: it asks its ops for samples and for the time, so a test
 * runs it against a fake clock.
 *
 * Invariants: 1. no sample is dropped; 2. warm-up samples are counted, not kept; 3. the budget
 * includes the warm-up and ends the loop whatever the samples do; 4. reps is fixed before the
 * first kept sample. */
#ifndef CORE_SAMPLING_H
#define CORE_SAMPLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stats.h"

/* Narrow alone does not end the loop: a quarter of the budget and 0.25 s must have passed, the
 * thirds of the run must agree, and the samples must be worth min_samples independent ones; else
 * the whole budget is used. */
enum sampling_stop {
    SAMPLING_CONVERGED, /* half-width of the 95 % interval / median <= target */
    SAMPLING_BUDGET,    /* time is up (or max_samples reached): the interval says how good it is */
    SAMPLING_UNSTABLE   /* The interval is not to be believed, `why` says which it is:
                         * a trend (1 % level) of more than 2 % and 2 half widths over the run;
                         * a level shift: medians of thirds of the run more than 2 %, and 4.12
                         * standard errors, apart (studentised range, 1 %);
                         * a machine that wanders: samples worth fewer than min_samples;
                         * a warm-up still changing by more than 1 % when its time was over */
};
const char *sampling_stop_name(enum sampling_stop s); /* "converged", "budget", "unstable" */

struct sampling_config {
    double target;      /* relative half-width to stop at, e.g. 0.005 */
    double seconds;     /* whole budget, warm-up included */
    double sample_ns;   /* wished length of one sample: reps = sample_ns / time of one */
    size_t min_samples; /* never stop before, unless the budget ends */
    size_t max_samples;
    uint64_t max_reps;     /* 1: one repetition is one sample (server requests, cold runs) */
    bool keep_full_budget; /* sustained measurements: do not stop when converged */
};
struct sampling_config sampling_defaults(void);

struct sampling_progress {
    size_t n;
    double median_ns, half_width; /* per repetition; half width relative to the median */
    double elapsed_s, budget_s;
    bool warming_up;
};

struct sampling_ops {
    /* Do `reps` repetitions and give the time they took together. */
    int (*sample)(void *self, uint64_t reps, double *ns, struct err *e);
    /* Now and then between samples, outside every timed window (about every 50 ms); may be NULL. */
    int (*between)(void *self, struct err *e);
    /* The wall clock of the budget. */
    uint64_t (*now_ns)(void *self);
    /* May be NULL.  ERR_INTERRUPT ends the loop with what there is, as SAMPLING_BUDGET. */
    int (*progress)(void *self, const struct sampling_progress *p);
};

enum { SAMPLING_SECONDS_MAX = 600 };

struct sampling_result {
    double *ns;      /* n samples, ns per repetition, in time order; owned */
    double *start_s; /* n start times since the first kept sample; owned */
    size_t n, cap;
    uint64_t reps; /* repetitions per sample */
    size_t warmup_samples;
    double warmup_s, wall_s /* kept part */, sampled_s /* inside timed windows */;
    enum sampling_stop stop;
    bool interrupted;
    char why[120];      /* the reason in words, e.g. "trend of -3.1 % over the run" */
    size_t more_needed; /* samples still missing to the target, an estimate; 0 if converged */
    double drift_pct;   /* Theil-Sen change of the time over the kept part; NaN below 8 */
    struct stats_summary summary; /* of ns */
    /* Repetitions per second in each whole second of the kept part; NULL unless >= 3 s. Owned. */
    double *per_second;
    size_t n_seconds;
};

/* 0; the ops' own error; ERR_ARG for a nonsense config; ERR_NOMEM.  On error out is released.
 * The memory of the samples is allocated and touched before the first of them. */
int sampling_run(const struct sampling_config *c, const struct sampling_ops *ops, void *self,
                 struct sampling_result *out, struct err *e);
void sampling_release(struct sampling_result *r);

#endif
