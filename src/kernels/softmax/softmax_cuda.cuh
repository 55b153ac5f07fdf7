/* softmax_cuda.cuh - softmax of one row on the threads of a warp, a block or a cluster. */
#ifndef KERNELS_SOFTMAX_SOFTMAX_CUDA_CUH
#define KERNELS_SOFTMAX_SOFTMAX_CUDA_CUH

#include "kernels/softmax/softmax_gpu.h"
#include "kernels/vector/row_gpu.cuh"

struct softmax_shared {
    float parts[2][ROW_WARPS];
    float of_blocks[2][8]; /* a cluster's: one of each of its blocks */
};

/* The values of all blocks of a cluster joined, in their order; softmax_cuda_sm90.cu has it. */
template <enum row_op OP> static __device__ float softmax_join_blocks(float x, float *of_blocks);

/* Over TEAM threads of each of BLOCKS blocks. */
template <enum row_op OP, int TEAM, int BLOCKS>
static __device__ __forceinline__ float softmax_join(float x, struct softmax_shared *shared)
{
    x = row_join<OP, TEAM>(x, shared->parts[OP]);
    if constexpr (BLOCKS > 1)
        x = softmax_join_blocks<OP>(x, shared->of_blocks[OP]);
    return x;
}

/* Value k of vector i of a stretch, -inf past the row's end. */
template <typename T>
static __device__ __forceinline__ void softmax_values(float (&f)[row_values<T>], uint4 raw,
                                                      struct row_stretch s, int i)
{
    const unsigned at = row_value<T>(s, i), left = at < s.n ? s.n - at : 0;

    row_unpack(raw, f, (const T *)0);
#pragma unroll
    for (int k = 0; k < row_values<T>; k++)
        f[k] = k < left ? f[k] : -INFINITY;
}

template <typename T, int N>
static __device__ __forceinline__ float softmax_most(const uint4 (&raw)[N], struct row_stretch s)
{
    float most = -INFINITY;

#pragma unroll
    for (int i = 0; i < N; i++) {
        float f[row_values<T>];

        softmax_values<T>(f, raw[i], s, i);
#pragma unroll
        for (int k = 0; k < row_values<T>; k++)
            most = row_two<ROW_MOST>(f[k], most);
    }
    return most;
}

template <typename T, int N>
static __device__ __forceinline__ float softmax_sum(const uint4 (&raw)[N], struct row_stretch s,
                                                    float most, float factor)
{
    float sum = 0;

#pragma unroll
    for (int i = 0; i < N; i++) {
        float f[row_values<T>];

        softmax_values<T>(f, raw[i], s, i);
#pragma unroll
        for (int k = 0; k < row_values<T>; k++)
            sum += row_ex2_approx_ftz((f[k] - most) * factor);
    }
    return sum;
}

template <typename T, int N>
static __device__ __forceinline__ void softmax_store(const uint4 (&raw)[N], T *y,
                                                     struct row_stretch s, float most, float factor,
                                                     float inverse)
{
#pragma unroll
    for (int i = 0; i < N; i++) {
        float f[row_values<T>];

        row_unpack(raw[i], f, (const T *)0);
#pragma unroll
        for (int k = 0; k < row_values<T>; k++)
            f[k] = row_ex2_approx_ftz((f[k] - most) * factor) * inverse;
        row_write(y, s, i, row_pack(f, (const T *)0));
    }
}

/* From 10.0 on, the compiler would keep values as it unpacked them for the maximum until their sum:
 * twice the registers, and more than there are.  What may have changed it must unpack again. */
template <int N> static __device__ __forceinline__ void softmax_forget(uint4 (&raw)[N])
{
#if __CUDA_ARCH__ >= 1000
#pragma unroll
    for (int i = 0; i < N; i++)
        asm volatile("" : "+r"(raw[i].x), "+r"(raw[i].y), "+r"(raw[i].z), "+r"(raw[i].w));
#else
    (void)raw;
#endif
}

/* Block `block` of BLOCKS has its part of the row; KEPT: TEAM threads with N vectors each hold all
 * of that in registers.  Otherwise the row is read twice: for its maximum and its sum at once, the
 * sum being scaled whenever the maximum grows, and for the output. */
template <typename T, int TEAM, int N, bool KEPT, int BLOCKS>
static __device__ __forceinline__ void softmax_row(const struct softmax_gpu_args &a, size_t row,
                                                   unsigned block, bool whole, float factor,
                                                   struct softmax_shared *shared)
{
    constexpr unsigned V = row_values<T>;
    const unsigned vectors = ((unsigned)a.n + V - 1) / V;
    const unsigned part = (vectors + BLOCKS - 1) / BLOCKS;
    const unsigned end = BLOCKS > 1 ? min((unsigned)a.n, (block + 1) * part * V) : (unsigned)a.n;
    const unsigned first = block * part + threadIdx.x % TEAM;
    struct row_stretch s = { end, first, TEAM, whole };
    const T *x = (const T *)a.x + row * a.x_stride;
    float most = -INFINITY, sum = 0, all;
    uint4 raw[N];

    if (KEPT) {
        row_read(raw, x, s);
        all = softmax_join<ROW_MOST, TEAM, BLOCKS>(softmax_most<T>(raw, s), shared);
        softmax_forget(raw);
        sum = softmax_sum<T>(raw, s, all, factor);
    } else {
        for (; row_value<T>(s, 0) < end; s.first += TEAM * N) {
            float larger, base;

            row_read(raw, x, s);
            larger = row_two<ROW_MOST>(softmax_most<T>(raw, s), most);
            base = larger == -INFINITY ? 0 : larger; /* so far nothing counts */
            sum = sum * row_ex2_approx_ftz((most - base) * factor) +
                  softmax_sum<T>(raw, s, base, factor);
            most = larger;
        }
        all = softmax_join<ROW_MOST, TEAM, BLOCKS>(most, shared);
        sum *= row_ex2_approx_ftz((most - all) * factor);
    }
    sum = softmax_join<ROW_SUM, TEAM, BLOCKS>(sum, shared);
    if (a.lse && first == 0)
        a.lse[row] = all * a.scale + logf(sum);
    if (!a.y)
        return;
    for (s.first = first; KEPT || row_value<T>(s, 0) < end; s.first += TEAM * N) {
        if (!KEPT)
            row_read(raw, x, s);
        softmax_store(raw, (T *)a.y + row * a.y_stride, s, all, factor, 1 / sum);
        if (KEPT)
            break;
    }
}

#endif
