/* softmax_cuda_sm90.cu - softmax of a row on a cluster of 8 blocks, for few long rows: a vocabulary
 * of logits, which one multiprocessor alone would take in at a hundredth of the memory's rate. */
#include <cooperative_groups.h>
#include <cuda_runtime_api.h>
#include <limits.h>

#include "gpu/gpu_try.h"
#include "kernels/softmax/softmax_cuda.cuh"

enum { BLOCKS = 8, THREADS = 512, THREADS_MOST = 1024 };

template <enum row_op OP> static __device__ float softmax_join_blocks(float x, float *of_blocks)
{
    cooperative_groups::cluster_group cluster = cooperative_groups::this_cluster();

    if (threadIdx.x < BLOCKS)
        cluster.map_shared_rank(of_blocks, threadIdx.x)[cluster.block_rank()] = x;
    cluster.sync(); /* every thread reads what every block wrote */
    x = of_blocks[0];
#pragma unroll
    for (int b = 1; b < BLOCKS; b++)
        x = row_two<OP>(x, of_blocks[b]);
    return x;
}

template <typename T, int TEAM, int N, bool KEPT>
static __global__ void __cluster_dims__(BLOCKS, 1, 1) __launch_bounds__(TEAM)
    softmax_cluster_kernel(const struct softmax_gpu_args a, bool whole, float factor)
{
    __shared__ struct softmax_shared shared;

    cooperative_groups::this_cluster().sync(); /* blocks write to those that have begun */
    softmax_row<T, TEAM, N, KEPT, BLOCKS>(a, blockIdx.x / BLOCKS, blockIdx.x % BLOCKS, whole,
                                          factor, &shared);
}

template <typename T>
static int launch(const struct softmax_gpu_args *a, bool whole, float factor, gpu_stream s,
                  struct err *e)
{
    const size_t vectors = (a->n + row_values<T> - 1) / row_values<T>;
    const unsigned grid = (unsigned)a->rows * BLOCKS;
    /* 64 registers a thread are too few to unpack narrow values. */
    constexpr int TEAM = sizeof(T) == 4 ? THREADS_MOST : THREADS, N = sizeof(T) == 4 ? 5 : 8;

    if (vectors <= (size_t)BLOCKS * THREADS * 4)
        softmax_cluster_kernel<T, THREADS, 4, true><<<grid, THREADS, 0, s>>>(*a, whole, factor);
    else if (vectors <= (size_t)BLOCKS * TEAM * N)
        softmax_cluster_kernel<T, TEAM, N, true><<<grid, TEAM, 0, s>>>(*a, whole, factor);
    else
        softmax_cluster_kernel<T, THREADS, 8, false><<<grid, THREADS, 0, s>>>(*a, whole, factor);
    return gpu_try_launched(cudaGetLastError(), "softmax kernel", e);
}

int softmax_cuda_cluster(const struct softmax_gpu_args *a, gpu_stream s, struct err *e)
{
    float factor;
    bool whole;
    int rc = softmax_gpu_check(a, &whole, &factor, e);

    if (rc < 0)
        return rc;
    if (a->rows > INT_MAX / BLOCKS)
        return ERR(e, ERR_ARG, "softmax: %zu rows are more than a grid has clusters", a->rows);
    if (a->dtype == DTYPE_F32)
        return launch<float>(a, whole, factor, s, e);
    return a->dtype == DTYPE_F16 ? launch<__half>(a, whole, factor, s, e)
                                 : launch<__nv_bfloat16>(a, whole, factor, s, e);
}
