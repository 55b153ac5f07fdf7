/* sparse_mma.cuh - block-sparse attention by mma.sync; a thread block a block row, or half of one.
 *
 * Roofline  a 128x128 block of head dimension 64 is 4.2 MFLOP, of which a multiprocessor of 9.0
 *           does 4096 a clock by wgmma but about 5/8 of that by mma.sync: 1640 clocks; its 16,384
 *           exponentials take 1024 more, of which a second thread block hides a part.  K and V
 *           come from the L2: 32 KiB a block. */
#ifndef KERNELS_ATTENTION_SPARSE_MMA_CUH
#define KERNELS_ATTENTION_SPARSE_MMA_CUH

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "kernels/attention/flash_mma.cuh"
#include "kernels/attention/sparse_mma.h"

/* One list, as a thread block sees it. */
struct sparse_mma_list {
    const char *q, *k, *v; /* Q of row0, K and V of the head */
    char *o;               /* of row0, */
    float *lse;            /* as this */
    int row0;              /* first row of Q */
    int first, tiles;      /* first block; tiles of all blocks */
};

/* The part-th S::BM rows of a list's block row. */
template <typename S>
static __device__ __forceinline__ struct sparse_mma_list sparse_mma_list_of(
    const struct sparse_device *d, const struct sparse_args *a, int list, int part)
{
    const int head = list / d->rows, row0 = list % d->rows * SPARSE_BLOCK + part * S::BM;
    const size_t q_at = (size_t)head * d->q_len + row0, kv_at = (size_t)head * d->kv_len;
    const int first = d->row_ptr[list];

    return { (const char *)a->q + q_at * S::ROW_BYTES,
             (const char *)a->k + kv_at * S::ROW_BYTES,
             (const char *)a->v + kv_at * S::ROW_BYTES,
             (char *)a->o + q_at * S::ROW_BYTES,
             a->lse ? a->lse + q_at : NULL,
             row0,
             first,
             (d->row_ptr[list + 1] - first) * (SPARSE_BLOCK / S::BN) };
}

/* A tile of K and V. */
struct sparse_mma_tile_at {
    int begin; /* its first position */
    int mask;  /* of its block; -1: none */
    int part;  /* which tile of its block it is */
};

template <typename S>
static __device__ __forceinline__ struct sparse_mma_tile_at sparse_mma_at(
    const struct sparse_device *d, const struct sparse_mma_list *l, int tile)
{
    constexpr int PARTS = SPARSE_BLOCK / S::BN;
    const int block = l->first + tile / PARTS, part = tile % PARTS;

    return { __ldg(d->col + block) * SPARSE_BLOCK + part * S::BN,
             d->mask ? __ldg(d->mask + block) : -1, part };
}

template <typename S>
static __device__ __forceinline__ void sparse_mma_load(const struct sparse_device *d,
                                                       const struct sparse_mma_list *l, int begin,
                                                       char *k_tile, char *v_tile)
{
    const size_t at = (size_t)begin * S::ROW_BYTES;

    flash_load<S, S::BN>(k_tile, l->k + at, d->kv_len - begin);
    flash_load<S, S::BN>(v_tile, l->v + at, d->kv_len - begin);
    mma_copies_commit<S::ARCH>();
}

/* Which scores of a tile exist: those of the block's mask, before the end of K. */
template <typename S>
static __device__ __forceinline__ void sparse_mma_bits(const struct sparse_device *d,
                                                       struct sparse_mma_tile_at at, int row0,
                                                       struct flash_bits<S> *bits)
{
    const uint64_t there = flash_low(d->kv_len - at.begin);

#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            uint64_t set = ~0ull;

            if (at.mask >= 0) {
                const uint32_t *row =
                    d->masks + (size_t)at.mask * SPARSE_MASK_WORDS +
                    (row0 + flash_row<S>(m, half)) % SPARSE_BLOCK * SPARSE_MASK_ROW;

                if constexpr (S::BN == 64)
                    set = __ldg((const unsigned long long *)row + at.part);
                else
                    set = __ldg(row + at.part);
            }
            bits->row[m][half] = set & there;
        }
}

template <typename S>
static __device__ __forceinline__ void sparse_mma_lse(const struct flash_state<S> *f, float *lse,
                                                      int rows)
{
#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int row = flash_row<S>(m, half);

            if (threadIdx.x % 4 == 0 && row < rows)
                lse[row] = flash_lse(f->base[m][half], f->sum[m][half]);
        }
}

/* The tiles of a list, one after the other.  false, and nothing of use in f, where a V that is not
 * finite lies under a mask. */
