/* fusion_steps.cu - the steps of a chain one by one, and a matrix-vector product with the steps
 * beside it.
 *
 * Roofline  the steps read and write rows, the product reads its matrices once: memory binds.  Of
 *           the fused product every block normalises x for itself, from the L2: 3 us at the start
 *           that the launch of a kernel of its own would take anyway; the first vectors of the
 *           matrix are on their way meanwhile.
 * Product   a warp an output; x in shared memory as it is stored, 16 bytes a lane and access
 *           without bank conflicts; IN_FLIGHT vectors are asked for before the first is used. */
#include <cuda_runtime_api.h>
#include <limits.h>

#include "gpu/gpu_try.h"
#include "kernels/activation/activation_cuda.cuh"
#include "kernels/fusion/fusion_steps_gpu.h"
#include "kernels/vector/row_gpu.cuh"
#include "kernels/vector/row_gpu.h"

enum { THREADS = 256, VECTORS = 2, IN_FLIGHT = 4, WARPS = THREADS / ROW_LANES, X_BYTES = 48 << 10 };

/* 127 / m is finite from here on. */
static constexpr float LEAST = 0x1p-120f;

/* ---- add */

template <typename T>
static __global__ void __launch_bounds__(THREADS)
    add_kernel(const struct fusion_add a, unsigned vectors, size_t all)
{
    constexpr int V = row_values<T>;
    const size_t first = (size_t)blockIdx.x * (THREADS * VECTORS) + threadIdx.x;
    uint4 x[VECTORS] = {}, add[VECTORS] = {};

#pragma unroll
    for (int i = 0; i < VECTORS; i++)
        if (first + i * THREADS < all) {
            x[i] = __ldcg((const uint4 *)a.x + first + i * THREADS);
            if (a.add)
                add[i] = __ldcg((const uint4 *)a.add + first + i * THREADS);
        }
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
        const size_t at = first + (size_t)i * THREADS;
        float f[V], g[V];

        if (at >= all)
            break;
        row_unpack(x[i], f, (const T *)0);
        if (a.add)
            row_unpack(add[i], g, (const T *)0);
        else
            row_weights(g, a.bias, (unsigned)a.n,
                        (at >> 32 ? (unsigned)(at % vectors) : (unsigned)at % vectors) * V, true);
#pragma unroll
        for (int k = 0; k < V; k++)
            f[k] += g[k];
        ((uint4 *)a.y)[at] = row_pack(f, (const T *)0);
    }
}

template <typename T> static int launch_add(const struct fusion_add *a, gpu_stream s, struct err *e)
{
    const unsigned vectors = (unsigned)a->n / row_values<T>;
    const size_t all = a->rows * vectors, block = THREADS * VECTORS;
    const size_t grid = (all + block - 1) / block;

    if (grid > INT_MAX)
        return ERR(e, ERR_ARG, "add: %zu rows of %zu values do not fit in one grid", a->rows, a->n);
    add_kernel<T><<<(unsigned)grid, THREADS, 0, s>>>(*a, vectors, all);
    return gpu_try_launched(cudaGetLastError(), "add kernel", e);
}

/* What the steps here ask for: rows without gaps, of whole vectors. */
static int check_rows(const char *what, enum dtype dtype, size_t rows, size_t n, const void *y,
                      const void *x, struct err *e)
{
    const struct row_array arrays[] = { { y, n }, { x, n } };
    const struct row_check c = { what, dtype, rows, n, arrays, 2, 1 };
    int rc = row_check(&c, e);

    if (rc == 0 && !row_whole(dtype, n, arrays, 2))
        rc = ERR(e, ERR_ARG, "%s: rows of %zu values are not made of 16-byte vectors", what, n);
    return rc;
}

int fusion_add(const struct fusion_add *a, gpu_stream s, struct err *e)
{
    int rc = check_rows("add", a->dtype, a->rows, a->n, a->y, a->x, e);

    if (rc < 0)
        return rc;
    if (!a->add && !a->bias)
        return ERR(e, ERR_ARG, "add: nothing to add");
    if (a->dtype == DTYPE_F32)
        return launch_add<float>(a, s, e);
    return a->dtype == DTYPE_F16 ? launch_add<__half>(a, s, e) : launch_add<__nv_bfloat16>(a, s, e);
}

