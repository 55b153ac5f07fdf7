/* llm_forward.h - one pass: tokens in, logits out, all threads together. */
#ifndef MODELS_LLM_LLM_FORWARD_H
#define MODELS_LLM_LLM_FORWARD_H

#include "models/llm/llm_engine.h"

/* Counters that a pass of this model may need. */
int llm_forward_counters(const struct llm_config *c);

/* g->rows and g->pass say what; the rows' positions are in the KV cache's tables already. */
void llm_forward_run(struct llm *g);

/* The logits [n][vocab] of rows first .. first + n - 1 of the pass that was run last, which had
 * wanted them. */
void llm_forward_head(struct llm *g, int first, int n, float *logits);

#endif
