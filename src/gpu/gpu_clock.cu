/* gpu_clock.cu - the clock of a GPU's multiprocessors, seen on the device. */
#include "gpu/gpu_clock.h"

#include <cuda_runtime_api.h>

/* The shared timer ticks every 32 ns or every microsecond, by generation: 2 % of a tick at most. */
enum { READING_NS = 60000 };

static __device__ unsigned long long shared_timer_ns(void)
{
    unsigned long long t;

    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(t));
    return t;
}

/* The first value of the timer after `from`, and the cycle it came in. */
static __device__ unsigned long long next_tick(unsigned long long from, long long *cycle)
{
    unsigned long long t;

    do {
        *cycle = clock64();
        t = shared_timer_ns();
    } while (t <= from);
    return t;
}

static __global__ void clock_kernel(struct gpu_clock_reading *reading)
{
    long long first, last;
    unsigned long long from = next_tick(shared_timer_ns(), &first);
    unsigned long long to = next_tick(from + READING_NS, &last);

    reading->cycles = (unsigned long long)(last - first);
    reading->ns = to - from;
}

int gpu_clock_enqueue(struct gpu_clock_reading *reading, gpu_stream stream, struct err *e)
{
    cudaError_t code;

    clock_kernel<<<1, 1, 0, stream>>>(reading);
    code = cudaGetLastError();
    if (code == cudaSuccess)
        return 0;
    return ERR(e, code == cudaErrorNoKernelImageForDevice ? ERR_NOTSUP : ERR_CUDA,
               "clock kernel: %s", cudaGetErrorString(code));
}
