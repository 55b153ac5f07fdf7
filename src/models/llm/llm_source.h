/* llm_source.h - the tensors of a model, whatever file it is in, as a GGUF file of it has them:
 * with GGUF's names, shapes and order of rows.
 *
 * From safetensors that means: GPT-2's matrices are turned round (they lie there as [in, out]), and
 * the rows of Llama's q and k are put so that RoPE's pairs are neighbours (ROPE_PAIR). */
#ifndef MODELS_LLM_LLM_SOURCE_H
#define MODELS_LLM_LLM_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "models/format/model_file.h"
#include "models/llm/llm_config.h"
#include "models/llm/llm_tensors.h"

struct llm_source_tensor {
    struct llm_tensor as;    /* in GGUF; a tensor that the family does not have keeps its name */
    const struct tensor *in; /* NULL: `factors` */
    const json_t *factors;   /* longrope's, from config.json */
    bool known, turned;      /* known: as.role says what it is */
    int pair_heads;          /* rows of so many heads are to be paired; 0: none */
};

struct llm_source {
    const struct model_file *m; /* borrowed */
    struct llm_config c;
    struct llm_source_tensor *tensor; /* owned, n */
    size_t n;
};

/* ERR_FORMAT names a tensor that is missing or has another shape; ERR_NOTSUP a model that we do not
 * know. */
int llm_source_open(struct llm_source *s, const struct model_file *m, struct err *e);
void llm_source_release(struct llm_source *s);

/* Decode rows row0 .. row1 - 1 of a matrix, or values of a vector (one row) into x. */
void llm_source_rows(const struct llm_source_tensor *t, size_t row0, size_t row1, float *x);

size_t llm_source_cols(const struct llm_source_tensor *t);
size_t llm_source_row_count(const struct llm_source_tensor *t);

#endif
