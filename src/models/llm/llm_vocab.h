/* llm_vocab.h - the vocabulary of a model that is being written: taken from a GGUF file, or bytes.
 *
 * The byte vocabulary is a byte-level BPE without merges: tokens 0..255 are the bytes, 256 is
 * "<|endoftext|>" (begin and end), the rest up to the model's vocabulary are unused. */
#ifndef MODELS_LLM_LLM_VOCAB_H
#define MODELS_LLM_LLM_VOCAB_H

#include <jansson.h>

#include "core/err.h"
#include "models/format/model_file.h"
#include "models/format/model_writer.h"

enum { LLM_VOCAB_END = 256, LLM_VOCAB_MIN = 257 };

/* The tokenizer.* keys of `from` (NULL: the byte vocabulary) for a model of `vocab` tokens.  Tokens
 * that `from` has fewer are added as unused ones; ERR_ARG where it has more, or none at all. */
int llm_vocab_put(struct model_writer *w, const struct model_file *from, int vocab, struct err *e);

/* The tokenizer.json of `from` as tokenizer.* keys, for a model of `vocab` tokens.  SentencePiece's
 * scores, which that file does not have, are made of the order of its merges: they join the same
 * pieces in the same order.  ERR_FORMAT, ERR_NOTSUP as from tokenizer_open(). */
int llm_vocab_convert(struct model_writer *w, const struct model_file *from, int vocab,
                      struct err *e);

/* The byte vocabulary as a Hugging Face tokenizer.json, and what stands beside it; owned by the
 * caller (json_decref), NULL without memory. */
json_t *llm_vocab_json(int vocab);
json_t *llm_vocab_config_json(void);

#endif
