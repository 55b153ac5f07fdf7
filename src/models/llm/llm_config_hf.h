/* llm_config_hf.h - a configuration from the config.json of Hugging Face Transformers, which lies
 * beside safetensors. */
#ifndef MODELS_LLM_LLM_CONFIG_HF_H
#define MODELS_LLM_LLM_CONFIG_HF_H

#include <jansson.h>

#include "core/err.h"
#include "models/format/model_file.h"
#include "models/llm/llm_config.h"

/* Fills in what the file says; *c holds the defaults. */
int llm_config_hf_read(struct llm_config *c, const struct model_file *m, struct err *e);

/* The factors of longrope, "short_factor" or "long_factor": a JSON array of numbers, borrowed from
 * m; NULL when there is none. */
const json_t *llm_config_hf_factors(const struct model_file *m, const char *which);

#endif
