/* pair.h - the same row on both sides of a comparison.
 *
 * A side is one or more records: sessions of one machine and one build, oldest first.  Two rows are
 * the same thing when name, params, metric and device agree.  The unit of everything that follows
 * is the run: one fresh process, its median, or one session of a pair.  Nothing is copied from the
 * records, which must outlive the pairs. */
#ifndef JUDGE_PAIR_H
#define JUDGE_PAIR_H

#include <stdbool.h>

#include "core/record.h"

enum pair_side { SIDE_A /* what was: the baseline */, SIDE_B /* what is held against it */, SIDES };

struct judge_side {
    const struct run_record *const *records; /* n of them; borrowed */
    int n;
};

/* One fresh process's view of a row. */
struct pair_run {
    double value;        /* in the row's unit, > 0 */
    double start_unix_s; /* NaN where the file does not say */
    double clock_hz;     /* of the device that worked; NaN where it was not probed */
    double throttled;    /* part of the window with a throttle reason, 0 to 1; NaN: not known */
    int session;         /* index of its record */
};

/* One side of a row. */
struct pair_half {
    const struct result *last; /* its row in the last record that has it; NULL: in none */
    int last_record;           /* index of that record */
    struct pair_run *runs;     /* n_runs of rows that are ok; owned */
    int n_runs;
    int n_sessions; /* records that gave a run */
    int n_bad;      /* records in which the row failed or is invalid */
};

struct pair {
    const struct result *row; /* name, params, device, metric, unit, direction */
    struct pair_half half[SIDES];
    /* The sessions of both sides alternate in time: A B, B A, ...  Only then do they share the
     * state of the machine, and are compared two by two.  runs[i] of both sides is then pair i:
     * each session is one run, with the median of its processes. */
    bool interleaved;
};

struct pairs {
    struct pair *p; /* n, in the order of B's last record, then what only A has; owned */
    int n;
};

/* ERR_ARG when a side has no record, ERR_NOMEM.  *out is released on error. */
int pairs_make(const struct judge_side sides[SIDES], struct pairs *out, struct err *e);
void pairs_release(struct pairs *p);

/* Do two rows have the same name, params, metric and device? */
bool pair_same_row(const struct result *a, const struct result *b);

#endif
