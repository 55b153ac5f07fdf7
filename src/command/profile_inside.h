/* profile_inside.h - `profile --tool none`: the row in this process, for whoever watches it. */
#ifndef COMMAND_PROFILE_INSIDE_H
#define COMMAND_PROFILE_INSIDE_H

#include "command/cli.h"
#include "core/plan.h"

struct profile_inside {
    const struct plan_case *row;
    uint64_t seed, repetitions;
    const char *dir, *models;
    const char *picks;   /* as in struct bench_ctx */
    const char *control; /* "fd:CTL,ACK" or "fifo:CTL,ACK" as perf's --control; NULL: nobody's */
};

/* Set up, check, warm up, repeat between marks.  Errors as marked_row_run's; ERR_ARG or ERR_IO for
 * what is wrong with `control`. */
int profile_inside_run(const struct profile_inside *p, const struct cli_env *env, struct err *e);

#endif
