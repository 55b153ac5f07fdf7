/* generation.h - from a prompt's tokens to text, one token at a time.
 *
 * The sampler has seen the prompt when the first token is drawn.  It stops at an end token of the
 * model, at `max_tokens`, at a stop string (which is not passed on, nor a beginning of it), when
 * the context is full, or when `text` says so. */
#ifndef MODELS_LLM_GENERATION_H
#define MODELS_LLM_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "models/llm/llm.h"
#include "models/llm/llm_sampler.h"
#include "models/text/tokenizer.h"

enum generation_end { GENERATION_EOS, GENERATION_LENGTH, GENERATION_STOP, GENERATION_CONTEXT };

struct generation {
    struct llm *llm;
    const struct tokenizer *tokenizer;
    struct llm_sampler *sampler;
    int seq;
    const int32_t *prompt;
    size_t n_prompt; /* 1 or more */
    size_t max_tokens;
    const char *const *stop; /* n_stop strings */
    int n_stop;
    bool ignore_eos;
    /* Whole characters as they come, n 0 where a token gives none yet, also while the prompt is
     * read; ERR_INTERRUPT ends it.  NULL: nobody reads. */
    int (*text)(void *self, const char *p, size_t n, struct err *e);
    /* Each token when it is known, the first at index 0: where a benchmark stamps the time. */
    void (*token)(void *self, size_t index, int32_t id);
    void *self;

    /* Out. */
    size_t n_tokens; /* generated; an end token counts */
    enum generation_end end;
    uint64_t logits_hash; /* llm_logits_hash of the last token's; 0 before there are any */
};

/* What the engine and the sampler say, ERR_ARG for an empty prompt, or what `text` gave: the text
 * until then has been passed on. */
int generation_run(struct generation *g, struct err *e);

#endif