/* ---- quantize: a block a row, read twice (the second time from the nearest cache) */

template <typename T>
static __global__ void __launch_bounds__(THREADS) quantize_kernel(const struct fusion_quantize a)
{
    enum { N = 4 };
    constexpr int V = row_values<T>;
    const T *x = (const T *)a.x + (size_t)blockIdx.x * a.n;
    int8_t *q = a.q + (size_t)blockIdx.x * a.n;
    struct row_stretch s = { (unsigned)a.n, threadIdx.x, THREADS, true };
    __shared__ float parts[ROW_WARPS];
    const bool kept = a.n <= THREADS * N * V;
    float most = 0, inverse, f[V];
    uint4 raw[N];

    for (; row_value<T>(s, 0) < s.n; s.first += THREADS * N) {
        row_read(raw, x, s);
#pragma unroll
        for (int i = 0; i < N; i++) {
            row_unpack(raw[i], f, (const T *)0);
#pragma unroll
            for (int k = 0; k < V; k++)
                most = row_two<ROW_MOST>(fabsf(f[k]), most);
        }
    }
    most = row_join<ROW_MOST, THREADS>(most, parts);
    inverse = most < LEAST || !isfinite(most) ? 0 : 127 / most;
    if (threadIdx.x == 0)
        a.scale[blockIdx.x] = most < LEAST ? 0 : isfinite(most) ? most / 127 : nanf("");
    for (s.first = threadIdx.x; row_value<T>(s, 0) < s.n; s.first += THREADS * N) {
        if (!kept)
            row_read(raw, x, s);
#pragma unroll
        for (int i = 0; i < N; i++) {
            const unsigned at = row_value<T>(s, i);
            unsigned words[V / 4] = { 0 };

            row_unpack(raw[i], f, (const T *)0);
#pragma unroll
            for (int k = 0; k < V; k++)
                words[k / 4] |= ((unsigned)__float2int_rn(f[k] * inverse) & 0xff) << 8 * (k % 4);
#pragma unroll
            for (int k = 0; k < V / 4; k++)
                if (at < s.n)
                    ((unsigned *)(q + at))[k] = words[k];
        }
    }
}

int fusion_quantize(const struct fusion_quantize *a, gpu_stream s, struct err *e)
{
    int rc = check_rows("quantize", a->dtype, a->rows, a->n, a->x, a->x, e);

    if (rc < 0)
        return rc;
    if (!a->q || !a->scale)
        return ERR(e, ERR_ARG, "quantize: no output is there");
    if (a->dtype == DTYPE_F32)
        quantize_kernel<float><<<(unsigned)a->rows, THREADS, 0, s>>>(*a);
    else if (a->dtype == DTYPE_F16)
        quantize_kernel<__half><<<(unsigned)a->rows, THREADS, 0, s>>>(*a);
    else
        quantize_kernel<__nv_bfloat16><<<(unsigned)a->rows, THREADS, 0, s>>>(*a);
    return gpu_try_launched(cudaGetLastError(), "quantize kernel", e);
}

/* ---- matrix-vector product */

template <typename T> static __device__ __forceinline__ float dot(uint4 w, uint4 x, float sum)
{
    constexpr int V = row_values<T>;
    float f[V], g[V];

    row_unpack(w, f, (const T *)0);
    row_unpack(x, g, (const T *)0);
#pragma unroll
    for (int k = 0; k < V; k++)
        sum += f[k] * g[k];
    return sum;
}

/* x, or its norm, to shared memory. */
template <typename T>
static __device__ __forceinline__ void take_x(uint4 *shared, const struct fusion_matvec &a,
                                              float *parts)
{
    constexpr int V = row_values<T>;
    const unsigned vectors = (unsigned)a.n / V;
    float sum = 0, factor;

    for (unsigned v = threadIdx.x; v < vectors; v += THREADS) {
        shared[v] = __ldg((const uint4 *)a.x + v);
        sum = a.g ? dot<T>(shared[v], shared[v], sum) : 0;
    }
    if (a.g) {
        sum = row_join<ROW_SUM, THREADS>(sum, parts);
        factor = isfinite(sum) ? 1.0f / sqrtf(sum / (float)a.n + a.eps) : nanf("");
        for (unsigned v = threadIdx.x; v < vectors; v += THREADS) { /* what this thread wrote */
            float f[V], g[V];

            row_unpack(shared[v], f, (const T *)0);
            row_weights(g, a.g, (unsigned)a.n, v * V, true);
#pragma unroll
            for (int k = 0; k < V; k++)
                f[k] = f[k] * factor * g[k];
            shared[v] = row_pack(f, (const T *)0);
        }
    }
    __syncthreads(); /* all warps read all of x */
}

