/* llm.h - the language-model engine on the CPU: load, prefill, decode.
 *
 * A model (weights as they lie in the file, mapped) is read-only and shared by any number of
 * engines.  An engine has threads, a pool of KV pages (attention.h) and the sequences in them; one
 * caller at a time.
 *
 * Two paths: LLM_REFERENCE computes in F32 with scalar code from decoded weights, slow and clear;
 * LLM_FAST takes the preferred variant of every kernel.  On either, the logits of a sequence have
 * the same bits whatever else is in the batch and however many threads there are; on the reference
 * path a prefill of n tokens has the bits of n decodes. */
#ifndef MODELS_LLM_LLM_H
#define MODELS_LLM_LLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"
#include "models/format/model_file.h"
#include "models/llm/llm_config.h"

struct llm_model;
struct llm;

/* ERR_FORMAT names a tensor that is missing or has another shape than the configuration says;
 * ERR_NOTSUP the variant.  The model owns the file. */
int llm_model_open(struct llm_model **out, const char *path, struct err *e);
/* Takes over m, also when it fails. */
int llm_model_from_file(struct llm_model **out, struct model_file *m, struct err *e);
void llm_model_close(struct llm_model *m);
const struct llm_config *llm_model_config(const struct llm_model *m);
const struct model_file *llm_model_file(const struct llm_model *m);
uint64_t llm_model_parameters(const struct llm_model *m);
/* "Q4_1 (head Q6_K)": the types of the matrices, most bytes first. */
const char *llm_model_types(const struct llm_model *m);

enum llm_path { LLM_FAST, LLM_REFERENCE };

struct llm_options {
    enum llm_path path;
    int threads;         /* 0: one a physical core that this process may use */
    int context;         /* positions of all sequences together; 0: the model's, for one */
    int sequences;       /* 0: 1 */
    enum dtype kv_dtype; /* DTYPE_F16 or DTYPE_F32 (the reference path always F32) */
    const char *variant; /* kernels of this name where they exist ("avx2"); NULL: the preferred */
};

/* ERR_NOMEM says how much the KV cache wants. */
int llm_new(struct llm **out, const struct llm_model *m, const struct llm_options *o,
            struct err *e);
void llm_free(struct llm *g);
const struct llm_model *llm_of(const struct llm *g);
int llm_threads(const struct llm *g);
/* Positions for each sequence, where all have as many. */
size_t llm_context(const struct llm *g);

/* Append n tokens to sequence `seq`; logits [vocab] of the last one, or NULL.  each_logits, when
 * not NULL, is called with those of every token in order (perplexity).  ERR_ARG: a token outside
 * the vocabulary, a sequence that is not there; ERR_NOMEM: the context is full (nothing was
 * appended); ERR_IO: the file shrank. */
struct llm_prompt {
    int seq;
    const int32_t *tokens;
    size_t n;
    float *logits;
    int (*each_logits)(void *self, size_t at, const float *logits, struct err *e);
    void *self;
};
int llm_prefill(struct llm *g, const struct llm_prompt *p, struct err *e);

/* Append one token to each of n different sequences; logits [n][vocab]. */
struct llm_step {
    int seq;
    int32_t token;
};
int llm_decode(struct llm *g, const struct llm_step *steps, int n, float *logits, struct err *e);

size_t llm_length(const struct llm *g, int seq);
/* Forget the positions from `length` on; its pages go back to the pool. */
void llm_truncate(struct llm *g, int seq, size_t length);

/* ---- what it costs: for limits and records ---- */
struct llm_cost {
    double weight_bytes; /* read once */
    double kv_read_bytes, kv_write_bytes;
    double flops; /* 2 a multiply-add of the matrices and of attention */
};
/* One decode step of `batch` sequences, each with `context` positions behind it. */
void llm_decode_cost(const struct llm *g, int batch, double context, struct llm_cost *out);
/* A prompt of n tokens (logits of the last one only). */
void llm_prefill_cost(const struct llm *g, size_t n, struct llm_cost *out);
/* The bytes of `data` that are KV cache, a position. */
size_t llm_kv_bytes(const struct llm *g);
uint64_t llm_memory_bytes(const struct llm *g); /* the engine's own: KV pool, scratch */

/* Which code runs: "Q4_1 avx512vnni, attention avx512"; with which activations: "int8 per 32". */
const char *llm_path_text(const struct llm *g);
const char *llm_activations_text(const struct llm *g);

/* FNV-1a of the bits of n logits: the same on the same machine, build and path. */
uint64_t llm_logits_hash(const float *logits, size_t n);

#endif
