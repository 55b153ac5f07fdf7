/* collective_data.cu - what ranks send, and what must have arrived, made on the device. */
#include "silicon/collective/collective_data.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"

enum { THREADS = 256 };

static __device__ int value(uint64_t seed, int rank, uint64_t i)
{
    uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u + (seed * 64 + (uint64_t)rank) * 0xbf58476d1ce4e5b9u;

    return (int)((x ^ (x >> 32)) >> 20 & 1023);
}

static __global__ void __launch_bounds__(THREADS)
    make_kernel(float *x, size_t n, uint64_t seed, int rank)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x;

    if (i < n)
        x[i] = (float)value(seed, rank, i);
}

static __global__ void __launch_bounds__(THREADS) check_kernel(const struct collective_data_check c)
{
    size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x, chunk = c.n / (size_t)c.ranks;
    int from, expected = 0;

    if (i >= c.n)
        return;
    from = (int)(i / chunk);
    if (c.want == COLLECTIVE_DATA_REDUCED)
        for (int r = 0; r < c.ranks; r++)
            expected += value(c.seed, r, i);
    else if (c.want == COLLECTIVE_DATA_GATHERED)
        expected = value(c.seed, from, i % chunk);
    else
        expected = value(c.seed, from, (size_t)c.rank * chunk + i % chunk);
    if (!(c.x[i] == (float)expected))
        atomicAdd(c.wrong, 1ull);
}

static unsigned grid_of(size_t n)
{
    return (unsigned)((n + THREADS - 1) / THREADS);
}

int collective_data_make(float *x, size_t n, uint64_t seed, int rank, gpu_stream s, struct err *e)
{
    make_kernel<<<grid_of(n), THREADS, 0, s>>>(x, n, seed, rank);
    return gpu_try_launched(cudaGetLastError(), "make kernel", e);
}

int collective_data_check(const struct collective_data_check *c, gpu_stream s, struct err *e)
{
    check_kernel<<<grid_of(c->n), THREADS, 0, s>>>(*c);
    return gpu_try_launched(cudaGetLastError(), "check kernel", e);
}
