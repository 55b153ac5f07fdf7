/* sparse_steps.cuh - the three kernels.
 *
 * Roofline  160 KiB a block through memory or L2 (scores 64 out and 64 in, weights 16 KiB of each
 *           row's 32 out and in), where one kernel moves 32: bound by that, not by arithmetic. */
#ifndef KERNELS_ATTENTION_SPARSE_STEPS_CUH
#define KERNELS_ATTENTION_SPARSE_STEPS_CUH

#include "kernels/attention/sparse_mma.cuh"
#include "kernels/attention/sparse_steps.h"

/* Positions a step of weights times V; blocks whose scores stay in registers between maximum and
 * weights. */
enum { STEPS_BN = 64, STEPS_KEPT = 6 };

/* ---- scores, in powers of 2: a thread block a block */

template <typename S> static constexpr int steps_scores_bytes = 2 * SPARSE_BLOCK *S::ROW_BYTES;

template <typename S>
static __device__ __forceinline__ void steps_scores_half(const struct sparse_device *d,
                                                         struct sparse_mma_tile_at at, int row0,
                                                         const struct flash_q<S> *q,
                                                         const char *shared, float scale, float *to)
{
    const char *k_tile = shared + SPARSE_BLOCK * S::ROW_BYTES + at.part * S::BN * S::ROW_BYTES;
    float s[S::MT][S::BN / 8][4];

    flash_scores<S>(s, q, shared, k_tile);
    if (sparse_mma_holes<S>(d, at)) {
        struct flash_bits<S> bits;

        sparse_mma_bits<S>(d, at, row0, &bits);
        flash_hide<S>(s, &bits);
    }
#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float *row = to + flash_row<S>(m, half) * SPARSE_BLOCK + at.part * S::BN;

#pragma unroll
            for (int n = 0; n < S::BN / 8; n++)
                *(float2 *)(row + n * 8 + threadIdx.x % 4 * 2) =
                    make_float2(s[m][n][2 * half] * scale, s[m][n][2 * half + 1] * scale);
        }
}

template <typename S>
static __global__ void __launch_bounds__(FLASH_THREADS, 2)
    steps_scores_kernel(const struct sparse_device d, const struct sparse_args a, float scale,
                        float *scores)
{
    extern __shared__ __align__(128) char steps_shared[];
    const int block = blockIdx.x, list = d.row[block], head = list / d.rows;
    const int row0 = list % d.rows * SPARSE_BLOCK, column = d.col[block] * SPARSE_BLOCK;
    const int mask = d.mask ? d.mask[block] : -1;
    const size_t q_at = (size_t)head * d.q_len + row0, k_at = (size_t)head * d.kv_len + column;
    char *const k_tile = steps_shared + SPARSE_BLOCK * S::ROW_BYTES;
    struct flash_q<S> q;

    flash_load<S, SPARSE_BLOCK>(steps_shared, (const char *)a.q + q_at * S::ROW_BYTES,
                                d.q_len - row0);
    flash_load<S, SPARSE_BLOCK>(k_tile, (const char *)a.k + k_at * S::ROW_BYTES, d.kv_len - column);
    mma_copies_commit<S::ARCH>();
    mma_copies_wait<S::ARCH, 0>();
    __syncthreads(); /* all of Q and K has come */
    flash_q_load<S>(&q, steps_shared);
#pragma unroll
    for (int part = 0; part < SPARSE_BLOCK / S::BN; part++)
        steps_scores_half<S>(&d, { column + part * S::BN, mask, part }, row0, &q, steps_shared,
                             scale, scores + (size_t)block * SPARSE_BLOCK * SPARSE_BLOCK);
}

/* ---- softmax: a warp a row; a lane has four columns of each block */

static __device__ __forceinline__ float4 steps_row(const float *row, int b, int n)
{
    const float none = -INFINITY;

    return b < n ? *(const float4 *)(row + (size_t)b * SPARSE_BLOCK * SPARSE_BLOCK)
                 : make_float4(none, none, none, none);
}

static __device__ __forceinline__ float steps_top(float top, float4 x)
{
    return fmaxf(top, fmaxf(fmaxf(x.x, x.y), fmaxf(x.z, x.w)));
}

