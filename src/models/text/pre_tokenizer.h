/* pre_tokenizer.h - a text cut into words, within which byte-level BPE merges.
 *
 * By the regular expressions that the models were trained with, in PCRE2 with Unicode classes (of
 * the Unicode version that the library has).  A word never spans bytes that are no UTF-8: a run of
 * those is a word of its own. */
#ifndef MODELS_TEXT_PRE_TOKENIZER_H
#define MODELS_TEXT_PRE_TOKENIZER_H

#include <stddef.h>

#include "core/err.h"

enum pre_tokenizer_kind { PRE_GPT2, PRE_QWEN2, PRE_SMOLLM, PRE_LLAMA3, PRE_KINDS };

struct pre_tokenizer; /* read-only after it is made: any thread */

int pre_tokenizer_new(struct pre_tokenizer **out, enum pre_tokenizer_kind kind, struct err *e);
void pre_tokenizer_free(struct pre_tokenizer *t);
const char *pre_tokenizer_name(enum pre_tokenizer_kind kind); /* "gpt-2", as GGUF writes it */

/* word(self, p, n) for each word in order; together they are the text. */
struct pre_tokenizer_sink {
    int (*word)(void *self, const char *p, size_t n, struct err *e);
    void *self;
};
int pre_tokenizer_split(const struct pre_tokenizer *t, const char *text, size_t n,
                        const struct pre_tokenizer_sink *sink, struct err *e);

#endif
