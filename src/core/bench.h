/* bench.h - what a benchmark is.  docs/skeleton_bench.c is a commented example.
 *
 * A constant struct in a file of its own, named like its path: src/silicon/memory.c holds
 * bench_silicon_memory, on the command line silicon.memory; one line in src/bench_list.h enters it.
 * A benchmark never reads the clock, never prints, never chooses how often it runs: core owns the
 * clock, the warm-up, the stopping rule, the statistics, the checks and the record.
 *
 * Order of calls for one row, all in one worker process:
 *   setup, verify, [once x many, timed], work, limit, verify, teardown.
 * A row is normally measured in PLAN_RUNS processes, each with its share of the row's time. */
#ifndef CORE_BENCH_H
#define CORE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/axis.h"
#include "core/err.h"
#include "core/hist.h"
#include "core/monitor.h"
#include "core/pool.h"
#include "core/result.h"

enum device_kind { DEVICE_CPU = 1, DEVICE_GPU = 2 };

/* In the mask of a plan, beside DEVICE_GPU. */
enum { DEVICE_EACH_GPU = 4 };

/* Suites, as a mask. */
enum { SUITE_QUICK = 1, SUITE_STANDARD = 2, SUITE_FULL = 4 };

struct device_ops;

struct device {
    enum device_kind kind;
    int index;     /* of its kind */
    int of;        /* how many of its kind this machine has */
    char name[16]; /* "cpu", "gpu:0" */
    char model[96];
    char uuid[48], pci_id[16];    /* of a GPU, as NVML knows it; "" where the driver does not say */
    const struct device_ops *ops; /* static */
};

/* Another way to take time on a device than the one of its device_ops, with the same handle. */
struct device_timing {
    const char *name;  /* result.timing_mode */
    uint64_t max_reps; /* repetitions that a sample may hold; 0: any number */
    /* Before a row's set-up: make what this way needs and prove that it works.  ERR_NOTSUP with the
     * reason where it does not: the row is skipped.  note: what the reader should know, or "". */
    int (*ready)(void *handle, char *note, size_t cap, struct err *e);
    /* Around the repetitions of one sample; end gives the nanoseconds between. */
    int (*begin)(void *handle, struct err *e);
    int (*end)(void *handle, double *ns, struct err *e);
    /* NULL, or: between begin and end the repetitions are only recorded, once for every count of
     * them, and each sample is a replay of what was recorded. */
    int (*replay)(void *handle, double *ns, struct err *e);
    double (*floor_ns)(void *handle); /* what an empty sample costs; after ready */
    bool quiet; /* the device is left alone between the samples too: no clock_hz */
};

/* How time is taken on a kind of device.  handle is the ops' own, one per worker and device. */
struct device_ops {
    const char *timing_mode; /* "wall", "batched" */
    /* Append what is there, at most cap.  Gives the count; 0 with the reason in why. */
    int (*list)(struct device *out, int cap, char *why, size_t why_cap);
    int (*open)(const struct device *d, void **handle, struct err *e);
    void (*close)(void *handle);
    /* Around the repetitions of one sample; end gives the nanoseconds between. */
    int (*begin)(void *handle, struct err *e);
    int (*end)(void *handle, double *ns, struct err *e);
    double (*floor_ns)(void *handle); /* what an empty begin/end costs */
    /* Hz that the device's cores had in the last sample; NaN when it could not be seen.  NULL:
     * nothing of the kind, as on the CPU, whose clock worker_services knows. */
    double (*clock_hz)(void *handle);
    const char *clock_source;          /* how clock_hz does it: result_run.clock_source */
    const struct monitor_ops *monitor; /* what it tells about itself; NULL: nothing */
    /* What one repetition, done by once(self), gives the device to do, as properties of the row; or
     * why that cannot be told.  It may only be recorded.  After the sampling.  NULL: nothing. */
    void (*inspect)(void *handle, int (*once)(void *self, struct err *e), void *self,
                    struct result *out);
    /* The row that measures what it draws when idle, "NAME settings"; NULL: none */
    const char *idle_row;
    /* Other ways to take time, for benchmarks that name one; NULL-terminated, or NULL. */
    const struct device_timing *const *timings;
};

struct bench_ctx {
    const struct bench *bench;
    const struct device *device;
    void *device_handle; /* gpu.h knows what it is for DEVICE_GPU; NULL for the CPU */
    const struct params *params;
    uint64_t seed;
    const char *dir;    /* --dir: where scratch files may go; never NULL */
    const char *models; /* --models: the folder with the models; "" where there is none */
    double seconds;     /* the row's budget, for sizing only */
    const char *picks;  /* what pick_fastest() chose in the row that this one repeats, where a trial
                             * would be watched; NULL: it tries */
    char variant[64];   /* setup names the code path it chose */
    char inputs[96];    /* setup names distribution and seed of its inputs */
    double clock_hz;    /* in limit() and expect(): the device's clock seen while sampling, as in
                             * struct result_run (median); NaN when it is not known */
    struct check check; /* verify fills reference, error, tolerance */
    struct result *result; /* for result_note() */
    struct hist *ops;      /* where op_done() records; NULL: no per-operation latency */
    /* setup lowers it where a sample may hold no more repetitions than these (a cold one: 1, with
     * prepare before each); 0: as many as the benchmark allows. */
    uint64_t max_reps;
    /* once sets it when sampling must not go on (bytes written, say): the row ends with the samples
     * there are, within 50 ms, as if its time were up. */
    bool enough;
    struct worker *worker; /* core's own */
};

