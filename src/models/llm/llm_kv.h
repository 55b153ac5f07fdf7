/* llm_kv.h - the KV cache: a pool of pages, and for each sequence the table of those it has.
 *
 * A page holds KV_PAGE positions of every layer; its layout is attention.h's.  A sequence's pages
 * come from the pool when it grows and go back when it is truncated.  One thread. */
#ifndef MODELS_LLM_LLM_KV_H
#define MODELS_LLM_LLM_KV_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "kernels/attention/attention.h"
#include "models/llm/llm_config.h"

struct llm_kv_seq {
    int32_t *pages; /* owned, in the order of positions; n_pages of them */
    int n_pages;
    size_t length; /* positions */
};

struct llm_kv {
    enum dtype dtype;
    size_t head_bytes, layer_bytes, page_bytes;
    void *memory; /* owned; the pool lies in it, 64-byte aligned */
    char *pool;
    size_t bytes; /* of memory and tables */
    int n_pages;
    int32_t *free; /* owned, a stack of n_free pages */
    int n_free;
    struct llm_kv_seq *seqs; /* owned, n_seqs */
    int n_seqs;
    size_t context, used; /* positions of all sequences together */
};

/* Room for `context` positions in n_seqs sequences, however they share it.  ERR_NOMEM says how much
 * it wants. */
int llm_kv_init(struct llm_kv *kv, const struct llm_config *c, enum dtype dtype, size_t context,
                int n_seqs, struct err *e);
void llm_kv_release(struct llm_kv *kv);

/* Make sequence `seq` longer by n positions; ERR_NOMEM, and nothing has changed, when the context
 * is full. */
int llm_kv_grow(struct llm_kv *kv, int seq, size_t n, struct err *e);
void llm_kv_truncate(struct llm_kv *kv, int seq, size_t length);

/* Bytes a position. */
size_t llm_kv_position_bytes(const struct llm_kv *kv);

#endif
