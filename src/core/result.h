/* result.h - one row of a run: what was measured, how well, and against which limit.
 *
 * The C twin of docs/schema/result-v1.json; store/ turns one into the other.  Doubles that have no
 * value are NaN here and null there. */
#ifndef CORE_RESULT_H
#define CORE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/axis.h"
#include "core/err.h"
#include "core/sampling.h"

enum result_status { RESULT_OK, RESULT_SKIPPED, RESULT_FAILED, RESULT_INVALID };
enum result_origin { ORIGIN_MEASURED, ORIGIN_ESTIMATED, ORIGIN_SYNTHETIC, ORIGIN_IMPORTED };
enum direction { HIGHER_IS_BETTER, LOWER_IS_BETTER };
const char *result_status_name(enum result_status s);
const char *result_origin_name(enum result_origin o);
const char *direction_name(enum direction d); /* "higher", "lower" */

/* What a value is made of: how work and time become the unit. */
enum metric_basis {
    METRIC_BYTES_PER_S,   /* sum of work.bytes / time */
    METRIC_FLOPS_PER_S,   /* work.flops / time (operations, where the unit says TOPS) */
    METRIC_ITEMS_PER_S,   /* work.items / time */
    METRIC_TIME_PER_ITEM, /* time / work.items */
    METRIC_WATTS,         /* result_run.energy_j / energy_s; without energy the row is skipped */
    METRIC_FLOPS_PER_J,   /* work.flops / (those watts x time) */
    METRIC_BYTES_PER_J    /* sum of work.bytes / (those watts x time) */
};

struct metric {
    const char *name; /* "bandwidth", "throughput", "latency", "iops" */
    const char *unit; /* "GB/s", "TFLOPS", "ns", "IOPS" */
    enum metric_basis basis;
    double scale; /* value = scale * (SI value): 1e-9 for GB/s, 1e9 for ns */
    enum direction direction;
};

/* Work of ONE repetition. */
enum work_memory { WORK_DRAM, WORK_CACHE, WORK_HBM, WORK_LINK, WORK_STORAGE, WORK_MEMORIES };
const char *work_memory_name(enum work_memory m); /* "dram", "cache", "hbm", "link", "storage" */
struct work {
    double flops;
    double bytes[WORK_MEMORIES];
    double items;
};

enum limit_kind { LIMIT_NONE, LIMIT_PAPER, LIMIT_MEASURED, LIMIT_LATENCY };
const char *limit_kind_name(enum limit_kind k); /* "none" is written as null */
struct limit {
    enum limit_kind kind;
    double value, lo, hi; /* in the result's unit; lo, hi: interval of a measured one, else equal */
    char source[200];     /* formula with its inputs, or the case that measured it and its age */
    char reason[160];     /* why there is none, when kind is LIMIT_NONE */
};
enum { LIMITS_MAX = 4 };
struct limits {
    int n;
    int binding; /* index of the one that binds: smallest rate, largest time; -1 when none */
    struct limit l[LIMITS_MAX];
};

/* "What do machines of its kind reach?" */
struct expected {
    double lo, hi; /* NaN when nothing is known of this kind of machine */
    char source[160];
};

struct check {
    bool done;
    char reference[96];      /* what it was compared with */
    double error, tolerance; /* the same measure; error <= tolerance passes, NaN fails */
    bool passed_before, passed_after;
};

struct series {
    char name[32], unit[12];
    double *t_s, *value; /* n points; t since the start of the window; owned; NaN = no reading */
    size_t n;
    char reason[96]; /* why there are none, when n is 0 */
};
enum { SERIES_MAX = 48 };

/* Latencies of single operations inside repetitions (I/O requests, server requests). */
struct ops_latency {
    uint64_t n;
    double mean_ns, min_ns, max_ns, p50_ns, p90_ns, p95_ns, p99_ns, p999_ns; /* NaN: unsupported */
};

