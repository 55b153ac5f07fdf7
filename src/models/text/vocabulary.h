/* vocabulary.h - the pieces of a tokenizer: the bytes that each token stands for.
 *
 * Built once, then read-only.  Pieces are kept as the bytes they give, whatever the file writes
 * them as: byte-level BPE's letters for bytes are undone, SentencePiece's U+2581 stays. */
#ifndef MODELS_TEXT_VOCABULARY_H
#define MODELS_TEXT_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* GGUF's tokenizer.ggml.token_type, less one. */
enum piece_kind {
    PIECE_NORMAL,
    PIECE_UNKNOWN,
    PIECE_CONTROL, /* not text: found in a text only when asked for */
    PIECE_USER,    /* text that is always one token */
    PIECE_UNUSED,
    PIECE_BYTE, /* SentencePiece's <0xHH> */
    PIECE_KINDS
};

struct piece {
    size_t at; /* in vocabulary.bytes */
    uint32_t n;
    uint8_t kind;
    bool lstrip, rstrip; /* an added token that takes the white space beside it */
};

struct vocabulary_slot {
    int32_t id;   /* -1: empty */
    uint32_t tag; /* other bits of the hash: most that differ are told without a look at them */
};

struct vocabulary {
    char *bytes;
    size_t n_bytes, cap_bytes;
    struct piece *piece;
    int32_t n, cap;
    struct vocabulary_slot *slot; /* hash of the normal pieces */
    size_t slots;
    int32_t byte[256]; /* the token of a byte alone, or -1 */
};

/* The pieces in the order of their ids.  ERR_NOMEM, ERR_FORMAT. */
int vocabulary_add(struct vocabulary *v, const char *p, size_t n, enum piece_kind kind,
                   struct err *e);
/* The same, from a text in which each byte is a letter (byte_letter).  A text that has other
 * letters is kept as it is. */
int vocabulary_add_letters(struct vocabulary *v, const char *p, size_t n, enum piece_kind kind,
                           struct err *e);
/* After the last piece: make them findable.  byte[] comes from the byte pieces where there are any,
 * else from normal pieces of one byte. */
int vocabulary_finish(struct vocabulary *v, struct err *e);
void vocabulary_release(struct vocabulary *v);

/* The normal piece of these bytes (the first, where a file has several), or -1. */
int32_t vocabulary_find(const struct vocabulary *v, const char *p, size_t n);

/* Byte-level BPE (Radford et al., 2019) writes bytes as printable letters: those that are printable
 * stay, the other 68 are U+0100 and on.  -1: no byte has this letter. */
int byte_of_letter(uint32_t cp);
/* The bytes of a text of letters into out (n at most); false where there is another letter. */
bool bytes_of_letters(const char *p, size_t n, char *out, size_t *n_out);

/* SentencePiece writes the token of a byte as "<0xHH>"; -1: that is not one. */
int byte_of_name(const char *p, size_t n);

#endif
