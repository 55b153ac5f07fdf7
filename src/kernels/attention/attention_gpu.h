/* attention_gpu.h - dense causal attention over a paged KV cache on a GPU, for prompts and for
 * decoding: what attention.h computes, for several sequences at once.
 *
 * Differences from attention.h.  Q, K, V and the output are F16 or BF16, weights are rounded to
 * that type before they are multiplied with V, and K of a page is [KV_PAGE][head_dim] as V is: a
 * tensor core reads its factor from rows.  Pages are of the same KV_PAGE positions, so that an
 * engine has one allocator and one kind of table: those of a KV head are 4 to 8 KiB in one piece,
 * whole lines of memory, and an index for so many bytes costs nothing, where larger pages would
 * only waste the end of every sequence.  A contiguous cache is the table 0, 1, 2 ...
 *
 * Where a sequence ends is read on the device, so that a step of decoding can be recorded once and
 * replayed while the sequences grow, up to `context`.
 *
 * A call of up to ATTENTION_GPU_DECODE tokens cuts a sequence's positions into pieces, whose
 * results are merged in their order; how long a piece is depends on the sequence's own length.  So
 * the bits of a row depend on its own q, on the K and V that it sees, and on the tokens of its
 * call; not on other sequences, on `context`, or on what else the GPU does. */
#ifndef KERNELS_ATTENTION_ATTENTION_GPU_H
#define KERNELS_ATTENTION_ATTENTION_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"
#include "kernels/attention/attention.h"
#include "kernels/variant/gpu_variant.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ATTENTION_GPU_DECODE = 8,  /* tokens of a sequence in one call */
    ATTENTION_GPU_PIECE = 256, /* positions of a piece, at least, and a multiple of half of it */
    ATTENTION_GPU_PIECES = 48  /* of a sequence, at most */
};

/* All pointers are the device's and aligned to 16 bytes, strides are in values and multiples of 8,
 * sizes in bytes and multiples of 16.  Token t of sequence s is row s * tokens + t. */
struct attention_gpu_args {
    const void *q; /* [sequences * tokens][heads][head_dim], row r at q + r * ldq */
    size_t ldq;
    void *out; /* likewise, at out + r * ldo */
    size_t ldo;
    const void *k, *v; /* for `store` alone: [sequences * tokens][kv_heads][head_dim] */
    size_t ldkv;
    int sequences, tokens;
    const int32_t *first; /* [sequences]: position of token 0 of each; its K and V, and those of the
                           * other tokens, are stored before */
    int heads, kv_heads;  /* heads: a multiple of kv_heads */
    int head_dim;         /* 64, 96 or 128 */
    float scale;          /* above 0 */
    int window;           /* as in attention.h; 0: none */
    enum dtype dtype;     /* DTYPE_F16, or DTYPE_BF16 from compute capability 8.0 on */
    void *pool;           /* page b begins at pool + b * page_bytes */
    size_t page_bytes, k_offset, v_offset; /* K and V of this layer in a page */
    size_t head_bytes;                     /* from one KV head to the next */
    const int32_t *pages; /* position p of sequence s is in page pages[s * ldpages + p / KV_PAGE];
                           * entries behind a sequence's end are not read */
    size_t ldpages;
    int context;     /* no position of the call is as large: bounds what is launched */
    void *workspace; /* attention_gpu_workspace() bytes, zeroed before their first use; a run leaves
                      * them fit for the next.  Not for two runs at a time */
};

/* Bytes of a workspace for this shape: sequences, tokens, heads, kv_heads, head_dim, context. */
size_t attention_gpu_workspace(const struct attention_gpu_args *shape);

/* Can it be run on a device of this compute capability?  ERR_ARG for what makes no sense,
 * ERR_NOTSUP for what there is no code for. */
int attention_gpu_check(const struct attention_gpu_args *a, int capability, struct err *e);

/* K and V of the call's tokens into the cache.  Enqueued. */
int attention_gpu_store(const struct attention_gpu_args *a, gpu_stream s, struct err *e);

struct attention_gpu_variant {
    struct gpu_variant is;
    /* Enqueue; allocates nothing, waits for nothing, and may be recorded.  a has been checked for
     * this device, whose compute capability is `capability`. */
    int (*run)(const struct attention_gpu_args *a, int capability, gpu_stream s, struct err *e);
};

/* In the order of preference. */
const struct attention_gpu_variant *attention_gpu_variants(int *n);

#ifdef __cplusplus
}
#endif

#endif
