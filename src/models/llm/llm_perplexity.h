/* llm_perplexity.h - how well a model predicts a text, and how far it is from another.
 *
 * As llama.cpp's llama-perplexity defines it, so that figures compare: the text's tokens are cut
 * into windows of `context` (a rest is left out), each is predicted from an empty cache, its first
 * token replaced by the begin-of-sequence token where the model wants one, and the predictions of
 * the second half count: those of the tokens context / 2 + 1 .. context - 1 of a window.
 * Perplexity is exp of the mean of -log p; its error is the standard error of that mean times
 * it. */
#ifndef MODELS_LLM_LLM_PERPLEXITY_H
#define MODELS_LLM_LLM_PERPLEXITY_H

#include "models/llm/llm.h"
#include "models/llm/llm_logits.h"

struct llm_perplexity_job {
    struct llm *llm;       /* a context of `context` at least; sequence 0 is used */
    const int32_t *tokens; /* n, at least 2 windows */
    size_t n;
    int context;                    /* 4 or more */
    int32_t bos;                    /* -1: none */
    struct llm_logits_writer *save; /* NULL: nothing is saved */
    struct llm_logits_reader *base; /* NULL: nothing is compared */
    /* After each window; ERR_INTERRUPT ends it.  NULL: nobody looks. */
    int (*progress)(void *self, size_t window, size_t windows, double perplexity, struct err *e);
    void *self;
};

/* A mean with its standard error. */
struct llm_mean {
    double value, error;
};

struct llm_perplexity {
    size_t windows, scored;
    struct llm_mean nll; /* -log p, natural */
    struct llm_mean perplexity;
    struct llm_mean kl;       /* of base's distribution from ours: sum p_base log(p_base / p) */
    struct llm_mean same_top; /* share of positions with the same most likely token */
    double kl_max;
};

/* What a file of logits of this job is of. */
struct llm_logits_of llm_perplexity_logits(const struct llm_perplexity_job *j);

/* ERR_ARG: too few tokens for two windows. */
int llm_perplexity_run(const struct llm_perplexity_job *j, struct llm_perplexity *out,
                       struct err *e);

#endif
