/* llm_hf.h - a folder with a model as Hugging Face Transformers keeps it: config.json and
 * tokenizer.json beside model.safetensors. */
#ifndef MODELS_LLM_LLM_HF_H
#define MODELS_LLM_LLM_HF_H

#include <stdbool.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"
#include "models/llm/llm_config.h"

enum { LLM_HF_PATH = 4096 };

/* Make the folder where it is not there.  ERR_ARG where it holds a model that is not synthetic:
 * that is not ours to overwrite. */
int llm_hf_prepare(const char *folder, struct err *e);

/* config.json and the byte vocabulary (llm_vocab.h) as tokenizer.json and
 * tokenizer_config.json. */
int llm_hf_write(const char *folder, const struct llm_config *c, enum dtype t, struct err *e);

/* folder/name into buf; ERR_ARG when it is too long. */
int llm_hf_path(const char *folder, const char *name, char buf[LLM_HF_PATH], struct err *e);

/* What a synthetic longrope divides frequency i of n by: from 1 to 2 (short) or 32 (long). */
float llm_hf_rope_factor(bool is_long, int i, int n);

#endif
