/* gpu_clock_stamp.cu - counter and shared timer of each multiprocessor. */
#include "gpu/gpu_clock.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"

/* Blocks a multiprocessor: the hardware spreads them, and every multiprocessor gets one. */
enum { SPREAD = 4 };

static __global__ void stamp_kernel(struct gpu_clock_stamp *stamps, unsigned n)
{
    struct gpu_clock_stamp stamp;
    unsigned multiprocessor;

    asm volatile("mov.u32 %0, %%smid;" : "=r"(multiprocessor));
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(stamp.ns));
    stamp.cycles = (unsigned long long)clock64();
    if (multiprocessor <
        n) /* in one piece: blocks of one multiprocessor come one after the other */
        *(ulonglong2 *)&stamps[multiprocessor] = make_ulonglong2(stamp.cycles, stamp.ns);
}

int gpu_clock_stamp(struct gpu_clock_stamp *d_stamps, int n, gpu_stream stream, struct err *e)
{
    stamp_kernel<<<(unsigned)(SPREAD * n), 1, 0, stream>>>(d_stamps, (unsigned)n);
    return gpu_try_launched(cudaGetLastError(), "clock stamp", e);
}
