/* wgmma.cuh - Hopper's warpgroup matrix multiply, one instruction a function.
 *
 * m64nNk: 64 x N sums in N / 2 registers of each of 128 threads; B, and A where it is not in
 * registers, are read from shared memory through descriptors.  In PTX the sums are named one by
 * one. */
#ifndef GPU_WGMMA_CUH
#define GPU_WGMMA_CUH

#include <stdint.h>

/* Order the registers before with the instructions after. */
static __device__ __forceinline__ void wgmma_fence(void)
{
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

static __device__ __forceinline__ void wgmma_commit(void)
{
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/* The value is here now: else the compiler may put it there between multiplies that add to it, and
 * make them wait for each other. */
static __device__ __forceinline__ void wgmma_settle(float *sum)
{
    asm volatile("" : "+f"(*sum));
}

/* Until at most `groups` are on their way. */
template <int groups> static __device__ __forceinline__ void wgmma_wait(void)
{
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(groups) : "memory");
}

#define WGMMA_NAMES_8  "%0,%1,%2,%3,%4,%5,%6,%7"
#define WGMMA_NAMES_16 WGMMA_NAMES_8 ",%8,%9,%10,%11,%12,%13,%14,%15"
#define WGMMA_NAMES_32 \
    WGMMA_NAMES_16 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define WGMMA_NAMES_64                                                                \
    WGMMA_NAMES_32 ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47" \
                   ",%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
#define WGMMA_NAMES_128                                                            \
    WGMMA_NAMES_64                                                                 \
    ",%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79"             \
    ",%80,%81,%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95"             \
    ",%96,%97,%98,%99,%100,%101,%102,%103,%104,%105,%106,%107,%108,%109,%110,%111" \
    ",%112,%113,%114,%115,%116,%117,%118,%119,%120,%121,%122,%123,%124,%125,%126,%127"

#define WGMMA_SUMS_4(type, i) \
    "+" type(d[i]), "+" type(d[i + 1]), "+" type(d[i + 2]), "+" type(d[i + 3])
#define WGMMA_SUMS_8(type, i)   WGMMA_SUMS_4(type, i), WGMMA_SUMS_4(type, i + 4)
#define WGMMA_SUMS_16(type, i)  WGMMA_SUMS_8(type, i), WGMMA_SUMS_8(type, i + 8)
#define WGMMA_SUMS_32(type, i)  WGMMA_SUMS_16(type, i), WGMMA_SUMS_16(type, i + 16)
#define WGMMA_SUMS_64(type, i)  WGMMA_SUMS_32(type, i), WGMMA_SUMS_32(type, i + 32)
#define WGMMA_SUMS_128(type, i) WGMMA_SUMS_64(type, i), WGMMA_SUMS_64(type, i + 64)

/* The places of the operands behind them. */
#define WGMMA_SHARED_8      "%8, %9"
#define WGMMA_SHARED_16     "%16, %17"
#define WGMMA_SHARED_32     "%32, %33"
#define WGMMA_SHARED_64     "%64, %65"
#define WGMMA_SHARED_128    "%128, %129"
#define WGMMA_REGISTERS_8   "{%8,%9,%10,%11}, %12"
#define WGMMA_REGISTERS_16  "{%16,%17,%18,%19}, %20"
#define WGMMA_REGISTERS_32  "{%32,%33,%34,%35}, %36"
#define WGMMA_REGISTERS_64  "{%64,%65,%66,%67}, %68"
#define WGMMA_REGISTERS_128 "{%128,%129,%130,%131}, %132"

/* A and B in shared memory.  `sums` is how many registers, `rest` the modifiers after "add to the
 * sums". */
#define WGMMA_SHARED(sums, shape, type, rest)                                              \
    asm volatile("{.reg .pred p; setp.ne.b32 p, 1, 0; wgmma.mma_async.sync.aligned." shape \
                 " {" WGMMA_NAMES_##sums "}, " WGMMA_SHARED_##sums ", p" rest ";}"         \
                 : WGMMA_SUMS_##sums(type, 0)                                              \
                 : "l"(a), "l"(b))

/* A in registers. */
#define WGMMA_REGISTERS(sums, shape, type, rest)                                           \
    asm volatile("{.reg .pred p; setp.ne.b32 p, 1, 0; wgmma.mma_async.sync.aligned." shape \
                 " {" WGMMA_NAMES_##sums "}, " WGMMA_REGISTERS_##sums ", p" rest ";}"      \
                 : WGMMA_SUMS_##sums(type, 0)                                              \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b))

/* K-major tiles of 128 bytes a row, rows swizzled in groups of 8 (1,024 bytes): addresses in units
 * of 16 bytes, stride between groups in bits 32-45, 128-byte swizzle in bits 62-63. */
static __device__ __forceinline__ uint64_t wgmma_descriptor(const void *tile)
{
    uint64_t at = (uint64_t)__cvta_generic_to_shared(tile);

    return (at & 0x3ffff) >> 4 | (uint64_t)1 << 16 | (uint64_t)(1024 >> 4) << 32 |
           (uint64_t)1 << 62;
}

#endif
