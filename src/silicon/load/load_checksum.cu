/* load_checksum.cu - the checksum of load_file.h over words in device memory. */
#include "silicon/load/load_checksum.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"

enum { THREADS = 256, BLOCKS = 1024, LANES = 32 };

static __global__ void __launch_bounds__(THREADS)
    checksum_kernel(const uint64_t *words, size_t n, unsigned long long *sum)
{
    uint64_t own = 0;

    for (size_t i = (size_t)blockIdx.x * THREADS + threadIdx.x; i < n;
         i += (size_t)BLOCKS * THREADS)
        own += words[i] * (2 * (uint64_t)i + 1);
    for (int d = LANES / 2; d > 0; d /= 2)
        own += __shfl_xor_sync(0xffffffffu, own, d);
    if (threadIdx.x % LANES == 0)
        atomicAdd(sum, (unsigned long long)own);
}

int load_checksum(const uint64_t *d_words, size_t n, uint64_t *d_sum, gpu_stream s, struct err *e)
{
    checksum_kernel<<<BLOCKS, THREADS, 0, s>>>(d_words, n, (unsigned long long *)d_sum);
    return gpu_try_launched(cudaGetLastError(), "checksum kernel", e);
}
