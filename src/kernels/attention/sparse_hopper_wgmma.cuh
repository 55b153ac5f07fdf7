/* sparse_hopper_wgmma.cuh - the products of block-sparse attention, one instruction a function.
 *
 * Of a descriptor (gpu/wgmma.cuh) the lower word alone differs from tile to tile, and is what is
 * passed: the address in units of 16 bytes, and in the upper half the way between parts of 64
 * columns where B has its columns contiguous.  It has to be the same in all threads of a warp; the
 * compiler knows that of what comes out of a shuffle. */
#ifndef KERNELS_ATTENTION_SPARSE_HOPPER_WGMMA_CUH
#define KERNELS_ATTENTION_SPARSE_HOPPER_WGMMA_CUH

#include "gpu/wgmma.cuh"

/* 128-byte swizzle, 1,024 bytes from 8 rows to the next 8. */
#define SPARSE_WGMMA_HIGH "0x40000040"

/* d = (add ? d : 0) + A B', 64 x n, A and B in shared memory with 16 of their columns. */
#define SPARSE_WGMMA_SCORES(n, sums, type, a_, b_, add_)                                      \
    asm volatile("{.reg .pred p; .reg .b64 a, b; setp.ne.b32 p, " add_ ", 0; mov.b64 a, {" a_ \
                 ", " SPARSE_WGMMA_HIGH "}; mov.b64 b, {" b_ ", " SPARSE_WGMMA_HIGH "}; "     \
                 "wgmma.mma_async.sync.aligned.m64n" n "k16.f32." type "." type               \
                 " {" WGMMA_NAMES_##sums "}, a, b, p, 1, 1, 0, 0;}"                           \
                 : WGMMA_SUMS_##sums("f", 0)                                                  \
                 : "r"(a), "r"(b), "r"(add))

template <bool BF16>
static __device__ __forceinline__ void scores_wgmma(float (&d)[64], uint32_t a, uint32_t b, int add)
{
    if constexpr (BF16)
        SPARSE_WGMMA_SCORES("128", 64, "bf16", "%64", "%65", "%66");
    else
        SPARSE_WGMMA_SCORES("128", 64, "f16", "%64", "%65", "%66");
}

/* d += A B, 64 x n, A in registers, B in shared memory with 16 of its rows, columns contiguous. */
#define SPARSE_WGMMA_OUTPUT(n, names, sums, type, a0, a1, a2, a3, b_)                            \
    asm volatile("{.reg .pred p; .reg .b64 b; setp.ne.b32 p, 1, 0; mov.b64 b, {" b_              \
                 ", " SPARSE_WGMMA_HIGH "}; wgmma.mma_async.sync.aligned.m64n" n "k16.f32." type \
                 "." type " {" names "}, {" a0 "," a1 "," a2 "," a3 "}, b, p, 1, 1, 1;}"         \
                 : sums                                                                          \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b))
#define SPARSE_WGMMA_OUTPUT_64(type)                                                            \
    SPARSE_WGMMA_OUTPUT("64", WGMMA_NAMES_32, WGMMA_SUMS_32("f", 0), type, "%32", "%33", "%34", \
                        "%35", "%36")

template <bool BF16>
static __device__ __forceinline__ void output_wgmma(float (&d)[32], const uint32_t *a, uint32_t b)
{
    if constexpr (BF16)
        SPARSE_WGMMA_OUTPUT_64("bf16");
    else
        SPARSE_WGMMA_OUTPUT_64("f16");
}

#endif
