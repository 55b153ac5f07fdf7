/* profile_run.h - a row under a profiler: its commands, run one after the other or printed. */
#ifndef COMMAND_PROFILE_RUN_H
#define COMMAND_PROFILE_RUN_H

#include "command/cli.h"
#include "command/profile_tools.h"

struct profile_run {
    struct profile_job job; /* perf_control is filled here */
    uint64_t repetitions;   /* that job.inside does */
    const struct cli_env *env;
};

/* Print the commands that profile_run_tool would run, for a person to run. */
int profile_run_print(struct profile_run *r, FILE *f, struct err *e);

/* Run the tool, name its report and show what is in it.  ERR_IO with what the tool said and, where
 * it is known, why; ERR_INTERRUPT. */
int profile_run_tool(struct profile_run *r, struct err *e);

#endif
