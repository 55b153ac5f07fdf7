/* ternary_sm90.cuh - what 9.0 offers to blocks that speak to each other: mbarriers, bulk copies,
 * stores into another block's shared memory. */
#ifndef KERNELS_TERNARY_TERNARY_SM90_CUH
#define KERNELS_TERNARY_TERNARY_SM90_CUH

#include <stdint.h>

namespace ternary_sm90
{

enum { SPINS = 1 << 22 }; /* looks before a wait is given up: seconds */

static __device__ __forceinline__ uint32_t shared_address(const void *p)
{
    return (uint32_t)__cvta_generic_to_shared(p);
}

static __device__ __forceinline__ void barrier_init(uint64_t *b)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared_address(b)) : "memory");
}

static __device__ __forceinline__ void barrier_arrive(uint64_t *b)
{
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(b)) : "memory");
}

static __device__ __forceinline__ void barrier_expect(uint64_t *b, int bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(b)),
                 "r"(bytes)
                 : "memory");
}

/* Until the barrier's phase of this parity has ended; false: given up. */
static __device__ __forceinline__ bool barrier_wait(uint64_t *b, int parity)
{
    uint32_t done = 0;

    for (int i = 0; i < SPINS && !done; i++)
        asm volatile("{\n.reg .pred p;\n"
                     "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 p, [%1], %2;\n"
                     "selp.u32 %0, 1, 0, p;\n}"
                     : "=r"(done)
                     : "r"(shared_address(b)), "r"(parity)
                     : "memory");
    return done;
}

static __device__ __forceinline__ void bulk_copy(void *to, const void *from, int bytes, uint64_t *b)
{
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
                 "[%0], [%1], %2, [%3];" ::"r"(shared_address(to)),
                 "l"(from), "r"(bytes), "r"(shared_address(b))
                 : "memory");
}

static __device__ __forceinline__ uint32_t cluster_rank(void)
{
    uint32_t r;

    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(r));
    return r;
}

static __device__ __forceinline__ void cluster_meet(void)
{
    asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::
                     : "memory");
}

static __device__ __forceinline__ uint32_t in_block(uint32_t address, uint32_t rank)
{
    uint32_t there;

    asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(address), "r"(rank));
    return there;
}

static __device__ __forceinline__ void store_there(uint32_t address, float v, uint32_t barrier)
{
    asm volatile(
        "st.async.shared::cluster.mbarrier::complete_tx::bytes.u32 [%0], %1, [%2];" ::"r"(address),
        "r"(__float_as_uint(v)), "r"(barrier)
        : "memory");
}

} /* namespace ternary_sm90 */

#endif
