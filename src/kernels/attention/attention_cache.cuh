/* attention_cache.cuh - where things lie in the arguments of attention_gpu.h, and who sees what. */
#ifndef KERNELS_ATTENTION_ATTENTION_CACHE_CUH
#define KERNELS_ATTENTION_ATTENTION_CACHE_CUH

#include "kernels/attention/attention_gpu.h"

/* K and V of one KV head of one sequence. */
struct cache_head {
    const char *k, *v; /* in page 0 */
    const int32_t *pages;
    size_t page_bytes;
};

static __device__ __forceinline__ struct cache_head cache_head_of(
    const struct attention_gpu_args *a, int sequence, int kv_head)
{
    const char *head = (const char *)a->pool + (size_t)kv_head * a->head_bytes;

    return { head + a->k_offset, head + a->v_offset, a->pages + (size_t)sequence * a->ldpages,
             a->page_bytes };
}

/* Positions that a token sees: lo .. hi - 1. */
struct cache_span {
    int lo, hi;
};

static __device__ __forceinline__ struct cache_span cache_sees(const struct attention_gpu_args *a,
                                                               int first, int token)
{
    const int hi = first + token + 1, lo = a->window > 0 ? hi - a->window : 0;

    return { lo > 0 ? lo : 0, hi };
}

/* Rows of a KV head are (token, query head) pairs, the heads of a token one after the other. */
static __device__ __forceinline__ size_t cache_row(const struct attention_gpu_args *a, int sequence,
                                                   int kv_head, int row, size_t ld, int dim)
{
    const int group = a->heads / a->kv_heads, token = row / group, head = row % group;

    return ((size_t)sequence * a->tokens + token) * ld + (size_t)(kv_head * group + head) * dim;
}

#endif
