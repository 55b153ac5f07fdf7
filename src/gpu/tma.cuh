/* tma.cuh - Hopper's copies between device and shared memory, and the barriers in shared memory
 * that they report to; one instruction a function. */
#ifndef GPU_TMA_CUH
#define GPU_TMA_CUH

#include <cuda.h>
#include <stdint.h>

static __device__ __forceinline__ uint32_t tma_shared(const void *p)
{
    return (uint32_t)__cvta_generic_to_shared(p);
}

static __device__ __forceinline__ void tma_barrier_init(uint64_t *b, int arrivals)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(tma_shared(b)), "r"(arrivals)
                 : "memory");
}

/* What was initialised is seen by the copies and by the other blocks of a cluster. */
static __device__ __forceinline__ void tma_barrier_fence(void)
{
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

static __device__ __forceinline__ void tma_barrier_arrive(uint64_t *b)
{
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(tma_shared(b)) : "memory");
}

/* Arrive, and let the barrier wait for so many bytes of copies besides. */
static __device__ __forceinline__ void tma_barrier_expect(uint64_t *b, unsigned bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(tma_shared(b)),
                 "r"(bytes)
                 : "memory");
}

static __device__ __forceinline__ bool tma_barrier_try(uint64_t *b, unsigned parity)
{
    unsigned done;

    asm volatile("{.reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.b32 "
                 "%0, 1, 0, p;}"
                 : "=r"(done)
                 : "r"(tma_shared(b)), "r"(parity)
                 : "memory");
    return done;
}

/* Every wait is bounded: what has not come after this many tries never will. */
static __device__ __forceinline__ void tma_barrier_wait(uint64_t *b, unsigned parity)
{
    for (unsigned tries = 0; !tma_barrier_try(b, parity); tries++)
        if (tries > 1u << 24)
            __trap();
}

/* A box of a matrix to shared memory; x: the element in a row, y: the row. */
static __device__ __forceinline__ void tma_load(void *to, const CUtensorMap *from, int x, int y,
                                                uint64_t *b)
{
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%2, %3}], [%4];" ::"r"(tma_shared(to)),
                 "l"(from), "r"(x), "r"(y), "r"(tma_shared(b))
                 : "memory");
}

/* Where block `rank` of the cluster has what this block has at p. */
static __device__ __forceinline__ uint32_t tma_shared_of(const void *p, unsigned rank)
{
    uint32_t at;

    asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(at) : "r"(tma_shared(p)), "r"(rank));
    return at;
}

static __device__ __forceinline__ float tma_float_of(const float *p, unsigned rank)
{
    float v;

    asm volatile("ld.shared::cluster.f32 %0, [%1];" : "=f"(v) : "r"(tma_shared_of(p, rank)));
    return v;
}

static __device__ __forceinline__ unsigned tma_cluster_rank(void)
{
    unsigned rank;

    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

/* All threads of all blocks of the cluster that have not ended; what they wrote is seen. */
static __device__ __forceinline__ void tma_cluster_sync(void)
{
    asm volatile(
        "barrier.cluster.arrive.release.aligned;\n\tbarrier.cluster.wait.acquire.aligned;" ::
            : "memory");
}

/* The same of an array of matrices; z: which. */
static __device__ __forceinline__ void tma_load_3d(void *to, const CUtensorMap *from, int x, int y,
                                                   int z, uint64_t *b)
{
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%2, %3, %4}], [%5];" ::"r"(tma_shared(to)),
                 "l"(from), "r"(x), "r"(y), "r"(z), "r"(tma_shared(b))
                 : "memory");
}

/* Contiguous bytes, a multiple of 16. */
static __device__ __forceinline__ void tma_load_bytes(void *to, const void *from, unsigned bytes,
                                                      uint64_t *b)
{
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, "
        "[%3];" ::"r"(tma_shared(to)),
        "l"(from), "r"(bytes), "r"(tma_shared(b))
        : "memory");
}

/* Stores by other threads are seen by the copies after it (and a barrier among the threads). */
static __device__ __forceinline__ void tma_fence(void)
{
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

static __device__ __forceinline__ void tma_store(const CUtensorMap *to, int x, int y,
                                                 const void *from)
{
    asm volatile(
        "cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%0, {%1, %2}], [%3];" ::"l"(
            to),
        "r"(x), "r"(y), "r"(tma_shared(from))
        : "memory");
}

static __device__ __forceinline__ void tma_store_commit(void)
{
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

/* Until the shared memory of all but the last N groups has been read. */
template <int N> static __device__ __forceinline__ void tma_store_wait_read(void)
{
    asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(N) : "memory");
}

template <int N> static __device__ __forceinline__ void tma_store_wait(void)
{
    asm volatile("cp.async.bulk.wait_group %0;" ::"n"(N) : "memory");
}

#endif
