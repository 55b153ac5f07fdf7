/* attention.h - dense causal attention over a paged KV cache, for prompts and for decoding.
 *
 * out[t][h] = sum over p of softmax_p(scale q[t][h] . K[p]) V[p], for positions
 * p <= first + t, and p > first + t - window where there is a window; query heads
 * h share K and V head h / (heads / kv_heads) (GQA, Ainslie et al. 2023).  Scores, maxima and sums
 * are F32, in one pass over the keys with rescaling (Dao et al., 2022).  NaN in, NaN out.
 *
 * The cache is a pool of pages of KV_PAGE positions; a sequence has a table of page numbers (Kwon
 * et al., 2023).  In page b, K of KV head k of this layer is [head_dim][KV_PAGE] at
 * pool + b * page_bytes + k_offset + k * head_bytes, transposed so that the scores of neighbouring
 * positions need neither shuffles nor sums across a vector; V is [KV_PAGE][head_dim] at v_offset.
 * `store` writes both.  What lies behind a sequence's last position is not looked at.
 *
 * A row's positions are cut at multiples of ATTENTION_SPLIT; each cut is summed by itself, and the
 * cuts are merged in the order of positions.  So the bits of a row depend on its own q and on the
 * K and V that it sees: not on threads, the batch, or the other tokens of the call. */
#ifndef KERNELS_ATTENTION_ATTENTION_H
#define KERNELS_ATTENTION_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"
#include "kernels/dtype/dtype.h"

enum {
    KV_PAGE = 32,           /* positions; a page and KV head is one item of a store */
    ATTENTION_TILE = 32,    /* tokens of an item; in a call of no more, each cut is an item */
    ATTENTION_SPLIT = 256,  /* positions */
    ATTENTION_DIM_MAX = 256 /* head_dim: a multiple of 8, and no more than this */
};

struct attention_args {
    const float *q; /* [tokens][heads][head_dim], token t at q + t * ldq */
    size_t ldq;
    float *out; /* likewise, at out + t * ldo */
    size_t ldo;
    const float *k, *v; /* for `store` alone: [tokens][kv_heads][head_dim], at k + t * ldkv */
    size_t ldkv;
    int tokens, first; /* token t has position first + t; its own K and V are stored before */
    int heads, kv_heads, head_dim; /* heads: a multiple of kv_heads */
    float scale;
    int window;          /* 0: none */
    enum dtype kv_dtype; /* DTYPE_F32 or DTYPE_F16 */
    void *pool;          /* it, and the four sizes below, are multiples of 64 bytes */
    size_t page_bytes, k_offset, v_offset, head_bytes;
    const int32_t *pages; /* of the sequence: position p is in pages[p / KV_PAGE] */
    float *partial;       /* attention_partial_floats(a); not touched where that is 0 */
};

/* Bytes of K, or of V, of one KV head in a page: the least head_bytes. */
size_t attention_head_bytes(enum dtype kv_dtype, int head_dim);

/* How many items each step of a call has.  Threads may take the items of a step in any order; a
 * step begins when the one before is done.  Small items come last. */
int attention_stores(const struct attention_args *a);
int attention_items(const struct attention_args *a);
int attention_merges(const struct attention_args *a); /* 0 where nothing is left to merge */

/* Floats of `partial`: of this call, and enough for any call of this shape (heads, head_dim,
 * window), of no more tokens, whose positions are below `context`. */
size_t attention_partial_floats(const struct attention_args *a);
size_t attention_partial_bound(const struct attention_args *shape, int context);

struct attention_variant {
    const char *name;
    uint64_t needs; /* bits 1 << enum cpu_feature, all of them */
    /* K and V of the call's tokens into the cache: item 0 <= i < attention_stores. */
    void (*store)(const struct attention_args *a, int item);
    void (*run)(const struct attention_args *a, int item);
    void (*merge)(const struct attention_args *a, int item);
};

/* The table: scalar first, then in the order of preference. */
const struct attention_variant *attention_variants(int *n);

/* The preferred variant that the CPU can run; name: that one (NULL: any).  NULL when there is none
 * of that name here. */
const struct attention_variant *attention_best(const struct cpu_info *cpu, const char *name);

/* The contract in F64, [tokens][heads][head_dim], and how far any F32 variant may be from it. */
void attention_reference(const struct attention_args *a, double *out, double *tol);

#endif