/* Write the weights over the scores, of which they take the first half; gives their sum. */
template <typename T>
static __device__ __forceinline__ float steps_weights(float *row, int lane, int b, float4 x,
                                                      float base)
{
    const float4 w = make_float4(mma_exp2(x.x - base), mma_exp2(x.y - base), mma_exp2(x.z - base),
                                 mma_exp2(x.w - base));

    __syncwarp(); /* what is read here by some lanes is written over by others */
    ((uint2 *)(row + (size_t)b * SPARSE_BLOCK * SPARSE_BLOCK))[lane] =
        make_uint2(mma_pair<T>(w.x, w.y), mma_pair<T>(w.z, w.w));
    return (w.x + w.y) + (w.z + w.w);
}

template <typename T>
static __global__ void __launch_bounds__(FLASH_THREADS)
    steps_softmax_kernel(const struct sparse_device d, const struct sparse_steps w, float *lse)
{
    const int lane = threadIdx.x % MMA_LANES;
    const int64_t at = ((int64_t)blockIdx.x * FLASH_THREADS + threadIdx.x) / MMA_LANES;
    const int list = (int)(at / SPARSE_BLOCK), in_block = (int)(at % SPARSE_BLOCK);
    const int head = list / d.rows, row = list % d.rows * SPARSE_BLOCK + in_block;
    const int first = d.row_ptr[list], n = d.row_ptr[list + 1] - first;
    float *const scores = w.scores + ((size_t)first * SPARSE_BLOCK + in_block) * SPARSE_BLOCK;
    float4 kept[STEPS_KEPT];
    float top = -INFINITY, base, sum = 0;

    if (row >= d.q_len)
        return;
#pragma unroll
    for (int b = 0; b < STEPS_KEPT; b++) {
        kept[b] = steps_row(scores + 4 * lane, b, n);
        top = steps_top(top, kept[b]);
    }
    for (int b = STEPS_KEPT; b < n; b++)
        top = steps_top(top, steps_row(scores + 4 * lane, b, n));
#pragma unroll
    for (int other = MMA_LANES / 2; other > 0; other /= 2)
        top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, other));
    base = top == -INFINITY ? 0 : top;
#pragma unroll
    for (int b = 0; b < STEPS_KEPT; b++)
        if (b < n)
            sum += steps_weights<T>(scores, lane, b, kept[b], base);
    for (int b = STEPS_KEPT; b < n; b++)
        sum += steps_weights<T>(scores, lane, b, steps_row(scores + 4 * lane, b, n), base);
#pragma unroll
    for (int other = MMA_LANES / 2; other > 0; other /= 2)
        sum += __shfl_xor_sync(0xffffffffu, sum, other);
    if (lane > 0)
        return;
    w.sums[at] = sum;
    if (lse)
        lse[(size_t)head * d.q_len + row] = flash_lse(base, sum);
}

/* ---- weights times V: a thread block half a block row */

/* Weights lie like rows of STEPS_BN values. */
template <typename S>
using steps_weights_shape = flash_shape<S::ARCH, typename S::T, STEPS_BN, S::MT, STEPS_BN>;

template <typename S>
static constexpr int steps_tile_bytes = S::BM *steps_weights_shape<S>::ROW_BYTES + S::TILE_BYTES;

template <typename S>
static __device__ __forceinline__ void steps_load(const struct sparse_device *d,
                                                  const struct sparse_args *a,
                                                  const struct sparse_mma_list *l,
                                                  const float *scores, int tile, char *to)
{
    typedef steps_weights_shape<S> W;
    const struct sparse_mma_tile_at at = sparse_mma_at<S>(d, l, tile);
    const size_t block = l->first + tile / (SPARSE_BLOCK / S::BN);
    const char *from =
        (const char *)(scores + (block * SPARSE_BLOCK + l->row0 % SPARSE_BLOCK) * SPARSE_BLOCK) +
        at.part * W::ROW_BYTES;

#pragma unroll
    for (int i = 0; i < S::BM * W::CHUNKS / FLASH_THREADS; i++) {
        const int chunk = i * FLASH_THREADS + (int)threadIdx.x, row = chunk / W::CHUNKS;

        mma_copy<S::ARCH>(to + flash_at<W>(row, chunk % W::CHUNKS),
                          from + row * SPARSE_BLOCK * 4 + chunk % W::CHUNKS * 16, true);
    }
    flash_load<S, S::BN>(to + S::BM * W::ROW_BYTES, sparse_mma_row<S>(a->v, l->kv_at + at.begin),
                         d->kv_len - at.begin);
    mma_copies_commit<S::ARCH>();
}

