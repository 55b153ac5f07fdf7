/* row_gpu.cuh - rows of F32, F16 or BF16 in the registers of a warp, a block or a cluster: what the
 * kernels on rows are written over.
 *
 * A vector is 16 bytes.  Thread t of T takes vectors t, t + T, ... of a row, whatever its
 * alignment: a row's bits depend on its values, its length, its type and T alone.  Rows that begin
 * at 16 bytes and are whole vectors long (row_whole) are read and written 16 bytes at a time,
 * others value by value.  Arithmetic is in F32, and each output is rounded once. */
#ifndef KERNELS_VECTOR_ROW_GPU_CUH
#define KERNELS_VECTOR_ROW_GPU_CUH

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <stddef.h>
#include <stdint.h>

enum { ROW_LANES = 32, ROW_WARPS = 32, ROW_VECTOR = 16 };

/* Values in a vector. */
template <typename T> static constexpr int row_values = ROW_VECTOR / (int)sizeof(T);

static __device__ __forceinline__ void row_unpack(uint4 v, float (&f)[4], const float *)
{
    f[0] = __uint_as_float(v.x);
    f[1] = __uint_as_float(v.y);
    f[2] = __uint_as_float(v.z);
    f[3] = __uint_as_float(v.w);
}

static __device__ __forceinline__ uint4 row_pack(const float (&f)[4], const float *)
{
    return make_uint4(__float_as_uint(f[0]), __float_as_uint(f[1]), __float_as_uint(f[2]),
                      __float_as_uint(f[3]));
}

static __device__ __forceinline__ void row_unpack(uint4 v, float (&f)[8], const __half *)
{
    const unsigned words[4] = { v.x, v.y, v.z, v.w };

#pragma unroll
    for (int i = 0; i < 4; i++) {
        const float2 pair = __half22float2(*(const __half2 *)&words[i]);

        f[2 * i] = pair.x;
        f[2 * i + 1] = pair.y;
    }
}

static __device__ __forceinline__ uint4 row_pack(const float (&f)[8], const __half *)
{
    unsigned words[4];

#pragma unroll
    for (int i = 0; i < 4; i++)
        *(__half2 *)&words[i] = __floats2half2_rn(f[2 * i], f[2 * i + 1]);
    return make_uint4(words[0], words[1], words[2], words[3]);
}

