/* model_place.h - where models lie that a user calls by name. */
#ifndef COMMAND_MODEL_PLACE_H
#define COMMAND_MODEL_PLACE_H

#include <stddef.h>

#include "command/cli.h"

enum { MODEL_PLACE_TEXT = 1200 };

/* The usual folder, below the user's data; "" without a home.  Gives buf. */
const char *model_place_folder(const struct cli_env *env, char buf[MODEL_PLACE_TEXT]);

/* What `word` means: itself, where there is such a file or folder or it has a slash; else the model
 * of that name in the usual folder, when there is one (smollm2-135m: smollm2-135m.gguf there).
 * Gives word or buf. */
const char *model_place(const struct cli_env *env, const char *word, char buf[MODEL_PLACE_TEXT]);

#endif
