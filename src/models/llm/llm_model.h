/* llm_model.h - a model in memory: its file, its configuration and its weights. */
#ifndef MODELS_LLM_LLM_MODEL_H
#define MODELS_LLM_LLM_MODEL_H

#include "models/format/model_file.h"
#include "models/llm/llm.h"
#include "models/llm/llm_weights.h"

struct llm_model {
    struct model_file *file; /* owned */
    struct llm_config config;
    struct llm_weights weights;
    char types[128];
};

/* fn for every matrix that a token goes through, the head last. */
void llm_model_each_matrix(const struct llm_model *m,
                           void (*fn)(void *self, const struct weight *w), void *self);

#endif
