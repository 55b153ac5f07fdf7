/* act_cuda.cu - activations to int8 with scales, as a kernel of its own.
 *
 * Roofline  reads 4 bytes a value and writes little more than 1: of a token's few thousand values
 *           that is nothing beside the launch.  One block a vector (int8 per row), or a warp for
 *           256 values. */
#include "kernels/dtype/act_gpu.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "gpu/ptx.cuh"
#include "kernels/dtype/act_cuda.cuh"

enum { LANES = 32, STEP = LANES * ACT_CUDA_EACH, WARPS = 4, ROW_WARPS = 8 };

struct job {
    struct act_gpu to;
    const float *x;
    size_t ldx;
};

/* What 8 values become, in their places.  All lanes of a warp call it: two share a sum. */
static __device__ __forceinline__ void put(const struct job *j, uint8_t *to, size_t at, bool mine,
                                           const float (&v)[ACT_CUDA_EACH], float inverse)
{
    int sum;
    const uint2 q = act_cuda_codes(v, inverse, &sum);

    sum += __shfl_xor_sync(0xffffffffu, sum, 1);
    if (!mine)
        return;
    *(uint2 *)(to + at) = q;
    if (at % ACT_CUDA_SUM == 0)
        ((int16_t *)(to + j->to.sum_at))[at / ACT_CUDA_SUM] = (int16_t)sum;
}

/* Groups of 32 or 256 values. */
template <int GROUP>
static __global__ void __launch_bounds__(WARPS *LANES) groups_kernel(const struct job j)
{
    const size_t at = ((size_t)blockIdx.x * WARPS * LANES + threadIdx.x) * ACT_CUDA_EACH;
    const float *x = j.x + blockIdx.y * j.ldx;
    uint8_t *to = j.to.d + blockIdx.y * j.to.stride;
    const bool mine = at < j.to.cols;
    float v[ACT_CUDA_EACH] = { 0 };
    struct act_cuda_scale s;

    ptx_let_next_grid_begin();
    ptx_wait_for_earlier_grids();
    if (mine)
        act_cuda_load(x + at, v);
    s = act_cuda_scale_of(act_cuda_max_of(act_cuda_max(v), GROUP / ACT_CUDA_EACH));
    if (mine && at % GROUP == 0)
        ((float *)(to + j.to.d_at))[at / GROUP] = s.d;
    put(&j, to, at, mine, v, s.inverse);
}

/* The whole vector is a group; a block walks it twice, the second time through its L1. */
static __global__ void __launch_bounds__(ROW_WARPS *LANES) row_kernel(const struct job j)
{
    __shared__ unsigned warp_max[ROW_WARPS];
    const float *x = j.x + blockIdx.x * j.ldx;
    uint8_t *to = j.to.d + blockIdx.x * j.to.stride;
    const size_t first = threadIdx.x / LANES * STEP, step = ROW_WARPS * STEP;
    const size_t lane = threadIdx.x % LANES * ACT_CUDA_EACH;
    float v[ACT_CUDA_EACH];
    struct act_cuda_scale s;
    unsigned max = 0;

    ptx_let_next_grid_begin();
    ptx_wait_for_earlier_grids();
    for (size_t at = first + lane; at < j.to.cols; at += step) {
        act_cuda_load(x + at, v);
        max = ::max(max, act_cuda_max(v));
    }
    max = act_cuda_max_of(max, LANES);
    if (threadIdx.x % LANES == 0)
        warp_max[threadIdx.x / LANES] = max;
    __syncthreads(); /* everybody reads what lane 0 of every warp wrote */
    for (int w = 0; w < ROW_WARPS; w++)
        max = ::max(max, warp_max[w]);
    s = act_cuda_scale_of(max);
    if (threadIdx.x == 0)
        *(float *)(to + j.to.d_at) = s.d;
    for (size_t at = first; at < j.to.cols; at += step) {
        const bool mine = at + lane < j.to.cols;

        for (int i = 0; i < ACT_CUDA_EACH; i++)
            v[i] = 0;
        if (mine)
            act_cuda_load(x + at + lane, v);
        put(&j, to, at + lane, mine, v, s.inverse);
    }
}

int act_gpu_quantize(const struct act_gpu *to, const float *d_x, size_t ldx, int n, gpu_stream s,
                     struct err *e)
{
    const struct job j = { *to, d_x, ldx };
    const unsigned warps = (unsigned)((to->cols + STEP - 1) / STEP);
    const dim3 grid((warps + WARPS - 1) / WARPS, (unsigned)n);

    if ((uintptr_t)d_x % 16 != 0 || ldx % 4 != 0)
        return ERR(e, ERR_ARG, "activations that do not begin at a multiple of 16 bytes");
    switch (to->kind) {
    case ACT_Q8_32: groups_kernel<32><<<grid, WARPS * LANES, 0, s>>>(j); break;
    case ACT_Q8_256: groups_kernel<256><<<grid, WARPS * LANES, 0, s>>>(j); break;
    case ACT_Q8_ROW: row_kernel<<<(unsigned)n, ROW_WARPS * LANES, 0, s>>>(j); break;
    case ACT_F32: return ERR(e, ERR_ARG, "%s is not int8", act_kind_name(to->kind));
    }
    return gpu_try_launched(cudaGetLastError(), "activations kernel", e);
}