/* One fresh process's view of a row. */
struct result_run {
    struct sampling_result sampling; /* owned */
    struct ops_latency ops;          /* n is 0 where single operations are not timed */
    /* Of a metric that is not made from times (a power, a rate of errors): n_samples in the row's
     * unit, and sampling is empty.  Owned; NULL: times. */
    double *samples;
    size_t n_samples;
    double start_unix_s;
    double value;              /* in the result's unit, from the median time */
    double value_lo, value_hi; /* from the samples' interval: it knows of this process alone */
    struct series *telemetry;  /* n_telemetry of them; owned */
    int n_telemetry;
    /* The clock of the device that was measured, seen while sampling: of the measuring core on a
     * CPU, of the multiprocessors on a GPU.  NaN: not known. */
    double clock_hz_median, clock_hz_min, clock_hz_max;
    char clock_source[48]; /* "chain of dependent additions", "NVML"; "" not known */
    /* The part of the window, 0 .. 1, in which that device's clock was held down, and by what:
     * "power cap 93 %, thermal slowdown 2 %".  NaN: not known, and throttle_causes says why. */
    double throttled_fraction;
    char throttle_causes[96]; /* "" where nothing held it down */
    double cpu_seconds;       /* CPU time of this process during the kept window */
    double context_switches, page_faults;
    /* Of that device, by its counter, over energy_s seconds after the warm-up; lo, hi: 95 %
     * interval from equal parts of them.  idle_w: what it draws when nothing runs. */
    double energy_j, energy_lo_j, energy_hi_j, energy_s, idle_w; /* NaN: see energy_reason */
    char energy_reason[96];
    /* What went wrong or disturbed in the window, "1 XID errors (XID 31)"; "" nothing */
    char device_faults[128];
};

enum { RESULT_NOTES = 6, RESULT_PROPERTIES = 24 };

/* What else is known of what was measured, beside the time: the bytes that a token moves, the
 * perplexity of the model, a hash of the output. */
struct result_property {
    char name[40];
    double value; /* NaN: it is a text */
    char unit[16];
    char text[120]; /* "" where it is a value */
};

struct result {
    char name[48];
    struct params params; /* axis pointers are NULL after reading a file: use text via axis_name */
    char axis_name[AXIS_MAX][24];
    char device[16]; /* "cpu", "gpu:0" */
    char metric[24], unit[16];
    enum direction direction;
    enum result_status status;
    enum result_origin origin;
    char reason[256];
    double value, value_lo, value_hi;
    char unstable[160];      /* why the value may be another one next time; "" it should not */
    struct result_run *runs; /* n_runs; owned */
    int n_runs;
    struct work work;
    struct limits limits;
    double percent; /* of the binding limit; NaN without one */
    struct expected expected;
    struct check check;
    struct ops_latency ops;        /* over the runs */
    char variant[64];              /* the code path that ran */
    char timing_mode[24];          /* "wall", "batched", ... */
    char inputs[96];               /* distribution and seed */
    double floor_ns;               /* clock overhead (or launch floor) of one sample */
    char notes[RESULT_NOTES][200]; /* warnings and labels in words; "" ends the list */
    struct result_property properties[RESULT_PROPERTIES]; /* n_properties */
    int n_properties;
    double seconds; /* wall time this row took, all runs */
};

/* Every value NaN, with "no telemetry" as the reason where one is kept. */
void result_run_init(struct result_run *run);

void result_release(struct result *r);
void result_note(struct result *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Add a property, or give the one of that name another value.  What does not fit is our bug. */
void result_property(struct result *r, const char *name, double value, const char *unit);
void result_property_text(struct result *r, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
const struct result_property *result_find(const struct result *r, const char *name); /* or NULL */

/* "op=triad level=dram": the row's settings, also of a row read from a file. */
void result_settings(const struct result *r, char *buf, size_t cap);

/* Value in `m`'s unit of one repetition that did `w` in `ns`; NaN for a metric of energy, which is
 * one of the watts that the device drew as well. */
double metric_value(const struct metric *m, const struct work *w, double ns);
double metric_energy_value(const struct metric *m, const struct work *w, double ns, double watts);
bool metric_of_energy(const struct metric *m);

/* Fill value, interval, unstable, ops and percent from the runs.
 *
 * value: median over the runs.  Its 95 % interval:
 *   1 run     that of its samples, which knows nothing of what another process would find
 *   2 .. 5    Student's t over the logarithms of the runs' values (the run is the unit: whatever
 *             differs between processes and over the time they are spread over is in it); never
 *             narrower than what the samples of all runs together leave open
 *   from 6    order statistics of the runs' values
 * Values that are not above zero have no logarithm: then the hull of the runs' intervals.
 *
 * unstable: the runs' values have a standard deviation of more than RESULT_SPREAD_PERCENT; of one
 * run, its sampling was.
 *
 * ops: n is the sum, min and max are over all, the mean is weighted, each percentile is the median
 * over the runs' (NaN unless every run supports it). */
enum { RESULT_SPREAD_PERCENT = 5 };
void result_settle(struct result *r);

/* Add another process's view of the same row: its runs are taken, what it says of the row (check,
 * variant, notes, properties, the loosest of the limits) is joined, and the row settled.  A row
 * that was wrong in one of its runs is wrong, and has no value; a run that was skipped or
 * interrupted leaves the row as it is.
 * ERR_NOMEM.  `from` is still the caller's to release. */
int result_merge(struct result *into, struct result *from, struct err *e);

void result_ops_init(struct ops_latency *o); /* n 0, the rest NaN */

#endif
