/* activation_cuda.cu - the functions between the matrices of a feed-forward block, on rows.
 *
 * Roofline  gate (but for GELU) and up are read and y is written once.  An exponential and a
 *           reciprocal a value, 16 a clock and multiprocessor, are half of what an H200 can do at
 *           the rate of its memory in F16.
 * Variants  flat  a thread has two vectors of 16 bytes of each input, a block's width apart */
#include "kernels/activation/activation_gpu.h"

#include <cuda_runtime_api.h>
#include <limits.h>

#include "gpu/gpu_try.h"
#include "kernels/activation/activation_cuda.cuh"

enum { THREADS = 256, VECTORS = 2 };

/* vectors: of a row */
template <typename T, enum activation F>
static __global__ void __launch_bounds__(THREADS)
    activation_kernel(const struct activation_gpu_args a, unsigned vectors, bool whole)
{
    constexpr int V = row_values<T>;
    const size_t first = (size_t)blockIdx.x * (THREADS * VECTORS) + threadIdx.x;
    struct row_stretch s = { (unsigned)a.n, 0, 0, whole };
    uint4 gate[VECTORS][1], up[VECTORS][1];
    size_t row[VECTORS];
    unsigned at[VECTORS];

#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
        const size_t v = first + (size_t)i * THREADS;

        /* 64-bit division takes four times as long, and is hardly ever needed. */
        row[i] = v >> 32 ? v / vectors : (unsigned)v / vectors;
        at[i] = s.first = (unsigned)(v - row[i] * vectors);
        if (row[i] >= a.rows)
            continue;
        row_read(up[i], (const T *)a.up + row[i] * a.up_stride, s);
        if (F != ACTIVATION_GELU_TANH)
            row_read(gate[i], (const T *)a.gate + row[i] * a.gate_stride, s);
    }
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
        float g[V] = { 0 }, u[V], b[V];

        if (row[i] >= a.rows)
            continue;
        s.first = at[i];
        row_unpack(up[i][0], u, (const T *)0);
        if (F != ACTIVATION_GELU_TANH)
            row_unpack(gate[i][0], g, (const T *)0);
        if (a.bias)
            row_weights(b, a.bias, s.n, at[i] * V, whole);
#pragma unroll
        for (int k = 0; k < V; k++)
            u[k] = activation_of<F>(g[k], a.bias ? u[k] + b[k] : u[k]);
        row_write((T *)a.y + row[i] * a.y_stride, s, 0, row_pack(u, (const T *)0));
    }
}

template <typename T>
static int launch(const struct activation_gpu_args *a, bool whole, gpu_stream s, struct err *e)
{
    const unsigned vectors = (unsigned)((a->n + row_values<T> - 1) / row_values<T>);
    const size_t block = THREADS * VECTORS, grid = (a->rows * vectors + block - 1) / block;

    if (grid > INT_MAX)
        return ERR(e, ERR_ARG, "activation: %zu rows of %zu values do not fit in one grid", a->rows,
                   a->n);
    switch (a->function) {
    case ACTIVATION_GELU_TANH:
        activation_kernel<T, ACTIVATION_GELU_TANH>
            <<<(unsigned)grid, THREADS, 0, s>>>(*a, vectors, whole);
        break;
    case ACTIVATION_SILU:
        activation_kernel<T, ACTIVATION_SILU>
            <<<(unsigned)grid, THREADS, 0, s>>>(*a, vectors, whole);
        break;
    case ACTIVATION_RELU2:
        activation_kernel<T, ACTIVATION_RELU2>
            <<<(unsigned)grid, THREADS, 0, s>>>(*a, vectors, whole);
        break;
    }
    return gpu_try_launched(cudaGetLastError(), "activation kernel", e);
}

int activation_cuda_flat(const struct activation_gpu_args *a, gpu_stream s, struct err *e)
{
    bool whole;
    int rc = activation_gpu_check(a, &whole, e);

    if (rc < 0)
        return rc;
    if (a->dtype == DTYPE_F32)
        return launch<float>(a, whole, s, e);
    return a->dtype == DTYPE_F16 ? launch<__half>(a, whole, s, e)
                                 : launch<__nv_bfloat16>(a, whole, s, e);
}