/* One line of a plan: which points of the axes a suite runs, and how long each row may take. */
struct plan {
    unsigned suites;  /* mask */
    unsigned devices; /* mask of DEVICE_*, DEVICE_EACH_GPU: every GPU, not the first alone */
    const char *set;  /* settings; axes that are not named take their normal values */
    double seconds;   /* budget per row, setup not included */
};

struct bench {
    const char *name;
    const char *question; /* "How fast do all cores together read DRAM?" */
    unsigned devices;     /* mask of DEVICE_* it can measure */
    struct metric metric;
    const struct axis *axes; /* n_axes <= AXIS_MAX */
    int n_axes;
    const struct plan *plans; /* n_plans; a name given on the command line runs its `standard` */
    int n_plans;
    size_t state_size;      /* zeroed by core, passed to every hook: no statics, no malloc */
    double setup_timeout_s; /* 0: 30 s.  Without sign of life for longer the row has failed */
    /* What an item of its work is, "token": CPU time, context switches and energy of one become
     * properties of the row.  NULL: not asked for. */
    const char *item;
    const char *slope_axis; /* rows against this axis are fitted by a line (slope.h); or NULL */
    /* A repetition gives work to several devices that wait for each other: it cannot be recorded
     * on one of them alone. */
    bool several_devices;
    bool allocates;   /* making and freeing things is part of what is timed */
    bool ops_latency; /* it brackets operations with op_start/op_done */
    /* One window with the whole budget, in one process, also when converged: drift matters. */
    bool sustained;
    bool (*sustained_of)(const struct params *p); /* of this point, instead of `sustained` */
    /* Mask of DEVICE_*: there it is measured in one process with its whole time, because a set-up
     * costs more than the time it is measured for. */
    unsigned one_run;
    uint64_t max_reps; /* repetitions per sample at most; 0: as many as fill a sample */

    /* Is this point meaningful at all?  false: the row does not exist (not even as skipped).
     * NULL: every point of the cross product is. */
    bool (*exists)(const struct params *p, const struct device *d);
    /* Does this axis mean anything at this point?  One that does not is left out of the row's
     * settings, and params_get() must not be asked for it; its `normal` is a single value.
     * NULL: every axis always does. */
    bool (*applies)(const struct params *p, const struct axis *a);
    /* The metric of this point, where it is not `metric`.  NULL: always `metric`. */
    const struct metric *(*metric_of)(const struct params *p);
    /* How time is taken at this point: the name of one of the device's other timings.  NULL, the
     * function or what it gives: the device's own way. */
    const char *(*timing_of)(const struct params *p, const struct device *d);
    /* ERR_NOTSUP with a message: skipped, the message is the reason. */
    int (*setup)(struct bench_ctx *c, void *state, struct err *e);
    /* Compare an output with an independent reference: fill c->check, ERR_MISMATCH when wrong. */
    int (*verify)(struct bench_ctx *c, void *state, struct err *e);
    /* Before each sample, not timed; with max_reps 1 before each repetition: for what has to be
     * cold (a page cache emptied).  NULL: nothing to do. */
    int (*prepare)(struct bench_ctx *c, void *state, struct err *e);
    /* One repetition.  On a GPU it enqueues on the handle's stream and returns. */
    int (*once)(struct bench_ctx *c, void *state, struct err *e);
    /* Useful work of one repetition. */
    void (*work)(const struct bench_ctx *c, const void *state, struct work *w);
    /* Which ceilings bound it: limit_paper / limit_measured / limit_none from limits.h. */
    int (*limit)(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
    /* What machines of this kind reach; NULL or untouched out: unknown. */
    void (*expect)(const struct bench_ctx *c, const void *state, struct expected *out);
    void (*teardown)(struct bench_ctx *c, void *state); /* always called, after half a setup too */
};

/* A sign of life from inside a long repetition, and how much of it is done: passed on as the phase
 * "WHAT:42%", every 50 ms at most.  what: at most 10 letters.  0, or ERR_INTERRUPT when a signal
 * asked us to stop; then the repetition should fail with it. */
int bench_progress(const struct bench_ctx *c, const char *what, uint64_t done, uint64_t total);

/* Stamp one operation inside a repetition; core reads the clock and keeps the histogram. */
uint64_t op_start(const struct bench_ctx *c);
void op_done(const struct bench_ctx *c, uint64_t started);

#endif
