/* test_gpu_faults.cu - the kernels of test_gpu_faults: one that works, and the planted faults. */
#include "test_gpu_faults.h"

static __global__ void spin_kernel(unsigned *count, unsigned ns)
{
    unsigned long long began, now;

    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(began));
    do
        asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
    while (now - began < ns);
    atomicAdd(count, 1u);
}

static __global__ void read_kernel(const uint4 *from, size_t n, unsigned *count)
{
    unsigned sum = 0;

    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n;
         i += (size_t)gridDim.x * blockDim.x)
        sum += from[i].x;
    if (sum)
        atomicAdd(count, sum);
}

static __global__ void wild_kernel(unsigned *nowhere)
{
    *nowhere = 1;
}

static __global__ void endless_kernel(volatile unsigned *count)
{
    while (*count != 0xffffffffu)
        ;
}

extern "C" int faults_spin(unsigned *count, unsigned ns, gpu_stream s)
{
    spin_kernel<<<1, 1, 0, s>>>(count, ns);
    return (int)cudaGetLastError();
}

extern "C" int faults_read(const void *from, size_t bytes, unsigned *count, gpu_stream s)
{
    read_kernel<<<256, 256, 0, s>>>((const uint4 *)from, bytes / sizeof(uint4), count);
    return (int)cudaGetLastError();
}

extern "C" int faults_wild(gpu_stream s)
{
    wild_kernel<<<1, 1, 0, s>>>((unsigned *)0x10);
    return (int)cudaGetLastError();
}

extern "C" int faults_endless(unsigned *count, gpu_stream s)
{
    endless_kernel<<<1, 1, 0, s>>>(count);
    return (int)cudaGetLastError();
}
