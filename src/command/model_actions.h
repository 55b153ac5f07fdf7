/* model_actions.h - what `headroom model` does, each in the file of its name. */
#ifndef COMMAND_MODEL_ACTIONS_H
#define COMMAND_MODEL_ACTIONS_H

#include "command/cli.h"

/* Arguments are those after the action's name.  Each prints its result; 0 or ERR_*. */
int model_synth(const struct cli_args *a, const char *const *word, int n_words, struct err *e);

#endif
