/* attention.h - dense causal attention over a paged KV cache, for prompts and for decoding.
 *
 * out[t][h] = sum over p of softmax_p(scale q[t][h] . K[p]) V[p], for positions
 * p <= first + t, and p > first + t - window where there is a window; query heads
 * h share K and V head h / (heads / kv_heads) (GQA, Ainslie et al. 2023).  Scores, maxima and sums
 * are F32, in one pass over the keys with rescaling (Dao et al., 2022).  NaN in, NaN out.
 *
 * The cache is a pool of pages of KV_PAGE positions; a sequence has a table of page numbers (Kwon
 * et al., 2023).  In page b, K of KV head k of this layer is [KV_PAGE][head_dim] at
 * pool + b * page_bytes + k_offset + k * head_bytes; V likewise at v_offset.
 *
 * The work is cut into items that threads may take in any order: ATTENTION_TILE tokens x one KV
 * head x ATTENTION_SPLIT positions.  The cut depends on the sequence alone, and partial results are
 * merged in the order of positions, so the bits do not depend on threads or on the batch. */
#ifndef KERNELS_ATTENTION_ATTENTION_H
#define KERNELS_ATTENTION_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"
#include "kernels/dtype/dtype.h"

enum { KV_PAGE = 32, ATTENTION_TILE = 16, ATTENTION_SPLIT = 1024 };

struct attention_args {
    const float *q; /* [tokens][heads][head_dim], token t at q + t * ldq */
    size_t ldq;
    float *out; /* likewise, at out + t * ldo */
    size_t ldo;
    int tokens, first; /* token t has position first + t; its own K and V are in the cache */
    int heads, kv_heads, head_dim;
    float scale;
    int window;          /* 0: none */
    enum dtype kv_dtype; /* DTYPE_F32 or DTYPE_F16 */
    const void *pool;
    size_t page_bytes, k_offset, v_offset, head_bytes;
    const int32_t *pages; /* of the sequence: position p is in pages[p / KV_PAGE] */
    /* [attention_items][partial] floats, from attention_partial_floats(); where there is one split
     * only, not touched. */
    float *partial;
};

int attention_items(const struct attention_args *a);
size_t attention_partial_floats(const struct attention_args *a); /* 0 with one split */

/* Tokens x heads outputs are merged from splits; nothing to do with one split. */
int attention_merges(const struct attention_args *a);

struct attention_variant {
    const char *name;
    uint64_t needs;
    /* Item 0 <= i < attention_items.  After all of them, merge 0 <= i < attention_merges. */
    void (*run)(const struct attention_args *a, int item);
    void (*merge)(const struct attention_args *a, int item);
    /* n floats into the cache's type. */
    void (*store)(enum dtype kv_dtype, const float *x, void *dst, size_t n);
};

const struct attention_variant *attention_variants(int *n);
const struct attention_variant *attention_best(const struct cpu_info *cpu, const char *name);

/* The contract in F64, [tokens][heads][head_dim]. */
void attention_reference(const struct attention_args *a, double *out);

#endif
