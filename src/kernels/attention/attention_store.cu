/* attention_store.cu - K and V of new tokens into the pages of a cache.
 *
 * Roofline  a copy of 4 head_dim bytes a token and KV head, in pieces of 16 bytes. */
#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "kernels/attention/attention_cache.cuh"

enum { STORE_THREADS = 256 };

static __global__ void __launch_bounds__(STORE_THREADS)
    store_kernel(const struct attention_gpu_args a, int chunks)
{
    const size_t i = (size_t)blockIdx.x * STORE_THREADS + threadIdx.x;
    const int chunk = (int)(i % chunks), kv_head = (int)(i / chunks % a.kv_heads);
    const size_t row = i / chunks / a.kv_heads;
    const int sequence = (int)(row / a.tokens);

    if (sequence >= a.sequences)
        return;
    const struct cache_head to = cache_head_of(&a, sequence, kv_head);
    const int position = a.first[sequence] + (int)(row % a.tokens);
    const size_t at = (size_t)to.pages[position / KV_PAGE] * a.page_bytes +
                      (size_t)(position % KV_PAGE * chunks + chunk) * sizeof(uint4);
    const size_t from = 2 * (row * a.ldkv + (size_t)kv_head * a.head_dim) + chunk * sizeof(uint4);

    *(uint4 *)(to.k + at) = *(const uint4 *)((const char *)a.k + from);
    *(uint4 *)(to.v + at) = *(const uint4 *)((const char *)a.v + from);
}

int attention_gpu_store(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    const int chunks = a->head_dim * 2 / (int)sizeof(uint4);
    const size_t all = (size_t)a->sequences * a->tokens * a->kv_heads * chunks;

    if (all == 0)
        return 0;
    store_kernel<<<(unsigned)((all + STORE_THREADS - 1) / STORE_THREADS), STORE_THREADS, 0, s>>>(
        *a, chunks);
    return gpu_try_launched(cudaGetLastError(), "kernel that stores K and V", e);
}
