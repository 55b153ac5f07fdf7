/* history_print.h - the history for people and as JSON. */
#ifndef COMMAND_HISTORY_PRINT_H
#define COMMAND_HISTORY_PRINT_H

#include "command/cli.h"
#include "store/history.h"

/* One line a series: how it went, its last value, and how far that is from what it was before;
 * below it the runs at which it changed.  ERR_NOMEM. */
int history_print_series(const struct history_view *v, const struct cli_env *env, struct err *e);

/* One line a run. */
void history_print_runs(const struct history_view *v, const struct cli_env *env);

/* The same as JSON, with every point.  ERR_NOMEM. */
int history_print_json(const struct history_view *v, bool runs_only, struct err *e);

#endif
