/* llm_names.h - what the tensors of a model are called in a file, by the part they play.
 *
 * GGUF has one set of names for all families (gguf-py, constants.py); in safetensors GPT-2 has
 * names of its own, and the others share Llama's. */
#ifndef MODELS_LLM_LLM_NAMES_H
#define MODELS_LLM_LLM_NAMES_H

#include <stdbool.h>

#include "models/format/model_file.h"
#include "models/llm/llm_config.h"

enum llm_role {
    LLM_EMBED,
    LLM_POS,
    LLM_NORM,
    LLM_HEAD,
    LLM_ROPE_LONG, /* of GGUF; config.json has the factors elsewhere */
    LLM_ROPE_SHORT,
    LLM_LAYER_ROLES, /* from here on: one of each layer */
    LLM_ATTN_NORM = LLM_LAYER_ROLES,
    LLM_QKV,
    LLM_Q,
    LLM_K,
    LLM_V,
    LLM_ATTN_SUB_NORM,
    LLM_O,
    LLM_FFN_NORM,
    LLM_GATE_UP,
    LLM_GATE,
    LLM_UP,
    LLM_FFN_SUB_NORM,
    LLM_DOWN,
    LLM_ROLES
};

enum { LLM_NAME_MAX = 96 };

/* "blk.3.attn_q.weight"; suffix "weight" or "bias"; layer is ignored for what is not in one.  Gives
 * buf, "" when this format has no name for the role. */
const char *llm_name(const struct model_file *m, const struct llm_config *c, enum llm_role role,
                     int layer, const char *suffix, char buf[LLM_NAME_MAX]);

/* The same in a file of this format that is yet to be written. */
const char *llm_name_of(enum model_format format, const struct llm_config *c, enum llm_role role,
                        int layer, const char *suffix, char buf[LLM_NAME_MAX]);

/* A tensor of the file that carries no weight: a mask or a table that we compute ourselves. */
bool llm_name_ignored(const struct model_file *m, const struct llm_config *c, const char *name);

#endif
