/* matmul_wgmma.cuh - Y = X W' by Hopper's tensor cores: what all its kernels share.
 *
 * A tile is 128 outputs of W (two warpgroups, 64 each) by TOKENS of X.  Sums stay in registers; 64
 * columns at a time come through a ring of buffers in shared memory, with 128 bytes of K a row:
 * what the tensor cores read with the 128-byte swizzle, as TMA writes it.
 *
 *   warpgroup 0     one thread fills the ring, as far ahead as there is room, over the ends of
 *                   tiles too
 *   warpgroups 1-2  multiply; then the sums go, turned to [token][row], through shared memory to Y
 */
#ifndef KERNELS_GEMM_MATMUL_WGMMA_CUH
#define KERNELS_GEMM_MATMUL_WGMMA_CUH

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>
#include <string.h>

#include "gpu/tma.cuh"
#include "gpu/wgmma.cuh"
#include "kernels/gemm/matmul_wgmma.h"

enum {
    WG_ROWS = MATMUL_WGMMA_ROWS,
    WG_STEP = MATMUL_WGMMA_STEP,
    WG_GROUPS = 2,
    WG_GROUP_ROWS = WG_ROWS / WG_GROUPS,
    WG_THREADS = 128, /* of a warpgroup */
    WG_BLOCK = (1 + WG_GROUPS) * WG_THREADS,
    WG_LINE = 128, /* bytes */
    WG_ALIGN = 1024,
    WG_PART = 16 /* tokens that one block of a split tile finishes at a time */
};

template <typename T> static constexpr bool wg_is_f16 = false;
template <> constexpr bool wg_is_f16<__half> = true;

