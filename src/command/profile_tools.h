/* profile_tools.h - the profilers that `profile` knows: where they lie, how they are called, what
 * their failures mean. */
#ifndef COMMAND_PROFILE_TOOLS_H
#define COMMAND_PROFILE_TOOLS_H

#include <stdbool.h>

#include "command/words.h"
#include "core/bench.h"

enum profile_tool_id { PROFILE_NCU, PROFILE_NSYS, PROFILE_PERF };
enum { PROFILE_TOOLS = 3, PROFILE_PATH = 1024 };

struct profile_tool {
    const char *name;
    enum device_kind device; /* whose work it sees */
    const char *what;        /* the product, for messages */
    const char *install;     /* how to come by it */
    const char *ending;      /* of its report's file */
    uint64_t repetitions;    /* that make sense under it; 0: as many as fill PROFILE_PERF_SECONDS */
};
extern const struct profile_tool profile_tools[PROFILE_TOOLS]; /* by enum profile_tool_id */
enum { PROFILE_PERF_SECONDS = 2 };

/* The program on the search path (PATH's text) or where its installer puts it; false: not here. */
bool profile_tool_find(enum profile_tool_id id, const char *search, char out[PROFILE_PATH]);

/* What is run under a tool, and where its report goes. */
struct profile_job {
    enum profile_tool_id tool;
    const char *program;      /* the tool's path, or its name where it is not here */
    const char *report;       /* without the ending */
    const char *const *extra; /* n_extra arguments of the user's for the tool */
    int n_extra;
    const struct words *inside;  /* this program with --tool none: the row itself */
    const char *perf_control[2]; /* perf's --control, for perf and for the row; NULL: none */
};

/* The command that makes the report. */
int profile_command(const struct profile_job *job, struct words *out, struct err *e);

/* perf alone: the command that counts, its figures to descriptor `to` with ';' between.  Without
 * the user's arguments: they are for the report. */
int profile_command_counts(const struct profile_job *job, int to, struct words *out, struct err *e);

/* The command that shows what is in the report: ncu's figures as CSV, the others' as a table. */
int profile_command_show(const struct profile_job *job, struct words *out, struct err *e);

/* Why the tool failed, from what it said; "" where nothing more is known than that. */
void profile_tool_explain(enum profile_tool_id id, const char *said, char *out, size_t cap);

#endif
