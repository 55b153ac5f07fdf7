/* test_gpu_kernels.cu - two kernels whose launches, registers and occupancy are known. */
#include "test_gpu_kernels.h"

template <int STEP>
static __global__ void __launch_bounds__(SMALL_THREADS) small_kernel(unsigned *count)
{
    atomicAdd(count, STEP);
}

static __global__ void __launch_bounds__(LARGE_THREADS, 1) large_kernel(unsigned *count)
{
    __shared__ unsigned fixed[LARGE_STATIC / sizeof(unsigned)];
    extern __shared__ unsigned dynamic[];

    fixed[threadIdx.x] = threadIdx.x;
    dynamic[threadIdx.x] = threadIdx.x;
    __syncthreads();
    if (fixed[LARGE_THREADS - 1 - threadIdx.x] + dynamic[threadIdx.x] == LARGE_THREADS - 1)
        atomicAdd(count, 1);
}

extern "C" int kernels_small(unsigned *count, unsigned blocks, gpu_stream s)
{
    small_kernel<3><<<blocks, SMALL_THREADS, 0, s>>>(count);
    return (int)cudaGetLastError();
}

extern "C" int kernels_large(unsigned *count, unsigned blocks, gpu_stream s)
{
    large_kernel<<<dim3(blocks, 2), LARGE_THREADS, LARGE_DYNAMIC, s>>>(count);
    return (int)cudaGetLastError();
}

static int registers_of(const void *kernel)
{
    cudaFuncAttributes a;

    return cudaFuncGetAttributes(&a, kernel) == cudaSuccess ? a.numRegs : -1;
}

extern "C" int kernels_small_registers(void)
{
    return registers_of((const void *)small_kernel<3>);
}

extern "C" int kernels_large_registers(void)
{
    return registers_of((const void *)large_kernel);
}
