/* barrier_block.cuh - what a block does around each barrier when the barrier itself is checked. */
#ifndef SILICON_LAUNCH_BARRIER_BLOCK_CUH
#define SILICON_LAUNCH_BARRIER_BLOCK_CUH

#include "silicon/launch/launch_kernels.h"

enum { BARRIER_HOLD_NS = 2000 };

static __device__ void barrier_hold(void)
{
    unsigned long long began, now;

    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(began));
    do
        asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
    while (now - began < BARRIER_HOLD_NS);
}

static __device__ __forceinline__ unsigned barrier_look(const unsigned *p)
{
    return *(const volatile unsigned *)p;
}

/* Before the barrier of `round`: thread 0 of the block publishes the phase, one block in turn (of a
 * group of `group`) late. */
static __device__ void barrier_publish(const struct launch_barrier_args &a, int round, int group)
{
    if (threadIdx.x != 0)
        return;
    if (blockIdx.x % group == (unsigned)round % group)
        barrier_hold();
    *(volatile unsigned *)&a.phase[blockIdx.x] = round + 1;
}

/* After it: the next block of the group and the one that was late must have published.  They may be
 * one round ahead, not more. */
static __device__ void barrier_inspect(const struct launch_barrier_args &a, int round, int group)
{
    unsigned first = blockIdx.x / group * group, want = round + 1;
    unsigned next, late;

    if (threadIdx.x != 0)
        return;
    next = barrier_look(&a.phase[first + (blockIdx.x - first + 1) % group]);
    late = barrier_look(&a.phase[first + round % group]);
    if (next < want || next > want + 1 || late < want || late > want + 1)
        atomicAdd(a.early, 1u);
}

#endif
