/* barrier_kernel.cu - barriers over all blocks of a grid, and the smallest kernel.
 *
 * Cost      a barrier is at least one way to the L2 (arrive) and one round trip (see the last one
 *           arrive): nothing is computed and no bytes count.
 * Variants  atomic       red.release on one counter, ld.acquire until it has reached the round
 *           cooperative  cooperative groups' grid.sync()
 *           none         planted */
#include <cooperative_groups.h>

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "silicon/launch/barrier_block.cuh"

static __global__ void count_kernel(unsigned *count)
{
    *count += 1;
}

/* The counter only grows: round r is over when gridDim.x x (r + 1) have arrived. */
static __device__ void meet_atomic(unsigned *arrived, unsigned target)
{
    unsigned seen;

    __syncthreads(); /* the block's writes are before thread 0's release */
    if (threadIdx.x == 0) {
        asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(arrived) : "memory");
        do
            asm volatile("ld.acquire.gpu.global.u32 %0, [%1];"
                         : "=r"(seen)
                         : "l"(arrived)
                         : "memory");
        while (seen < target);
    }
    __syncthreads(); /* nobody goes on before thread 0 has seen all */
}

template <enum launch_barrier KIND, bool CHECK>
static __global__ void __launch_bounds__(LAUNCH_BARRIER_THREADS)
    barrier_kernel(const struct launch_barrier_args a)
{
    for (int round = 0; round < a.rounds; round++) {
        if (CHECK)
            barrier_publish(a, round, gridDim.x);
        if (KIND == LAUNCH_BARRIER_ATOMIC)
            meet_atomic(a.arrived, gridDim.x * (round + 1u));
        if (KIND == LAUNCH_BARRIER_COOPERATIVE)
            cooperative_groups::this_grid().sync();
        if (CHECK)
            barrier_inspect(a, round, gridDim.x);
    }
    if (threadIdx.x == 0)
        a.passed[blockIdx.x] += a.rounds;
}

int launch_kernel_count(unsigned *count, gpu_stream s, struct err *e)
{
    count_kernel<<<1, 1, 0, s>>>(count);
    return gpu_try_launched(cudaGetLastError(), "count kernel", e);
}

template <enum launch_barrier KIND>
static cudaError_t launch_as(const struct launch_barrier_args *a, int blocks, bool check,
                             gpu_stream s)
{
    void *args[] = { (void *)a };
    const void *kernel = check ? (const void *)barrier_kernel<KIND, true>
                               : (const void *)barrier_kernel<KIND, false>;

    /* Cooperative, so that either all blocks are resident or the launch fails. */
    return cudaLaunchCooperativeKernel(kernel, dim3((unsigned)blocks), dim3(LAUNCH_BARRIER_THREADS),
                                       args, 0, s);
}

int launch_barrier_grid(enum launch_barrier kind, const struct launch_barrier_args *a, int blocks,
                        bool check, gpu_stream s, struct err *e)
{
    cudaError_t code = cudaMemsetAsync(a->arrived, 0, sizeof(*a->arrived), s);

    if (code == cudaSuccess && kind == LAUNCH_BARRIER_ATOMIC)
        code = launch_as<LAUNCH_BARRIER_ATOMIC>(a, blocks, check, s);
    else if (code == cudaSuccess && kind == LAUNCH_BARRIER_COOPERATIVE)
        code = launch_as<LAUNCH_BARRIER_COOPERATIVE>(a, blocks, check, s);
    else if (code == cudaSuccess)
        code = launch_as<LAUNCH_BARRIER_NONE>(a, blocks, check, s);
    return gpu_try_launched(code, "barrier kernel", e);
}
