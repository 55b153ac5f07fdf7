/* run_session.h - one run from start to end: the record, the file rewritten after each row, the
 * progress, the table. */
#ifndef COMMAND_RUN_SESSION_H
#define COMMAND_RUN_SESSION_H

#include "command/run_options.h"
#include "core/plan.h"
#include "core/record.h"

/* Fill everything of a record that is known before the first row: id, start, argv, machine, build.
 * dir: whose storage is described.  Also used by `info`. */
int run_session_describe(struct run_record *r, const struct cli_env *env, const char *dir,
                         struct err *e);

/* Run the plan.  Gives the exit code; messages go to stderr, the table to stdout. */
int run_session(const struct plan_list *plan, const struct run_options *o,
                const struct cli_env *env);

#endif
