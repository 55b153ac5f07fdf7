/* doctor_history.h - can runs be kept here? */
#ifndef COMMAND_DOCTOR_HISTORY_H
#define COMMAND_DOCTOR_HISTORY_H

#include "command/cli.h"
#include "host/advice.h"

/* One entry: the usual history and how many runs it holds, or what is wrong.  Makes nothing. */
void doctor_history(struct advice_list *list, const struct cli_env *env);

#endif
