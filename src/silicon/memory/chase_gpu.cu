/* chase_gpu.cu - load latency on a GPU: one thread's walk over a cycle of cache lines.
 *
 * A load gives the address of the next, so that nothing but the load is between two of them.  The
 * instruction says which cache may hold the line: ca (L1 and L2), cg (L2 alone), cv (ask the memory
 * again; over a link that means across it). */
#include "silicon/memory/chase_gpu.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"

enum { LINK_THREADS = 256 };

static const uint32_t multiplier = 1664525; /* 1 modulo 4 */

static uint32_t increment(uint64_t seed)
{
    return (uint32_t)(seed * 2 + 1) * 1013904223u; /* odd */
}

template <enum chase_gpu_cache C> static __device__ __forceinline__ uint64_t follow(uint64_t at)
{
    uint64_t next;

    if (C == CHASE_GPU_L1)
        asm volatile("ld.global.ca.u64 %0, [%1];" : "=l"(next) : "l"(at));
    else if (C == CHASE_GPU_L2)
        asm volatile("ld.global.cg.u64 %0, [%1];" : "=l"(next) : "l"(at));
    else
        asm volatile("ld.global.cv.u64 %0, [%1];" : "=l"(next) : "l"(at));
    return next;
}

template <enum chase_gpu_cache C>
static __global__ void __launch_bounds__(1) walk_kernel(uint64_t *d_at, uint64_t steps)
{
    uint64_t at = *d_at;

    for (uint64_t i = 0; i < steps; i += CHASE_GPU_UNROLL)
#pragma unroll
        for (int u = 0; u < CHASE_GPU_UNROLL; u++)
            at = follow<C>(at);
    *d_at = at;
}

static __global__ void __launch_bounds__(LINK_THREADS)
    link_kernel(char *lines, uint32_t n, uint32_t a, uint32_t c, uint64_t *d_at)
{
    uint32_t i = blockIdx.x * LINK_THREADS + threadIdx.x;

    if (i >= n)
        return;
    *(uint64_t *)(lines + (size_t)i * CHASE_GPU_LINE) =
        (uint64_t)(lines + (size_t)((a * i + c) & (n - 1)) * CHASE_GPU_LINE);
    if (i == 0)
        *d_at = (uint64_t)lines;
}

int chase_gpu_link(const struct chase_gpu_args *a, gpu_stream s, struct err *e)
{
    if (a->n < 4 || (a->n & (a->n - 1)) != 0)
        return ERR(e, ERR_ARG, "a cycle of %u lines", a->n);
    link_kernel<<<(a->n + LINK_THREADS - 1) / LINK_THREADS, LINK_THREADS, 0, s>>>(
        (char *)a->lines, a->n, multiplier, increment(a->seed), a->d_at);
    return gpu_try_launched(cudaGetLastError(), "link kernel", e);
}

int chase_gpu_walk(const struct chase_gpu_args *a, enum chase_gpu_cache cache, uint64_t steps,
                   gpu_stream s, struct err *e)
{
    if (steps % CHASE_GPU_UNROLL != 0)
        return ERR(e, ERR_ARG, "%llu steps", (unsigned long long)steps);
    switch (cache) {
    case CHASE_GPU_L1: walk_kernel<CHASE_GPU_L1><<<1, 1, 0, s>>>(a->d_at, steps); break;
    case CHASE_GPU_L2: walk_kernel<CHASE_GPU_L2><<<1, 1, 0, s>>>(a->d_at, steps); break;
    case CHASE_GPU_NONE: walk_kernel<CHASE_GPU_NONE><<<1, 1, 0, s>>>(a->d_at, steps); break;
    }
    return gpu_try_launched(cudaGetLastError(), "pointer chase", e);
}

/* Steps compose: x -> a x + c done twice is x -> a a x + (a c + c).  By squaring, modulo 2^32 and
 * so modulo n. */
uint32_t chase_gpu_line_after(const struct chase_gpu_args *a, uint64_t steps)
{
    uint32_t m = multiplier, c = increment(a->seed), line = 0;

    for (; steps; steps >>= 1) {
        if (steps & 1)
            line = m * line + c;
        c = m * c + c;
        m = m * m;
    }
    return line & (a->n - 1);
}