#define WG_MULTIPLY_OF(n, sums)                                                                 \
    template <typename T>                                                                       \
    static __device__ __forceinline__ void wg_multiply(float(&d)[sums], uint64_t a, uint64_t b) \
    {                                                                                           \
        if constexpr (wg_is_f16<T>)                                                             \
            WGMMA_SHARED(sums, "m64n" #n "k16.f32.f16.f16", "f", ", 1, 1, 0, 0");               \
        else                                                                                    \
            WGMMA_SHARED(sums, "m64n" #n "k16.f32.bf16.bf16", "f", ", 1, 1, 0, 0");             \
    }
WG_MULTIPLY_OF(16, 8)
WG_MULTIPLY_OF(32, 16)
WG_MULTIPLY_OF(64, 32)
WG_MULTIPLY_OF(128, 64)
WG_MULTIPLY_OF(256, 128)
#undef WG_MULTIPLY_OF

static __device__ __forceinline__ void *wg_aligned(void *p)
{
    return (void *)(((uintptr_t)p + WG_ALIGN - 1) / WG_ALIGN * WG_ALIGN);
}

/* The place (row, token) of tile i: bands of `wide` rows, in each band column by column. */
static __device__ __forceinline__ int2 wg_tile(const struct matmul_wgmma_tiles *t, int i)
{
    const int band = i / (t->wide * t->tokens), in = i - band * t->wide * t->tokens;
    const int rows = min(t->wide, t->rows - band * t->wide);

    return make_int2(band * t->wide + in % rows, in / rows);
}

template <typename T> static __device__ __forceinline__ float wg_float(const void *p, int64_t i)
{
    if constexpr (wg_is_f16<T>)
        return __half2float(((const __half *)p)[i]);
    else
        return __bfloat162float(((const __nv_bfloat16 *)p)[i]);
}

/* Two values rounded to T, the first in the low half. */
template <typename T> static __device__ __forceinline__ uint32_t wg_pair(float low, float high)
{
    uint32_t bits;

    if constexpr (wg_is_f16<T>) {
        const __half2 p = __floats2half2_rn(low, high);

        memcpy(&bits, &p, sizeof(bits));
    } else {
        const __nv_bfloat162 p = __floats2bfloat162_rn(low, high);

        memcpy(&bits, &p, sizeof(bits));
    }
    return bits;
}

/* x / (1 + exp(-v)), with a relative error of about 2^-21. */
static __device__ __forceinline__ float wg_gate(float x, float v)
{
    return __fdividef(x, 1 + __expf(-v));
}

/* 1 + tanh(u) is 2 / (1 + exp(-2 u)). */
static __device__ __forceinline__ float wg_f(enum matmul_gpu_f f, float x)
{
    const float twice_root = 1.5957691216057308f, cubic = 0.044715f;

    if (f == MATMUL_GPU_SILU)
        return wg_gate(x, x);
    if (f == MATMUL_GPU_GELU)
        return wg_gate(x, twice_root * (x + cubic * x * x * x));
    return x;
}

/* Sum i of a thread is row 16 warp + lane / 4 + 8 (i / 2 % 2) of its warpgroup's 64, token
 * 8 (i / 4) + 2 (lane % 4) + i % 2. */
template <typename T, int SUMS>
static __device__ __forceinline__ void wg_end(const struct matmul_wgmma_end *end, int row0,
                                              int token0, float (&d)[SUMS])
{
    const int warp = threadIdx.x / 32 % 4, lane = threadIdx.x % 32;

    if (!end->bias && !end->residual && end->f == MATMUL_GPU_NONE)
        return;
#pragma unroll
    for (int i = 0; i < SUMS; i++) {
        const int row = row0 + 16 * warp + lane / 4 + 8 * (i / 2 % 2);
        const int token = token0 + 8 * (i / 4) + 2 * (lane % 4) + i % 2;

        if (row < end->rows && token < end->tokens) {
            if (end->bias)
                d[i] += wg_float<T>(end->bias, row);
            d[i] = wg_f(end->f, d[i]);
            if (end->residual)
                d[i] += wg_float<T>(end->residual, token * end->ldy + row);
        }
    }
}

/* Four 8 x 8 matrices of pairs, written transposed. */
static __device__ __forceinline__ void wg_store_transposed(void *row, uint32_t a, uint32_t b,
                                                           uint32_t c, uint32_t d)
{
    asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(
                     tma_shared(row)),
                 "r"(a), "r"(b), "r"(c), "r"(d)
                 : "memory");
}

/* COUNT sums from the FIRST on to lines [token][64 rows] of shared memory with the 128-byte
 * swizzle.  The 8 rows by 8 tokens (h, j) are sums 4 j + 2 h and the next; lane l gives the line of
 * token l % 8 of matrix l / 8: h = l / 8 % 2, of j and j + 1. */
template <typename T, int SUMS, int FIRST, int COUNT>
static __device__ __forceinline__ void wg_put(uint8_t *out, const float (&d)[SUMS])
{
    const int warp = threadIdx.x / 32 % 4, lane = threadIdx.x % 32;
    const int line = lane % 8 + lane / 16 * 8, chunk = 2 * warp + lane / 8 % 2;

#pragma unroll
    for (int k = 0; k < COUNT / 8; k++) {
        const int i = FIRST + 8 * k, token = 16 * k + line;

        wg_store_transposed(out + token * WG_LINE + ((chunk ^ token % 8) << 4),
                            wg_pair<T>(d[i], d[i + 1]), wg_pair<T>(d[i + 2], d[i + 3]),
                            wg_pair<T>(d[i + 4], d[i + 5]), wg_pair<T>(d[i + 6], d[i + 7]));
    }
}

/* Barrier 1 or 2 is of the warpgroup of that number: its 128 threads. */
static __device__ __forceinline__ void wg_sync(int group)
{
    asm volatile("bar.sync %0, 128;" ::"r"(group) : "memory");
}

/* Part of a tile's sums to Y, through `out`, which the last store may still be read from. */
template <typename T, int SUMS, int FIRST, int COUNT>
static __device__ __forceinline__ void wg_send(const CUtensorMap *y, int group, uint8_t *out,
                                               int row, int token, const float (&d)[SUMS])
{
    if (threadIdx.x % WG_THREADS == 0)
        tma_store_wait_read<0>();
    wg_sync(group); /* the last store has been read */
    wg_put<T, SUMS, FIRST, COUNT>(out, d);
    tma_fence();
    wg_sync(group); /* all of the lines are written */
    if (threadIdx.x % WG_THREADS == 0) {
        tma_store(y, row, token, out);
        tma_store_commit();
    }
}

#endif
