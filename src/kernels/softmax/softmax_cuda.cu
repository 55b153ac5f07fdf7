/* softmax_cuda.cu - softmax of rows of logits.
 *
 * Roofline  reads x and writes y once.  Two exponentials a value (for the sum and for the output)
 *           are cheaper than keeping them: 16 a clock and multiprocessor, 3.7e12 a second on an
 *           H200, twice what its memory gives in F16.
 * Variants  warp   a warp a row, up to 8 vectors of 16 bytes a lane in registers
 *           block  a block a row: 256 threads with up to 4 vectors, 512 with up to 8
 *           Longer rows are read twice, the second time from the L2. */
#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "kernels/softmax/softmax_cuda.cuh"

enum { THREADS = 256, THREADS_MOST = 512 };

template <typename T, int TEAM, int N, bool KEPT>
static __global__ void __launch_bounds__(TEAM == ROW_LANES ? (int)THREADS : TEAM)
    softmax_kernel(const struct softmax_gpu_args a, bool whole, float factor)
{
    constexpr unsigned ROWS = TEAM == ROW_LANES ? THREADS / ROW_LANES : 1;
    const size_t row = (size_t)blockIdx.x * ROWS + threadIdx.x / TEAM;
    __shared__ struct softmax_shared shared;

    if (row < a.rows) /* else a whole warp, of a kernel without barriers */
        softmax_row<T, TEAM, N, KEPT, 1>(a, row, 0, whole, factor, &shared);
}

template <typename T, int TEAM, int N, bool KEPT>
static int launch(const struct softmax_gpu_args *a, bool whole, float factor, gpu_stream s,
                  struct err *e)
{
    constexpr unsigned ROWS = TEAM == ROW_LANES ? THREADS / ROW_LANES : 1;
    constexpr int BLOCK = TEAM == ROW_LANES ? (int)THREADS : TEAM;
    const unsigned grid = (unsigned)((a->rows + ROWS - 1) / ROWS);

    softmax_kernel<T, TEAM, N, KEPT><<<grid, BLOCK, 0, s>>>(*a, whole, factor);
    return gpu_try_launched(cudaGetLastError(), "softmax kernel", e);
}

template <typename T>
static int launch_warp(const struct softmax_gpu_args *a, bool whole, float factor, gpu_stream s,
                       struct err *e)
{
    const size_t vectors = (a->n + row_values<T> - 1) / row_values<T>;

    if (vectors <= ROW_LANES * 2)
        return launch<T, ROW_LANES, 2, true>(a, whole, factor, s, e);
    if (vectors <= ROW_LANES * 4)
        return launch<T, ROW_LANES, 4, true>(a, whole, factor, s, e);
    if (vectors <= ROW_LANES * 8)
        return launch<T, ROW_LANES, 8, true>(a, whole, factor, s, e);
    return launch<T, ROW_LANES, 8, false>(a, whole, factor, s, e);
}

template <typename T>
static int launch_block(const struct softmax_gpu_args *a, bool whole, float factor, gpu_stream s,
                        struct err *e)
{
    const size_t vectors = (a->n + row_values<T> - 1) / row_values<T>;

    if (vectors <= THREADS * 2)
        return launch<T, THREADS, 2, true>(a, whole, factor, s, e);
    if (vectors <= THREADS * 4)
        return launch<T, THREADS, 4, true>(a, whole, factor, s, e);
    if (vectors <= THREADS_MOST * 4)
        return launch<T, THREADS_MOST, 4, true>(a, whole, factor, s, e);
    if (vectors <= THREADS_MOST * 8)
        return launch<T, THREADS_MOST, 8, true>(a, whole, factor, s, e);
    return launch<T, THREADS_MOST, 8, false>(a, whole, factor, s, e);
}

int softmax_cuda_warp(const struct softmax_gpu_args *a, gpu_stream s, struct err *e)
{
    float factor;
    bool whole;
    int rc = softmax_gpu_check(a, &whole, &factor, e);

    if (rc < 0)
        return rc;
    if (a->dtype == DTYPE_F32)
        return launch_warp<float>(a, whole, factor, s, e);
    return a->dtype == DTYPE_F16 ? launch_warp<__half>(a, whole, factor, s, e)
                                 : launch_warp<__nv_bfloat16>(a, whole, factor, s, e);
}

int softmax_cuda_block(const struct softmax_gpu_args *a, gpu_stream s, struct err *e)
{
    float factor;
    bool whole;
    int rc = softmax_gpu_check(a, &whole, &factor, e);

    if (rc < 0)
        return rc;
    if (a->dtype == DTYPE_F32)
        return launch_block<float>(a, whole, factor, s, e);
    return a->dtype == DTYPE_F16 ? launch_block<__half>(a, whole, factor, s, e)
                                 : launch_block<__nv_bfloat16>(a, whole, factor, s, e);
}