template <typename T, bool GATED>
static __global__ void __launch_bounds__(THREADS) matvec_kernel(const struct fusion_matvec a)
{
    constexpr unsigned AHEAD = GATED ? IN_FLIGHT / 2 : IN_FLIGHT;
    extern __shared__ uint4 x[];
    __shared__ float parts[ROW_WARPS];
    const unsigned vectors = (unsigned)a.n / row_values<T>, lane = threadIdx.x % ROW_LANES;
    size_t out = (size_t)blockIdx.x * WARPS + threadIdx.x / ROW_LANES;
    bool begun = false;

    for (; !begun || out < a.outputs; out += (size_t)gridDim.x * WARPS) {
        const uint4 *w = (const uint4 *)a.w + (out < a.outputs ? out : 0) * vectors;
        const uint4 *u = (const uint4 *)a.u + (out < a.outputs ? out : 0) * vectors;
        float sum[2] = { 0, 0 };

        for (unsigned v = lane; !begun || v < vectors; v += ROW_LANES * AHEAD) {
            uint4 first[AHEAD], second[AHEAD];

#pragma unroll
            for (unsigned i = 0; i < AHEAD; i++)
                if (v + i * ROW_LANES < vectors) {
                    first[i] = __ldcs(w + v + i * ROW_LANES);
                    if (GATED)
                        second[i] = __ldcs(u + v + i * ROW_LANES);
                }
            if (!begun)
                take_x<T>(x, a, parts);
            begun = true;
#pragma unroll
            for (unsigned i = 0; i < AHEAD; i++)
                if (v + i * ROW_LANES < vectors) {
                    sum[0] = dot<T>(first[i], x[v + i * ROW_LANES], sum[0]);
                    if (GATED)
                        sum[1] = dot<T>(second[i], x[v + i * ROW_LANES], sum[1]);
                }
        }
        sum[0] = row_join_warp<ROW_SUM>(sum[0]);
        if (GATED)
            sum[0] = activation_of<ACTIVATION_SILU>(sum[0], row_join_warp<ROW_SUM>(sum[1]));
        if (lane == 0 && out < a.outputs)
            ((T *)a.y)[out] = (T)sum[0];
    }
}

template <typename T>
static int launch_matvec(const struct fusion_matvec *a, gpu_stream s, struct err *e)
{
    enum { BLOCKS_RESIDENT = 6 };
    const size_t blocks = (a->outputs + WARPS - 1) / WARPS;
    const size_t resident = (size_t)a->multiprocessors * BLOCKS_RESIDENT;
    const unsigned grid = (unsigned)(blocks < resident ? blocks : resident);
    const size_t bytes = a->n * sizeof(T);

    if (a->u)
        matvec_kernel<T, true><<<grid, THREADS, bytes, s>>>(*a);
    else
        matvec_kernel<T, false><<<grid, THREADS, bytes, s>>>(*a);
    return gpu_try_launched(cudaGetLastError(), "matvec kernel", e);
}

int fusion_matvec(const struct fusion_matvec *a, gpu_stream s, struct err *e)
{
    int rc = check_rows("matvec", a->dtype, a->outputs, a->n, a->w, a->u ? a->u : a->w, e);

    if (rc < 0)
        return rc;
    if (a->dtype == DTYPE_F32 || a->n * 2 + 4096 > X_BYTES || !a->x || !a->y ||
        (uintptr_t)a->x % ROW_VECTOR != 0 || a->multiprocessors < 1)
        return ERR(e, ERR_ARG,
                   "matvec: %zu values; expected F16 or BF16, %d bytes at most, x and y", a->n,
                   X_BYTES - 4096);
    return a->dtype == DTYPE_F16 ? launch_matvec<__half>(a, s, e)
                                 : launch_matvec<__nv_bfloat16>(a, s, e);
}
