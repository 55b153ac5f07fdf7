/* llm_synth.h - a model of true shape with seeded random weights: for speed and parsers where no
 * weights are at hand.  It is marked (general.synthetic, or __metadata__), and every row that shows
 * its speed says so. */
#ifndef MODELS_LLM_LLM_SYNTH_H
#define MODELS_LLM_LLM_SYNTH_H

#include <stdint.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"
#include "models/format/model_file.h"
#include "models/llm/llm_config.h"

struct llm_synth {
    const struct llm_config *shape;
    enum model_format format;
    /* Of the matrices; a row that is no multiple of its block falls back as llama-quantize does
     * (Q4_K to Q5_0, Q5_K to Q5_1, Q6_K to Q8_0, TQ* to TQ2_64), norms and biases stay F32. */
    enum dtype dtype;
    enum dtype head; /* of the token embedding and head, with the same fallbacks */
    uint64_t seed;
    /* GGUF to take tokenizer.* from; NULL: byte tokens (always, in safetensors): llm_vocab.h. */
    const struct model_file *vocabulary;
};

/* path: the GGUF file, or the folder for safetensors with config.json and tokenizer.json, made
 * where it is not there.  ERR_ARG: safetensors of a type that they do not have, a vocabulary larger
 * than the model's, a folder with a model that is not synthetic; ERR_IO, ERR_NOMEM. */
int llm_synth_write(const struct llm_synth *s, const char *path, struct err *e);
/* GGUF bytes, owned by the caller (mem_free). */
int llm_synth_memory(const struct llm_synth *s, void **bytes, size_t *n, struct err *e);

#endif
