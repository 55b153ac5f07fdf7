/* model_place.c - where models lie that a user calls by name. */
#include "command/model_place.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "models/llm/llm_subject.h"

const char *model_place_folder(const struct cli_env *env, char buf[MODEL_PLACE_TEXT])
{
    int n = 0;

    if (env->data_dir[0])
        n = snprintf(buf, MODEL_PLACE_TEXT, "%s/models", env->data_dir);
    if (n <= 0 || n >= MODEL_PLACE_TEXT)
        buf[0] = '\0';
    return buf;
}

const char *model_place(const struct cli_env *env, const char *word, char buf[MODEL_PLACE_TEXT])
{
    char folder[MODEL_PLACE_TEXT];

    if (strchr(word, '/') || access(word, F_OK) == 0 ||
        !llm_subject_find(model_place_folder(env, folder), word, buf, MODEL_PLACE_TEXT))
        return word;
    return buf;
}
