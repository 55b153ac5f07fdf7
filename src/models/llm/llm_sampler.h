/* llm_sampler.h - the next token from logits.
 *
 * In this order, each only where it is set: repetition penalty over the last repeat_last tokens
 * (Keskar et al., 2019: positive logits divided, negative multiplied), temperature, top-k, top-p
 * (Holtzman et al., 2020), min-p (Nguyen et al., 2024), then a draw from what is left with its own
 * seeded generator.  Temperature 0 takes the largest logit, the smallest id where two are equal.
 * NaN among the logits is ERR_MISMATCH. */
#ifndef MODELS_LLM_LLM_SAMPLER_H
#define MODELS_LLM_LLM_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct llm_sampler;

struct llm_sampler_options {
    double temperature;    /* >= 0 */
    int top_k;             /* 0: all */
    double top_p;          /* 0 < p <= 1; 1: all */
    double min_p;          /* 0 <= p < 1; 0: all */
    double repeat_penalty; /* > 0; 1: none */
    int repeat_last;       /* tokens looked back on; 0: none */
    uint64_t seed;
};

/* Temperature 0, nothing cut, no penalty. */
extern const struct llm_sampler_options llm_sampler_greedy;

/* ERR_ARG names the option out of its range. */
int llm_sampler_new(struct llm_sampler **out, const struct llm_sampler_options *o, int vocab,
                    struct err *e);
void llm_sampler_free(struct llm_sampler *s);
void llm_sampler_accept(struct llm_sampler *s,
                        int32_t token); /* the prompt's, and each that was taken */
int llm_sampler_next(struct llm_sampler *s, const float *logits, int32_t *token, struct err *e);

#endif
