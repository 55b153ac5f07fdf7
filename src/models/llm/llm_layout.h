/* llm_layout.h - the memory of an engine besides the KV cache: one block, sized and shared out by
 * one function. */
#ifndef MODELS_LLM_LLM_LAYOUT_H
#define MODELS_LLM_LLM_LAYOUT_H

#include "models/llm/llm_engine.h"

/* Make the buffers of g for max_rows rows; g->arena owns them.  ERR_NOMEM says how much they
 * want. */
int llm_layout_make(struct llm *g, struct err *e);

/* The arguments of attention for `tokens` rows of the pass from row `row`, which are the newest
 * positions of their sequence. */
void llm_layout_attention(const struct llm *g, int row, int tokens, struct attention_args *out);

#endif
