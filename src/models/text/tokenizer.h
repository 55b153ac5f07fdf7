/* tokenizer.h - text to tokens and back, by the vocabulary in a model's file.
 *
 * Byte-level BPE (Radford et al., 2019) with the pre-tokenizer that the file names (gpt-2, qwen2,
 * smollm, llama-bpe), and SentencePiece BPE with byte fallback (Kudo & Richardson, 2018), from
 * GGUF's tokenizer.ggml.* keys or a Hugging Face tokenizer.json.  Another kind is refused by name.
 *
 * Encoding never fails for lack of a token: bytes that are no UTF-8 are encoded as bytes, a run of
 * them as a word of its own.  A byte that a BPE vocabulary has no token for (SmolLM2's lacks 21,
 * control characters and bytes that UTF-8 never has) is left out, as Hugging Face's does.
 *
 * Text is encoded as it is.  Hugging Face's Qwen2 composes it first (Unicode's NFC; llama.cpp does
 * not): for text that is not in that form, its tokens are those of the composed text here.
 *
 * Read-only after opening: any thread. */
#ifndef MODELS_TEXT_TOKENIZER_H
#define MODELS_TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "models/format/model_file.h"

struct tokenizer;

struct tokens {
    int32_t *id; /* owned: tokens_release */
    size_t n, cap;
};

void tokens_release(struct tokens *t);
int tokens_push(struct tokens *t, int32_t id, struct err *e);

/* ERR_FORMAT names the key that is missing or wrong; ERR_NOTSUP the kind that we do not have.
 * The model_file must outlive it. */
int tokenizer_open(struct tokenizer **out, const struct model_file *m, struct err *e);
void tokenizer_close(struct tokenizer *t);

enum {
    /* Begin and end as the model was trained (its add_bos_token, add_eos_token). */
    TOKENIZE_ADD = 1,
    /* "<|im_end|>" in the text is that token; otherwise it is text like any other. */
    TOKENIZE_SPECIAL = 2
};

/* Append the tokens of n bytes of text to *out.  Linear in n but for words without end
 * (n log n). */
int tokenizer_encode(const struct tokenizer *t, const char *text, size_t n, unsigned flags,
                     struct tokens *out, struct err *e);

/* One text of n parts; special tokens are found only within parts that are `special`. */
struct text_part {
    const char *p;
    size_t n;
    bool special;
};
int tokenizer_encode_parts(const struct tokenizer *t, const struct text_part *part, size_t n,
                           unsigned flags, struct tokens *out, struct err *e);

/* The bytes of one token, at most cap into buf; gives how many there are.  A special token has its
 * name when `special`, else none. */
size_t tokenizer_piece(const struct tokenizer *t, int32_t id, bool special, char *buf, size_t cap);

/* SentencePiece puts a space in front of a text, also behind an added token: whether the piece
 * behind `previous` (-1: the first) begins with one that nobody wrote. */
bool tokenizer_space_after(const struct tokenizer *t, int32_t previous);

/* The bytes of many, owned by the caller (mem_free), with a NUL behind them.  SentencePiece's
 * leading space is taken off at the start. */
int tokenizer_decode(const struct tokenizer *t, const int32_t *id, size_t n, bool special,
                     char **text, size_t *bytes, struct err *e);

int32_t tokenizer_size(const struct tokenizer *t);
const char *tokenizer_kind(const struct tokenizer *t); /* "BPE gpt-2", "BPE qwen2", "SPM" ... */
int32_t tokenizer_find(const struct tokenizer *t, const char *piece); /* special, by name; or -1 */
int32_t tokenizer_bos(const struct tokenizer *t);                     /* -1: none */
int32_t tokenizer_eos(const struct tokenizer *t);
bool tokenizer_ends(const struct tokenizer *t, int32_t id); /* eos, eot, <|im_end|>, <|end|> ... */

/* ---- streaming: bytes of tokens in, whole characters out ---- */
struct utf8_stream {
    unsigned char held[4];
    int n;
};

/* Append bytes; gives into out (cap >= n + 4) what may be shown now.  A sequence that cannot become
 * a character is passed on as it is. */
size_t utf8_stream_push(struct utf8_stream *s, const char *p, size_t n, char *out);
size_t utf8_stream_end(struct utf8_stream *s, char *out); /* what was held back */

#endif
