/* model_actions.h - what `headroom model` does, each in the file of its name. */
#ifndef COMMAND_MODEL_ACTIONS_H
#define COMMAND_MODEL_ACTIONS_H

#include "command/cli.h"

/* The words are those after the action's name.  Each prints its result; 0 or ERR_*. */
typedef int model_action(const struct cli_args *a, const struct cli_env *env,
                         const char *const *word, int n_words, struct err *e);

model_action model_inspect;
model_action model_synth;
model_action model_quantize;

#endif
