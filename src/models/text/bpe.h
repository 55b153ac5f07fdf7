/* bpe.h - byte-pair encoding (Sennrich et al., 2016): which two tokens become which, and when.
 *
 * A word is a list of tokens.  Of all neighbours that have a rule, those of the lowest rank become
 * one, the leftmost where several are equal, until no neighbours have one.  With a heap over a
 * linked list that is n log n, also for words of a million bytes. */
#ifndef MODELS_TEXT_BPE_H
#define MODELS_TEXT_BPE_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "models/text/tokenizer.h"

/* Built once, then read-only. */
struct bpe_rule {
    int32_t left, right; /* left -1: an empty slot */
    int32_t rank, id;
};

struct bpe {
    struct bpe_rule *slot;
    size_t slots, n;
};

/* Room for n rules. */
int bpe_init(struct bpe *b, size_t n, struct err *e);
/* The first rule of two tokens counts.  ERR_FORMAT: more than there is room for. */
int bpe_add(struct bpe *b, int32_t left, int32_t right, int32_t rank, int32_t id, struct err *e);
void bpe_release(struct bpe *b);

/* Scratch memory of one caller; {0} is empty. */
struct bpe_symbol {
    int32_t id; /* -1: became a part of its left neighbour */
    int32_t prev, next;
};

struct bpe_pair {
    uint64_t order; /* rank, then place: the smallest is next */
    int32_t left, right, id;
};

struct bpe_work {
    struct bpe_symbol *symbol;
    size_t n, cap;
    struct bpe_pair *heap;
    size_t n_heap, cap_heap;
};

/* Put a token behind the word. */
int bpe_push(struct bpe_work *w, int32_t id, struct err *e);
/* Append what the word becomes to *out; the word is empty afterwards. */
int bpe_merge(const struct bpe *b, struct bpe_work *w, struct tokens *out, struct err *e);
void bpe_work_release(struct bpe_work *w);

#endif
