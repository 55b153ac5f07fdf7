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

/* One list, as a thread block sees it; offsets are few registers, pointers would be many. */
struct sparse_mma_list {
    size_t q_at, kv_at; /* rows before row0 in Q, O and LSE, before the head's in K and V */
    int row0;           /* first row of Q */
    int first, tiles;   /* first block; tiles of all blocks */
};

/* The list and the rows of it that this thread block has.  Volatile: what is asked for again after
 * the walk over the blocks need not be kept in registers all the way. */
template <typename S>
static __device__ __forceinline__ struct sparse_mma_list sparse_mma_list_of(
    const struct sparse_device *d)
{
    constexpr int PARTS = SPARSE_BLOCK / S::BM;
    const int list = *(const volatile int32_t *)(d->order + blockIdx.x / PARTS);
    const int head = list / d->rows;
    const int row0 = list % d->rows * SPARSE_BLOCK + blockIdx.x % PARTS * S::BM;
    const int first = d->row_ptr[list];

    return { (size_t)head * d->q_len + row0, (size_t)head * d->kv_len, row0, first,
             (d->row_ptr[list + 1] - first) * (SPARSE_BLOCK / S::BN) };
}

/* A row of Q, K, V or O. */
template <typename S>
static __device__ __forceinline__ const char *sparse_mma_row(const void *rows, size_t row)
{
    return (const char *)rows + row * S::ROW_BYTES;
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

/* Does it have scores that do not exist? */
template <typename S>
static __device__ __forceinline__ bool sparse_mma_holes(const struct sparse_device *d,
                                                        struct sparse_mma_tile_at at)
{
    return at.mask >= 0 || at.begin + S::BN > d->kv_len;
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
            auto set = ~(typename flash_word<S::BN>::type)0;

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

/* The tiles of a list, one after the other; as flash_walk. */
template <typename S>
static __device__ __forceinline__ bool sparse_mma_walk(const struct sparse_device *d,
                                                       const struct sparse_args *a,
                                                       const struct sparse_mma_list *l, float scale,
                                                       char *shared, struct flash_state<S> *f)
{
    const auto load = [&](int tile, char *k, char *v) {
        const int begin = sparse_mma_at<S>(d, l, tile).begin;
        const size_t at = l->kv_at + begin;

        flash_load<S, S::BN>(k, sparse_mma_row<S>(a->k, at), d->kv_len - begin);
        flash_load<S, S::BN>(v, sparse_mma_row<S>(a->v, at), d->kv_len - begin);
    };
    const auto bits = [&](int tile, struct flash_bits<S> *out) -> bool {
        const struct sparse_mma_tile_at at = sparse_mma_at<S>(d, l, tile);
        const bool holes = sparse_mma_holes<S>(d, at);

        if (holes)
            sparse_mma_bits<S>(d, at, l->row0, out);
        return holes;
    };
    const auto masked = [&](int tile) -> bool { return sparse_mma_at<S>(d, l, tile).mask >= 0; };

    flash_load<S, S::BM>(shared, sparse_mma_row<S>(a->q, l->q_at), d->q_len - l->row0);
    return flash_walk<S>(f, flash_source_of(load, bits, masked), shared, l->tiles, scale);
}

/* The rows one by one. */
template <typename S>
static __device__ __forceinline__ void sparse_mma_rows(const struct sparse_device *d,
                                                       const struct sparse_args *a,
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
            const size_t from = l->kv_at + column;

            if (column >= d->kv_len ||
                (at.mask >= 0 && !(bits[in_block / 32] >> in_block % 32 & 1)))
                return { NULL, NULL };
            return { sparse_mma_row<S>(a->k, from), sparse_mma_row<S>(a->v, from) };
        };
        const struct flash_one<typename S::T, S::D> one = flash_one_row<typename S::T, S::D>(
            sparse_mma_row<S>(a->q, l->q_at + row), l->tiles * S::BN, scale, kv);

        flash_one_store(&one, (char *)sparse_mma_row<S>(a->o, l->q_at + row));
        if (a->lse && threadIdx.x % MMA_LANES == 0)
            a->lse[l->q_at + row] = flash_lse(one.base, one.sum);
    }
}

/* Several thread blocks a multiprocessor: one's exponentials beside the other's products. */
template <typename S>
static __global__ void __launch_bounds__(FLASH_THREADS, S::MT == 1 && S::D == 64 ? 3 : 2)
    sparse_mma_kernel(const struct sparse_device d, const struct sparse_args a, float scale)
{
    extern __shared__ __align__(128) char sparse_mma_shared[];
    const struct sparse_mma_list l = sparse_mma_list_of<S>(&d);
    struct flash_state<S> f;
    struct sparse_mma_list to;

    if (l.row0 >= d.q_len)
        return;
    flash_begin<S>(&f);
    if (l.tiles > 0 && !sparse_mma_walk<S>(&d, &a, &l, scale, sparse_mma_shared, &f)) {
        to = sparse_mma_list_of<S>(&d);
        sparse_mma_rows<S>(&d, &a, &to, scale);
        return;
    }
    flash_sums<S>(&f);
    to = sparse_mma_list_of<S>(&d);
    if (a.lse)
        sparse_mma_lse<S>(&f, a.lse + to.q_at, d.q_len - to.row0);
    flash_store<S>(&f, sparse_mma_shared, [&](int row) {
        return to.row0 + row < d.q_len ? (char *)sparse_mma_row<S>(a.o, to.q_at + row) : NULL;
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
