/* tokenizer_parts.h - what a tokenizer is made of; filled by the loaders (tokenizer_gguf.c,
 * tokenizer_json.c), used by tokenizer.c. */
#ifndef MODELS_TEXT_TOKENIZER_PARTS_H
#define MODELS_TEXT_TOKENIZER_PARTS_H

#include <jansson.h>

#include "models/text/added.h"
#include "models/text/bpe.h"
#include "models/text/pre_tokenizer.h"
#include "models/text/tokenizer.h"
#include "models/text/vocabulary.h"

struct tokenizer {
    bool spm; /* SentencePiece, else byte-level BPE */
    enum pre_tokenizer_kind pre;
    struct pre_tokenizer *split; /* BPE */
    bool whole_words;            /* BPE: a word that is a piece is not merged together */
    bool space_prefix;           /* SPM: a text begins with a space, also after an added token */
    bool add_bos, add_eos;
    int32_t bos, eos, unknown; /* -1: none */
    struct vocabulary v;
    struct added added;
    struct bpe merges;
    bool *ends; /* [v.n] */
    char kind[32];
};

/* In order: fill v, the merges, added, the rest, then finish. */
struct tokenizer *tokenizer_alloc(struct err *e);

/* The kind of an added token whose file does not say whether it is one of control: what is written
 * as markup is. */
enum piece_kind tokenizer_added_kind(const char *p, size_t n);

/* A merge of two pieces as the file spells them.  ERR_FORMAT when they or their join are not in the
 * vocabulary. */
int tokenizer_add_merge(struct tokenizer *t, struct span left, struct span right, int32_t rank,
                        struct err *e);
/* The same, written with a space between them. */
int tokenizer_add_merge_text(struct tokenizer *t, struct span both, int32_t rank, struct err *e);

/* The pre-tokenizer, the tokens that end an answer, and what files do not say. */
int tokenizer_finish(struct tokenizer *t, struct err *e);

int tokenizer_from_gguf(struct tokenizer **out, const struct model_file *m, struct err *e);
/* A Hugging Face tokenizer.json, with its tokenizer_config.json (NULL: none); `name` stands for the
 * file in messages. */
int tokenizer_from_json(struct tokenizer **out, const json_t *root, const json_t *config,
                        const char *name, struct err *e);

#endif