template <typename S>
static __device__ __forceinline__ bool sparse_mma_walk(const struct sparse_device *d,
                                                       const struct sparse_mma_list *l, float scale,
                                                       char *shared, struct flash_state<S> *f)
{
    char *const tiles = shared + S::BM * S::ROW_BYTES;
    struct sparse_mma_tile_at next = sparse_mma_at<S>(d, l, 0);
    bool odd = false; /* this thread has seen such a V */
    struct flash_q<S> q;

    flash_load<S, S::BM>(shared, l->q, d->q_len - l->row0);
    sparse_mma_load<S>(d, l, next.begin, tiles, tiles + 2 * S::TILE_BYTES);
#pragma unroll 1
    for (int i = 0; i < l->tiles; i++) {
        const struct sparse_mma_tile_at at = next;
        const char *k_tile = tiles + i % 2 * S::TILE_BYTES, *v_tile = k_tile + 2 * S::TILE_BYTES;
        const bool holes = at.mask >= 0 || at.begin + S::BN > d->kv_len;
        struct flash_bits<S> bits;
        float s[S::MT][S::BN / 8][4];
        unsigned p[S::MT][S::BN / 16][4];

        if (i + 1 < l->tiles)
            next = sparse_mma_at<S>(d, l, i + 1);
        if (holes)
            sparse_mma_bits<S>(d, at, l->row0, &bits);
        mma_copies_wait<S::ARCH, 0>();
        /* This tile has come for all threads, and none reads the one before any more. */
        __syncthreads();
        if (i + 1 < l->tiles)
            sparse_mma_load<S>(d, l, next.begin, tiles + (i + 1) % 2 * S::TILE_BYTES,
                               tiles + ((i + 1) % 2 + 2) * S::TILE_BYTES);
        if (at.mask >= 0)
            odd |= flash_not_finite<S>(v_tile);
        if (i == 0)
            flash_q_load<S>(&q, shared);
        flash_scores<S>(s, &q, shared, k_tile);
        if (holes)
            flash_hide<S>(s, &bits);
        flash_softmax<S>(f, s, p, scale);
        flash_values<S>(f, p, v_tile);
    }
    return !__syncthreads_or(odd);
}

/* The rows one by one. */
template <typename S>
static __device__ __forceinline__ void sparse_mma_rows(const struct sparse_device *d,
                                                       const struct sparse_mma_list *l, float scale)
{
    const int first = threadIdx.x / MMA_LANES * 16 * S::MT;

#pragma unroll 1
    for (int row = first; row < first + 16 * S::MT && l->row0 + row < d->q_len; row++) {
        const auto kv = [&](int i) -> struct flash_kv {
            const struct sparse_mma_tile_at at = sparse_mma_at<S>(d, l, i / S::BN);
            const int in_block = at.part * S::BN + i % S::BN, column = at.begin + i % S::BN;
            const uint32_t *bits = d->masks + (size_t)at.mask * SPARSE_MASK_WORDS +
                                   (l->row0 + row) % SPARSE_BLOCK * SPARSE_MASK_ROW;
            const size_t from = (size_t)column * S::ROW_BYTES;

            if (column >= d->kv_len ||
                (at.mask >= 0 && !(bits[in_block / 32] >> in_block % 32 & 1)))
                return { NULL, NULL };
            return { l->k + from, l->v + from };
        };

        flash_one_row<S>(l->q + row * S::ROW_BYTES, l->tiles * S::BN, scale, kv,
                         l->o + row * S::ROW_BYTES, l->lse ? l->lse + row : NULL);
    }
}

/* Several thread blocks a multiprocessor: one's exponentials beside the other's products. */
template <typename S>
static __global__ void __launch_bounds__(FLASH_THREADS, S::MT == 1 && S::D == 64 ? 3 : 2)
    sparse_mma_kernel(const struct sparse_device d, const struct sparse_args a, float scale)
{
    extern __shared__ __align__(128) char sparse_mma_shared[];
    constexpr int PARTS = SPARSE_BLOCK / S::BM;
    const struct sparse_mma_list l =
        sparse_mma_list_of<S>(&d, &a, d.order[blockIdx.x / PARTS], blockIdx.x % PARTS);
    struct flash_state<S> f;

    if (l.row0 >= d.q_len)
        return;
    flash_begin<S>(&f);
    if (l.tiles > 0 && !sparse_mma_walk<S>(&d, &l, scale, sparse_mma_shared, &f)) {
        sparse_mma_rows<S>(&d, &l, scale);
        return;
    }
    flash_sums<S>(&f);
    if (l.lse)
        sparse_mma_lse<S>(&f, l.lse, d.q_len - l.row0);
    flash_store<S>(&f, sparse_mma_shared, [&](int row) {
        return l.row0 + row < d.q_len ? l.o + row * S::ROW_BYTES : NULL;
    });
}

template <typename S>
static int sparse_mma_launch(const struct sparse_device *d, const struct sparse_args *a,
                             gpu_stream s, struct err *e)
{
    const unsigned grid = (unsigned)d->lists * (SPARSE_BLOCK / S::BM);
    int rc = gpu_try_launched(cudaFuncSetAttribute(sparse_mma_kernel<S>,
                                                   cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                   S::SHARED_BYTES),
                              "shared memory of sparse attention", e);

    if (rc < 0 || grid == 0)
        return rc;
    sparse_mma_kernel<S>
        <<<grid, FLASH_THREADS, S::SHARED_BYTES, s>>>(*d, *a, a->scale * FLASH_LOG2_E);
    return gpu_try_launched(cudaGetLastError(), "sparse attention kernel", e);
}

#endif
