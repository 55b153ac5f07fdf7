/* attention_prefill.cuh - dense attention of many tokens by mma.sync; a thread block has a tile of
 * rows.
 *
 * Roofline  4 head_dim operations a row and position that it sees; at head_dim 128 a multiprocessor
 *           of 9.0 does about 2560 of them a clock by mma.sync.  The rows of a tile share K and V,
 *           which come from the L2; rows are (token, head) pairs, so that the heads of a group are
 *           in one tile, and few tokens are: little of a tile is behind the diagonal.
 *           The last tokens see most and are begun first. */
#ifndef KERNELS_ATTENTION_ATTENTION_PREFILL_CUH
#define KERNELS_ATTENTION_ATTENTION_PREFILL_CUH

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "kernels/attention/attention_cache.cuh"
#include "kernels/attention/attention_launch.h"
#include "kernels/attention/flash_mma.cuh"

/* A tile of rows. */
struct prefill_tile {
    int sequence, kv_head;
    int first;              /* position of token 0 */
    int row0, rows;         /* of the KV head: the tile's first, and how many there are in all */
    struct cache_span any;  /* positions that some row of the tile sees */
    struct cache_span each; /* ... and that each does */
};

/* Which thread block this is: KV head, tile of rows from the last one on, sequence.  Volatile: what
 * can be asked for again need not be kept in registers. */
static __device__ __forceinline__ uint3 prefill_block(void)
{
    uint3 at;

    asm volatile("mov.u32 %0, %%ctaid.x;" : "=r"(at.x));
    asm volatile("mov.u32 %0, %%ctaid.y;" : "=r"(at.y));
    asm volatile("mov.u32 %0, %%ctaid.z;" : "=r"(at.z));
    return at;
}

template <typename S>
static __device__ __forceinline__ struct prefill_tile prefill_tile_of(
    const struct attention_gpu_args *a)
{
    const int group = a->heads / a->kv_heads;
    const uint3 block = prefill_block();
    struct prefill_tile t;
    struct cache_span low, high;
    int last;

    t.kv_head = (int)block.x;
    t.sequence = (int)block.z;
    t.first = a->first[t.sequence];
    t.rows = a->tokens * group;
    t.row0 = (int)(gridDim.y - 1 - block.y) * S::BM;
    last = t.row0 + S::BM < t.rows ? t.row0 + S::BM - 1 : t.rows - 1;
    low = cache_sees(a, t.first, t.row0 / group);
    high = cache_sees(a, t.first, last / group);
    t.any = { low.lo, high.hi };
    t.each = { high.lo, low.hi };
    return t;
}

/* Enqueue K and V of the positions of a tile. */
template <typename S>
static __device__ __forceinline__ void prefill_load(const struct attention_gpu_args *a,
                                                    const struct prefill_tile *t, int begin,
                                                    char *k_tile, char *v_tile)
{
    const uint3 block = prefill_block();
    const struct cache_head head = cache_head_of(a, (int)block.z, (int)block.x);

#pragma unroll
    for (int part = 0; part < S::BN / KV_PAGE; part++) {
        const int position = begin + part * KV_PAGE, there = t->any.hi - position;
        const int32_t page = there > 0 ? __ldg(head.pages + position / KV_PAGE) : 0;
        const size_t from = (size_t)page * head.page_bytes;

        flash_load<S, KV_PAGE>(k_tile + part * KV_PAGE * S::ROW_BYTES, head.k + from, there);
        flash_load<S, KV_PAGE>(v_tile + part * KV_PAGE * S::ROW_BYTES, head.v + from, there);
    }
}

template <typename S>
static __device__ __forceinline__ void prefill_load_q(const struct attention_gpu_args *a,
                                                      const struct prefill_tile *t, char *shared)
{
#pragma unroll 4
    for (int i = 0; i < S::BM * S::CHUNKS / FLASH_THREADS; i++) {
        const int at = i * FLASH_THREADS + (int)threadIdx.x;
        const int row = at / S::CHUNKS, chunk = at % S::CHUNKS;
        const bool there = t->row0 + row < t->rows;
        const size_t from =
            there ? cache_row(a, t->sequence, t->kv_head, t->row0 + row, a->ldq, S::D) : 0;

        mma_copy<S::ARCH>(shared + flash_at<S>(row, chunk),
                          (const char *)a->q + from * 2 + chunk * 16, there);
    }
}

