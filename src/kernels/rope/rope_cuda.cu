/* rope_cuda.cu - rotary position embedding of the heads of tokens.
 *
 * Roofline  each value is read and written once; angles are shared by a token's heads and come from
 *           the caches.  The memory binds.
 * Variants  flat  a thread has one vector of the first and one of the second values of its pairs
 *                 (ROPE_HALF), or two vectors of pairs (ROPE_PAIR): 32 bytes on their way.  What is
 *                 not made of whole vectors goes pair by pair. */
#include "kernels/rope/rope_gpu.h"

#include <cuda_runtime_api.h>
#include <limits.h>

#include "gpu/gpu_try.h"
#include "kernels/vector/row_gpu.cuh"

enum { THREADS = 256 };

/* One unit of a thread's work: which row and head, and its place in the head. */
struct rope_unit {
    size_t row;
    unsigned head, at;
};

static __device__ __forceinline__ bool unit_of(struct rope_unit *u, const struct rope_gpu_args &a,
                                               unsigned units)
{
    const size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;
    const size_t heads = i / units;

    u->at = (unsigned)(i - heads * units);
    u->row = heads / (unsigned)a.heads;
    u->head = (unsigned)(heads - u->row * (unsigned)a.heads);
    return u->row < a.rows;
}

static __device__ __forceinline__ size_t angles_of(const struct rope_gpu_args &a, size_t row)
{
    return (a.position ? (size_t)__ldg(a.position + row) : row) * a.angle_stride;
}

/* Products and sums are rounded one by one, like the CPU's. */
static __device__ __forceinline__ void turn(float &x, float &y, float c, float s)
{
    const float u = x, v = y;

    x = __fsub_rn(__fmul_rn(u, c), __fmul_rn(v, s));
    y = __fadd_rn(__fmul_rn(u, s), __fmul_rn(v, c));
}

/* Two vectors that turn: halves apart, or neighbours that hold whole pairs. */
template <typename T, enum rope_kind KIND>
static __device__ __forceinline__ void turn_vectors(uint4 &first, uint4 &second, const float *cos,
                                                    const float *sin)
{
    constexpr int V = row_values<T>;
    float x[2][V], c[V], s[V];

    row_unpack(first, x[0], (const T *)0);
    row_unpack(second, x[1], (const T *)0);
    row_weights(c, cos, V, 0, true);
    row_weights(s, sin, V, 0, true);
#pragma unroll
    for (int k = 0; k < V; k++) {
        if (KIND == ROPE_HALF)
            turn(x[0][k], x[1][k], c[k], s[k]);
        else
            turn(x[k / (V / 2)][2 * k % V], x[k / (V / 2)][2 * k % V + 1], c[k], s[k]);
    }
    first = row_pack(x[0], (const T *)0);
    second = row_pack(x[1], (const T *)0);
}

/* A head is rot / 2V units that turn, then units of two vectors that are copied (the last may have
 * one only). */
template <typename T, enum rope_kind KIND>
static __global__ void __launch_bounds__(THREADS)
    rope_whole_kernel(const struct rope_gpu_args a, unsigned units)
{
    constexpr unsigned V = row_values<T>;
    const unsigned turning = (unsigned)a.rot / (2 * V), vectors = (unsigned)a.head_dim / V;
    const unsigned apart = KIND == ROPE_HALF ? turning : 1;
    struct rope_unit u;
    unsigned first, second;
    const uint4 *x;
    uint4 *y, v[2];

    if (!unit_of(&u, a, units))
        return;
    x = (const uint4 *)((const T *)a.x + u.row * a.x_stride) + u.head * vectors;
    y = (uint4 *)((T *)a.y + u.row * a.y_stride) + u.head * vectors;
    first = u.at < turning && KIND == ROPE_HALF ? u.at : 2 * u.at;
    second = u.at < turning ? first + apart : first + 1;
    v[0] = __ldcg(x + first);
    v[1] = second < vectors ? __ldcg(x + second) : v[0];
    if (u.at < turning) {
        const size_t angles = angles_of(a, u.row) + u.at * V;

        turn_vectors<T, KIND>(v[0], v[1], a.cos + angles, a.sin + angles);
    }
    y[first] = v[0];
    if (second < vectors)
        y[second] = v[1];
}