/* false: a V that is not finite lies under a mask. */
template <typename S>
static __device__ __forceinline__ bool steps_walk(const struct sparse_device *d,
                                                  const struct sparse_args *a,
                                                  const struct sparse_mma_list *l,
                                                  const float *scores, char *shared,
                                                  struct flash_state<S> *f)
{
    typedef steps_weights_shape<S> W;
    bool odd = false; /* this thread has seen such a V */

    steps_load<S>(d, a, l, scores, 0, shared);
#pragma unroll 1
    for (int i = 0; i < l->tiles; i++) {
        const char *tile = shared + i % 2 * steps_tile_bytes<S>;
        const char *v_tile = tile + S::BM * W::ROW_BYTES;
        unsigned p[S::MT][S::BN / 16][4];

        mma_copies_wait<S::ARCH, 0>();
        /* This tile has come for all threads, and none reads the one before any more. */
        __syncthreads();
        if (i + 1 < l->tiles)
            steps_load<S>(d, a, l, scores, i + 1, shared + (i + 1) % 2 * steps_tile_bytes<S>);
        if (sparse_mma_at<S>(d, l, i).mask >= 0)
            odd |= flash_not_finite<S>(v_tile);
#pragma unroll
        for (int m = 0; m < S::MT; m++)
#pragma unroll
            for (int k = 0; k < S::BN / 16; k++)
                flash_fragment<W>(p[m][k], tile, m, k);
        flash_values<S>(f, p, v_tile);
    }
    /* Also, all have read their weights, in whose place the rows are stored. */
    return !__syncthreads_or(odd);
}

template <typename S>
static __global__ void __launch_bounds__(FLASH_THREADS, S::D == 64 ? 3 : 2)
    steps_values_kernel(const struct sparse_device d, const struct sparse_args a,
                        const struct sparse_steps w, float scale)
{
    extern __shared__ __align__(128) char steps_shared[];
    constexpr int PARTS = SPARSE_BLOCK / S::BM;
    const struct sparse_mma_list l = sparse_mma_list_of<S>(&d);
    const float *sums =
        w.sums + (size_t)d.order[blockIdx.x / PARTS] * SPARSE_BLOCK + blockIdx.x % PARTS * S::BM;
    struct flash_state<S> f;

    if (l.row0 >= d.q_len)
        return;
    flash_begin<S>(&f);
    if (l.tiles > 0 && !steps_walk<S>(&d, &a, &l, w.scores, steps_shared, &f)) {
        sparse_mma_rows<S>(&d, &a, &l, scale);
        return;
    }
#pragma unroll
    for (int m = 0; m < S::MT; m++)
#pragma unroll
        for (int half = 0; half < 2; half++)
            f.sum[m][half] = sums[flash_row<S>(m, half)];
    flash_store<S>(&f, steps_shared, [&](int row) {
        return l.row0 + row < d.q_len ? (char *)sparse_mma_row<S>(a.o, l.q_at + row) : NULL;
    });
}

/* ---- launches */

template <int ARCH, typename T, int D>
static int steps_launch(const struct sparse_device *d, const struct sparse_steps *w,
                        const struct sparse_args *a, gpu_stream s, struct err *e)
{
    typedef flash_shape<ARCH, T, D, 2, 64> scores;
    typedef flash_shape<ARCH, T, D, 1, STEPS_BN> values;
    const float scale = a->scale * FLASH_LOG2_E;
    const unsigned rows = (unsigned)d->lists * SPARSE_BLOCK;
    cudaError_t rc = cudaFuncSetAttribute(steps_scores_kernel<scores>,
                                          cudaFuncAttributeMaxDynamicSharedMemorySize,
                                          steps_scores_bytes<scores>);

    if (rc == cudaSuccess)
        rc = cudaFuncSetAttribute(steps_values_kernel<values>,
                                  cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  2 * steps_tile_bytes<values>);
    if (rc != cudaSuccess || rows == 0)
        return gpu_try_launched(rc, "shared memory of sparse attention", e);
    if (d->blocks > 0)
        steps_scores_kernel<scores>
            <<<(unsigned)d->blocks, FLASH_THREADS, steps_scores_bytes<scores>, s>>>(*d, *a, scale,
                                                                                    w->scores);
    steps_softmax_kernel<T><<<rows / FLASH_WARPS, FLASH_THREADS, 0, s>>>(*d, *w, a->lse);
    steps_values_kernel<values><<<(unsigned)d->lists *(SPARSE_BLOCK / values::BM), FLASH_THREADS,
                                  2 * steps_tile_bytes<values>, s>>>(*d, *a, *w, scale);
    return gpu_try_launched(cudaGetLastError(), "sparse attention in three steps", e);
}

#endif
