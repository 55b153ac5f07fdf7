/* llm_gguf.h - what a GGUF file says of a language model, as llama.cpp's converter writes it. */
#ifndef MODELS_LLM_LLM_GGUF_H
#define MODELS_LLM_LLM_GGUF_H

#include <stddef.h>

#include "core/err.h"
#include "models/format/model_writer.h"
#include "models/llm/llm_config.h"

/* general.architecture: "llama", ...; of BitNet by its activation. */
const char *llm_gguf_architecture(const struct llm_config *c);

/* general.architecture and general.name, and the keys of the architecture. */
int llm_gguf_put_config(struct model_writer *w, const struct llm_config *c, struct err *e);

/* general.file_type and general.quantization_version for matrices of this type. */
int llm_gguf_put_type(struct model_writer *w, enum dtype t, struct err *e);

#endif