static __device__ __forceinline__ float to_float(float x)
{
    return x;
}
static __device__ __forceinline__ float to_float(__half x)
{
    return __half2float(x);
}
static __device__ __forceinline__ float to_float(__nv_bfloat16 x)
{
    return __bfloat162float(x);
}
static __device__ __forceinline__ void of_float(float *y, float x)
{
    *y = x;
}
static __device__ __forceinline__ void of_float(__half *y, float x)
{
    *y = __float2half_rn(x);
}
static __device__ __forceinline__ void of_float(__nv_bfloat16 *y, float x)
{
    *y = __float2bfloat16_rn(x);
}

/* A head is rot / 2 units of a pair that turns, then units of a value that is copied. */
template <typename T>
static __global__ void __launch_bounds__(THREADS)
    rope_pair_kernel(const struct rope_gpu_args a, unsigned units)
{
    const unsigned pairs = (unsigned)a.rot / 2;
    unsigned first, second;
    struct rope_unit u;
    const T *x;
    T *y;

    if (!unit_of(&u, a, units))
        return;
    x = (const T *)a.x + u.row * a.x_stride + (size_t)u.head * (unsigned)a.head_dim;
    y = (T *)a.y + u.row * a.y_stride + (size_t)u.head * (unsigned)a.head_dim;
    if (u.at >= pairs) {
        y[u.at + pairs] = x[u.at + pairs];
        return;
    }
    first = a.kind == ROPE_HALF ? u.at : 2 * u.at;
    second = a.kind == ROPE_HALF ? u.at + pairs : 2 * u.at + 1;
    float p = to_float(x[first]), q = to_float(x[second]);
    const size_t angles = angles_of(a, u.row) + u.at;

    turn(p, q, __ldg(a.cos + angles), __ldg(a.sin + angles));
    of_float(y + first, p);
    of_float(y + second, q);
}

template <typename T>
static int launch(const struct rope_gpu_args *a, bool whole, gpu_stream stream, struct err *e)
{
    constexpr unsigned V = row_values<T>;
    const unsigned dim = (unsigned)a->head_dim, rot = (unsigned)a->rot;
    const unsigned units =
        whole ? rot / (2 * V) + (dim - rot + 2 * V - 1) / (2 * V) : rot / 2 + (dim - rot);
    const size_t grid = (a->rows * (size_t)a->heads * units + THREADS - 1) / THREADS;

    if (grid > INT_MAX)
        return ERR(e, ERR_ARG, "rope: %zu rows of %d heads do not fit in one grid", a->rows,
                   a->heads);
    if (!whole)
        rope_pair_kernel<T><<<(unsigned)grid, THREADS, 0, stream>>>(*a, units);
    else if (a->kind == ROPE_HALF)
        rope_whole_kernel<T, ROPE_HALF><<<(unsigned)grid, THREADS, 0, stream>>>(*a, units);
    else
        rope_whole_kernel<T, ROPE_PAIR><<<(unsigned)grid, THREADS, 0, stream>>>(*a, units);
    return gpu_try_launched(cudaGetLastError(), "rope kernel", e);
}

int rope_cuda_flat(const struct rope_gpu_args *a, gpu_stream s, struct err *e)
{
    bool whole;
    int rc = rope_gpu_check(a, &whole, e);

    if (rc < 0)
        return rc;
    if (a->dtype == DTYPE_F32)
        return launch<float>(a, whole, s, e);
    return a->dtype == DTYPE_F16 ? launch<__half>(a, whole, s, e)
                                 : launch<__nv_bfloat16>(a, whole, s, e);
}
