/* gpu_gate.cu - the kernels behind the timing modes: a gate, a flush of the L2, and its probe. */
#include "gpu/gpu_gate.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"

enum { FLUSH_THREADS = 256, FLUSH_BLOCKS = 4, GATE_NS = 1000 * 1000 * 1000 };

static __device__ unsigned long long timer_ns(void)
{
    unsigned long long t;

    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(t));
    return t;
}

static __global__ void gate_kernel(struct gpu_gate *gate, unsigned ticket)
{
    volatile unsigned *open = &gate->ticket;
    unsigned long long began = timer_ns();

    while (*open != ticket)
        if (timer_ns() - began > GATE_NS) {
            gate->late = ticket;
            return;
        }
}

/* One 16-byte vector a thread and step; the sum keeps the loads. */
static __global__ void __launch_bounds__(FLUSH_THREADS)
    flush_kernel(const uint4 *clean, size_t n, unsigned *sink)
{
    unsigned sum = 0;

    for (size_t i = (size_t)blockIdx.x * FLUSH_THREADS + threadIdx.x; i < n;
         i += (size_t)gridDim.x * FLUSH_THREADS) {
        uint4 v = clean[i];

        sum += v.x ^ v.y ^ v.z ^ v.w;
    }
    if (sum == 1) /* never: the buffer is zero, but the compiler does not know */
        *sink = sum;
}

/* Each address needs the value before it; what is timed ends with a store of the value to shared
 * memory, which cannot be issued before it is there. */
static __global__ void probe_kernel(const char *lines, int n, size_t stride, unsigned *cycles)
{
    __shared__ volatile unsigned arrived;
    unsigned zero = 0;

    for (int i = 0; i < n; i++) {
        const char *at = lines + (size_t)i * stride + zero;
        long long from = clock64();
        unsigned v;

        asm volatile("ld.global.cg.u32 %0, [%1];" : "=r"(v) : "l"(at) : "memory");
        arrived = v;
        cycles[i] = (unsigned)(clock64() - from);
        zero = v; /* the lines hold zeros */
    }
}

int gpu_gate_close(struct gpu_gate *gate, unsigned ticket, gpu_stream s, struct err *e)
{
    gate_kernel<<<1, 1, 0, s>>>(gate, ticket);
    return gpu_try_launched(cudaGetLastError(), "gate kernel", e);
}

int gpu_gate_flush(const void *clean, size_t bytes, unsigned *sink, int multiprocessors,
                   gpu_stream s, struct err *e)
{
    flush_kernel<<<multiprocessors * FLUSH_BLOCKS, FLUSH_THREADS, 0, s>>>(
        (const uint4 *)clean, bytes / sizeof(uint4), sink);
    return gpu_try_launched(cudaGetLastError(), "flush kernel", e);
}

int gpu_gate_probe(const void *lines, int n, size_t stride, unsigned *cycles, gpu_stream s,
                   struct err *e)
{
    probe_kernel<<<1, 1, 0, s>>>((const char *)lines, n, stride, cycles);
    return gpu_try_launched(cudaGetLastError(), "probe kernel", e);
}
