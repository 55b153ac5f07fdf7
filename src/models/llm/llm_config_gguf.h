/* llm_config_gguf.h - a configuration from the metadata of a GGUF file. */
#ifndef MODELS_LLM_LLM_CONFIG_GGUF_H
#define MODELS_LLM_LLM_CONFIG_GGUF_H

#include "core/err.h"
#include "models/format/model_file.h"
#include "models/llm/llm_config.h"

/* Fills in what the file says; *c holds the defaults.  A key of the architecture that we do not
 * know is ERR_NOTSUP: it may change what the model computes. */
int llm_config_gguf_read(struct llm_config *c, const struct model_file *m, struct err *e);

#endif
