/* progress.h - what a run shows while it goes on.
 *
 * On a terminal one status line, drawn over itself at most every 100 ms: which row of how many,
 * what it does, the median so far with its interval, a bar and the time left of the whole run.
 * Elsewhere one line for each row that is done.  A row that failed gets a line of its own in both.
 * The line never wraps: the width is asked for at every drawing, so a resized window is fine. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/runner.h"

struct progress_config {
    FILE *f;
    bool live; /* f is a terminal that understands ANSI sequences */
    bool utf8, colour;
    const struct plan_list *plan; /* borrowed: names and planned times of the rows */
    /* Width of the terminal now; NULL: 80. */
    int (*columns)(void *self);
    void *self;
};

struct progress {
    struct progress_config c;
    uint64_t start_ns, row_start_ns, drawn_ns;
    double planned_done_s, took_done_s; /* of the rows that are done */
    bool drawn;                         /* a status line stands there */
};

void progress_begin(struct progress *p, const struct progress_config *c, uint64_t now_ns);

/* now_ns as clock_now_ns gives it. */
void progress_event(struct progress *p, const struct runner_event *ev, uint64_t now_ns);

/* Take the status line away: at the end, and before anything else is written to the terminal. */
void progress_clear(struct progress *p);

/* Seconds until the run should end: what is planned, times how the rows so far kept to the plan. */
double progress_left_s(const struct progress *p, const struct runner_event *ev, uint64_t now_ns);

#endif
