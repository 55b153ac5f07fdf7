/* worker.h - measures rows, one after the other, in the process it is called in.
 *
 * The runner starts it in a process of its own; a test calls worker_case directly. */
#ifndef CORE_WORKER_H
#define CORE_WORKER_H

#include "core/bench.h"
#include "core/limits.h"

/* CPU time of this process's threads: run, and ready to run while others had the CPU. */
struct worker_cpu {
    double run_s, wait_s;
};

/* What core needs from the levels above it.  Every hook may be NULL: the fields it would fill are
 * then null with a reason. */
struct worker_services {
    /* Background telemetry: open once per worker; focus names the device that is measured from now
     * on; mark says that the warm-up is over; window copies the series of [t0, t1] (times of
     * clock_now_ns) into run->telemetry and the counters of result_run, of the device's energy, its
     * clock and what held it down too. */
    int (*telemetry_open)(void **handle, struct err *e);
    void (*telemetry_close)(void *handle);
    void (*telemetry_focus)(void *handle, const struct device *d);
    void (*telemetry_mark)(void *handle);
    void (*telemetry_window)(void *handle, uint64_t t0_ns, uint64_t t1_ns, struct result_run *run);
    /* Hz of the calling core now, from a chain of dependent additions (about 20 us). */
    double (*clock_hz)(void);
    /* Totals up to now.  A row whose threads waited for more than 2 % of the time they wanted to
     * run, and 2 % of the wall clock, is unstable: its value tells of the neighbours, and the next
     * run has others. */
    int (*cpu_now)(struct worker_cpu *out, struct err *e);
};

struct worker_options {
    uint64_t seed;
    const char *dir;
    const char *models;
    double target;      /* relative half-width */
    double seconds_max; /* no row longer than this; 0: no bound */
    const struct worker_services *services;
    /* A sign of life at least every 50 ms of sampling; phase is "setup", "verify", "warm-up",
     * "sampling", "limit", or what bench_progress() says.  ERR_INTERRUPT stops the row and keeps
     * what was measured.  May be NULL. */
    int (*progress)(void *self, const char *phase, const struct sampling_progress *p);
    void *progress_self;
    struct ceilings *ceilings; /* in and out; borrowed */
};

struct worker;
int worker_open(struct worker **out, const struct worker_options *o, struct err *e);
void worker_close(struct worker *w);

/* Measure one row.  Always fills *out (owned by the caller); what went wrong is its status and
 * reason.  The return value is 0, or ERR_INTERRUPT, or ERR_CUDA / ERR_NOMEM when this process
 * should not measure anything more. */
int worker_case(struct worker *w, const struct bench *b, const struct device *d,
                const struct params *p, double seconds, struct result *out);

/* A row before anything is known of it: names, unit, direction; every value NaN; status ok. */
void worker_describe(struct result *out, const struct bench *b, const struct device *d,
                     const struct params *p);

/* For limit_measured(): the result of another row measured now, with a small budget. */
int worker_ceiling(struct worker *w, const struct device *d, const char *bench,
                   const char *settings, struct ceiling *out, struct err *e);

#endif