template <typename S>
static __device__ __forceinline__ void prefill_bits(const struct attention_gpu_args *a,
                                                    const struct prefill_tile *t, int begin,
                                                    struct flash_bits<S> *bits)
{
    const int group = a->heads / a->kv_heads;

#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const struct cache_span sees =
                cache_sees(a, t->first, (t->row0 + flash_row<S>(m, half)) / group);

            bits->row[m][half] = flash_low(sees.hi - begin) & ~flash_low(sees.lo - begin);
        }
}

/* All positions that some row sees; as flash_walk. */
template <typename S>
static __device__ __forceinline__ bool prefill_walk(const struct attention_gpu_args *a,
                                                    const struct prefill_tile *t, float scale,
                                                    char *shared, struct flash_state<S> *f)
{
    const int start = t->any.lo / S::BN * S::BN;
    const int tiles = (t->any.hi - start + S::BN - 1) / S::BN;
    const auto masked = [&](int tile) -> bool {
        const int begin = start + tile * S::BN;

        return begin < t->each.lo || begin + S::BN > t->each.hi;
    };
    const auto load = [&](int tile, char *k, char *v) {
        prefill_load<S>(a, t, start + tile * S::BN, k, v);
    };
    const auto bits = [&](int tile, struct flash_bits<S> *out) -> bool {
        if (masked(tile))
            prefill_bits<S>(a, t, start + tile * S::BN, out);
        return masked(tile);
    };

    prefill_load_q<S>(a, t, shared);
    return flash_walk<S>(f, flash_source_of(load, bits, masked), shared, tiles, scale);
}

/* The rows one by one. */
template <typename S>
static __device__ __forceinline__ void prefill_rows(const struct attention_gpu_args *a,
                                                    const struct prefill_tile *t, float scale)
{
    const struct cache_head head = cache_head_of(a, t->sequence, t->kv_head);
    const int group = a->heads / a->kv_heads;
    const int first = t->row0 + threadIdx.x / MMA_LANES * 16 * S::MT;

#pragma unroll 1
    for (int row = first; row < first + 16 * S::MT && row < t->rows; row++) {
        const struct cache_span sees = cache_sees(a, t->first, row / group);
        const char *q =
            (const char *)a->q + 2 * cache_row(a, t->sequence, t->kv_head, row, a->ldq, S::D);
        char *o = (char *)a->out + 2 * cache_row(a, t->sequence, t->kv_head, row, a->ldo, S::D);
        const auto kv = [&](int i) -> struct flash_kv {
            const int position = sees.lo + i;
            const size_t from = (size_t)head.pages[position / KV_PAGE] * head.page_bytes +
                                position % KV_PAGE * S::ROW_BYTES;

            return { head.k + from, head.v + from };
        };
        const struct flash_one<typename S::T, S::D> one =
            flash_one_row<typename S::T, S::D>(q, sees.hi - sees.lo, scale, kv);

        flash_one_store(&one, o);
    }
}

template <typename S>
static __global__ void __launch_bounds__(FLASH_THREADS, S::MT == 1 && S::D == 64 ? 3 : 2)
    prefill_kernel(const struct attention_gpu_args a, float scale)
{
    extern __shared__ __align__(128) char prefill_shared[];
    const struct prefill_tile t = prefill_tile_of<S>(&a);
    struct flash_state<S> f;
    struct prefill_tile to;

    flash_begin<S>(&f);
    if (!prefill_walk<S>(&a, &t, scale, prefill_shared, &f)) {
        to = prefill_tile_of<S>(&a);
        prefill_rows<S>(&a, &to, scale);
        return;
    }
    flash_sums<S>(&f);
    to = prefill_tile_of<S>(&a);
    flash_store<S>(&f, prefill_shared, [&](int row) -> char * {
        return to.row0 + row < to.rows ? (char *)a.out + 2 * cache_row(&a, to.sequence, to.kv_head,
                                                                       to.row0 + row, a.ldo, S::D)
                                       : NULL;
    });
}

template <typename S>
static int prefill_launch(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    const int rows = a->tokens * (a->heads / a->kv_heads);
    const dim3 grid((unsigned)a->kv_heads, (unsigned)((rows + S::BM - 1) / S::BM),
                    (unsigned)a->sequences);
    int rc = gpu_try_launched(cudaFuncSetAttribute(prefill_kernel<S>,
                                                   cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                   S::SHARED_BYTES),
                              "shared memory of attention", e);

    if (rc < 0)
        return rc;
    prefill_kernel<S><<<grid, FLASH_THREADS, S::SHARED_BYTES, s>>>(*a, a->scale * FLASH_LOG2_E);
    return gpu_try_launched(cudaGetLastError(), "attention kernel", e);
}

#endif