/* BF16 is the upper half of an F32. */
static __device__ __forceinline__ void row_unpack(uint4 v, float (&f)[8], const __nv_bfloat16 *)
{
    const unsigned words[4] = { v.x, v.y, v.z, v.w };

#pragma unroll
    for (int i = 0; i < 4; i++) {
        f[2 * i] = __uint_as_float(words[i] << 16);
        f[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
    }
}

static __device__ __forceinline__ uint4 row_pack(const float (&f)[8], const __nv_bfloat16 *)
{
    unsigned words[4];

#pragma unroll
    for (int i = 0; i < 4; i++)
        *(__nv_bfloat162 *)&words[i] = __floats2bfloat162_rn(f[2 * i], f[2 * i + 1]);
    return make_uint4(words[0], words[1], words[2], words[3]);
}

/* Values of one vector that a row still has, from value `at` on: those past its end are 0. */
template <typename T>
static __device__ __forceinline__ uint4 row_load_some(const T *row, unsigned n, unsigned at)
{
    union {
        uint4 v;
        T t[row_values<T>];
    } u;

    u.v = make_uint4(0, 0, 0, 0);
#pragma unroll
    for (int k = 0; k < row_values<T>; k++)
        if (at + k < n)
            u.t[k] = row[at + k];
    return u.v;
}

template <typename T>
static __device__ __forceinline__ void row_store_some(T *row, unsigned n, unsigned at, uint4 v)
{
    union {
        uint4 v;
        T t[row_values<T>];
    } u;

    u.v = v;
#pragma unroll
    for (int k = 0; k < row_values<T>; k++)
        if (at + k < n)
            row[at + k] = u.t[k];
}

/* A stretch of a row: vector `first` and every `step`-th after it, N of them, as far as the row has
 * them.  What it has not is 0.  All loads are on their way before the first is used. */
struct row_stretch {
    unsigned n;     /* values of the row */
    unsigned first; /* a vector */
    unsigned step;
    bool whole; /* row_whole() of the arrays */
};

/* Where the values of its vector i begin. */
template <typename T>
static __device__ __forceinline__ unsigned row_value(struct row_stretch s, unsigned i)
{
    return (s.first + i * s.step) * row_values<T>;
}

template <typename T, int N>
static __device__ __forceinline__ void row_read(uint4 (&raw)[N], const T *row, struct row_stretch s)
{
    if (s.whole) {
#pragma unroll
        for (int i = 0; i < N; i++) /* past the first-level cache: nobody here reads it again */
            raw[i] = row_value<T>(s, i) < s.n ? __ldcg((const uint4 *)row + s.first + i * s.step)
                                              : make_uint4(0, 0, 0, 0);
        return;
    }
#pragma unroll
    for (int i = 0; i < N; i++)
        raw[i] = row_load_some(row, s.n, row_value<T>(s, i));
}

template <typename T>
static __device__ __forceinline__ void row_write(T *row, struct row_stretch s, int i, uint4 v)
{
    const unsigned at = row_value<T>(s, i);

    if (!s.whole)
        row_store_some(row, s.n, at, v);
    else if (at < s.n)
        ((uint4 *)row)[s.first + i * s.step] = v;
}

/* V parameters that all rows share, from value `at` on, 0 past the end; they stay in the caches. */
template <int V>
static __device__ __forceinline__ void row_weights(float (&f)[V], const float *w, unsigned n,
                                                   unsigned at, bool whole)
{
    if (whole) {
#pragma unroll
        for (int k = 0; k < V; k += 4) {
            const float4 v = at + k < n ? __ldg((const float4 *)(w + at + k)) : float4{};

            f[k] = v.x;
            f[k + 1] = v.y;
            f[k + 2] = v.z;
            f[k + 3] = v.w;
        }
        return;
    }
#pragma unroll
    for (int k = 0; k < V; k++)
        f[k] = at + k < n ? __ldg(w + at + k) : 0;
}

/* 2^x within 2^-22 of its value; results below the smallest normal number are 0. */
static __device__ __forceinline__ float row_ex2_approx_ftz(float x)
{
    float y;

    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

enum row_op { ROW_SUM, ROW_MOST };

/* ROW_MOST: the larger; NaN where one of them is. */
template <enum row_op OP> static __device__ __forceinline__ float row_two(float a, float b)
{
    if (OP == ROW_SUM)
        return a + b;
    return a > b || a != a ? a : b;
}

template <enum row_op OP> static __device__ __forceinline__ float row_join_warp(float x)
{
#pragma unroll
    for (int d = ROW_LANES / 2; d > 0; d /= 2)
        x = row_two<OP>(x, __shfl_xor_sync(0xffffffffu, x, d));
    return x;
}

/* Over THREADS threads, one warp or a whole block, the same bits in all of them.  parts: ROW_WARPS
 * floats in shared memory that nothing else uses until the block's next barrier but one. */
template <enum row_op OP, int THREADS>
static __device__ __forceinline__ float row_join(float x, float *parts)
{
    x = row_join_warp<OP>(x);
    if (THREADS == ROW_LANES)
        return x;
    if (threadIdx.x % ROW_LANES == 0)
        parts[threadIdx.x / ROW_LANES] = x;
    __syncthreads(); /* every thread reads what lane 0 of every warp wrote */
    x = parts[threadIdx.x % (THREADS / ROW_LANES)];
#pragma unroll
    for (int d = THREADS / ROW_LANES / 2; d > 0; d /= 2)
        x = row_two<OP>(x, __shfl_xor_sync(0xffffffffu, x, d));
    return x;
}

#endif
