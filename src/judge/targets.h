/* targets.h - absolute targets: a row, a bound, the hardware that it assumes, who set it.
 *
 * A target for other hardware is shown with what was measured, and not judged.  A target that
 * nothing measured is "no data" with the reason.  share/targets/founding.json holds those of the
 * five founding documents. */
#ifndef JUDGE_TARGETS_H
#define JUDGE_TARGETS_H

#include <stdbool.h>

#include "core/record.h"

enum target_of {
    TARGET_VALUE,   /* the row's value, in `unit`; decimal prefixes are converted */
    TARGET_PERCENT, /* percent of its binding limit */
    TARGET_CHECK    /* a mark of a good measurement, see target_checks */
};
/* "no_errors", "consistent", "no_outliers", "memory", "no_leaks", "row_seconds", "run_seconds",
 * "throughput_targets", "latency_targets", and those that a result file cannot answer: "compared",
 * "profiled", "documented".  NULL-terminated. */
extern const char *const target_checks[];
enum target_bound { BOUND_AT_LEAST, BOUND_AT_MOST };
enum target_status {
    TARGET_MET,
    TARGET_MISSED,
    TARGET_NO_DATA,
    TARGET_OTHER_HARDWARE,
    TARGET_INVALID, /* a row of it failed or is invalid */
    TARGET_STATUSES
};
const char *target_status_name(enum target_status s); /* "met", "missed", "no data", ... */

enum { TARGET_PARAMS = 8 };

struct target {
    char id[48];    /* "D3.latency" */
    char what[120]; /* in words */
    enum target_of of;
    char name[48], device[16], metric[24]; /* of the row; globs; "" matches all */
    char param[TARGET_PARAMS][2][40];      /* axis, value (a glob): those named must agree */
    int n_params;
    int check; /* TARGET_CHECK: index in target_checks */
    enum target_bound bound;
    double value;    /* NaN for a check that is met or not */
    double expected; /* what the source expected, beside what it demands; NaN */
    char unit[16];
    char hardware[96]; /* glob on CPU and GPU models; "" assumes none */
    char source[160];  /* document and place */
    char note[240];    /* e.g. why it is trivial or impossible */
};

struct targets {
    struct target *t; /* n; owned */
    int n;
    char title[80];
};

struct target_outcome {
    const struct target *target;
    const struct result *row; /* the one that decided: the worst that matches; NULL: none */
    double measured, lo, hi;  /* in the target's unit; NaN: none */
    enum target_status status;
    char why[200];
};

void targets_release(struct targets *ts);

/* Hold one record against all targets: out[ts->n]. */
void targets_judge(const struct targets *ts, const struct run_record *r,
                   struct target_outcome *out);

/* 4 when one is invalid, else 2 when one is missed, else 3 when none could be judged, else 0. */
int targets_code(const struct target_outcome *o, int n);

/* What a value in `from` is multiplied with to be in `to` ("ns" to "ms": 1e-6); NaN where the units
 * measure different things. */
double target_unit_factor(const char *from, const char *to);

#endif
