/* ternary_device.cuh - what the GPU kernels of ternary products share: a block of threads makes q
 * and d of a vector, a warp multiplies tiles (ternary_tiles.h). */
#ifndef KERNELS_TERNARY_TERNARY_DEVICE_CUH
#define KERNELS_TERNARY_TERNARY_DEVICE_CUH

#include <stdint.h>

#include "kernels/ternary/ternary_math.h"
#include "kernels/ternary/ternary_tiles.h"

namespace ternary_device
{

enum { WARP = 32, ALL = -1 };

static __device__ __forceinline__ uint32_t warp_max(uint32_t v)
{
#if __CUDA_ARCH__ >= 800
    return __reduce_max_sync(0xffffffffu, v);
#else
    for (int d = WARP / 2; d > 0; d /= 2)
        v = max(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
#endif
}

static __device__ __forceinline__ int warp_sum(int v)
{
#if __CUDA_ARCH__ >= 800
    return __reduce_add_sync(0xffffffffu, v);
#else
    for (int d = WARP / 2; d > 0; d /= 2)
        v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
#endif
}

/* Halves to halves, `from` lanes apart first. */
static __device__ __forceinline__ float warp_tree(float v, int from)
{
#pragma unroll
    for (int d = from; d > 0; d /= 2)
        v = TERNARY_ADD(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
}

/* In shared memory, of one vector at a time. */
struct scratch {
    float sum[TERNARY_SUM_GROUPS]; /* of squares, by groups of 32 partial sums */
    uint32_t largest[16];          /* of each warp: the bits of max |x g| */
    int total[16];                 /* of each warp: the sum of q */
};

/* What the vector is, known to every thread after prepare. */
struct vector {
    float unscaled; /* m / 127; 0 for zeros, NaN */
};

/* q of n <= E * THREADS values and the scratch that `finish` reads.  v is x[tid + e * THREADS] and
 * g the norm's, 0 behind the end; meet() is a barrier of the THREADS threads, which all come here.
 * The caller needs no barrier of its own before it reads q. */
template <int THREADS, int E, bool NORM, class MEET>
static __device__ __forceinline__ vector prepare(float (&v)[E], MEET meet,
                                                 const float (&g)[NORM ? E : 1], int n, int8_t *q,
                                                 scratch *s, int tid)
{
    constexpr int WARPS = THREADS / WARP, PARTS = TERNARY_SUM / THREADS;
    const int warp = tid / WARP, lane = tid % WARP;
    float part[PARTS];
    uint32_t largest = 0;
    vector out;
    int total = 0;

#pragma unroll
    for (int p = 0; p < PARTS; p++)
        part[p] = 0.0f;
#pragma unroll
    for (int e = 0; e < E; e++) {
        if (NORM) {
            part[e % PARTS] = TERNARY_ADD(part[e % PARTS], TERNARY_MUL(v[e], v[e]));
            v[e] = TERNARY_MUL(v[e], g[e]);
        }
        largest = max(largest, __float_as_uint(v[e]) & 0x7fffffffu);
    }
    largest = warp_max(largest);
    if (lane == 0)
        s->largest[warp] = largest;
    meet();
    largest = warp_max(s->largest[lane % WARPS]);
    out.unscaled = TERNARY_DIV(__uint_as_float(largest), 127.0f);
    if (largest >= 0x7f800000u || !(out.unscaled >= TERNARY_SCALE_MIN)) {
        out.unscaled = largest >= 0x7f800000u ? __uint_as_float(0x7fc00000u) : 0.0f;
#pragma unroll
        for (int e = 0; e < E; e++)
            if (tid + e * THREADS < n)
                q[tid + e * THREADS] = 0;
    } else {
        const float scale = TERNARY_DIV(127.0f, __uint_as_float(largest));

#pragma unroll
        for (int e = 0; e < E; e++) {
            const int code = __float2int_rn(TERNARY_MUL(v[e], scale));

            if (tid + e * THREADS < n)
                q[tid + e * THREADS] = (int8_t)code;
            total += code; /* 0 behind the end */
        }
    }
    total = warp_sum(total);
    if (lane == 0)
        s->total[warp] = total;
    if (NORM) {
#pragma unroll
        for (int p = 0; p < PARTS; p++) {
            part[p] = warp_tree(part[p], WARP / 2);
            if (lane == 0)
                s->sum[warp + p * WARPS] = part[p];
        }
    }
    meet();
    return out;
}

/* d of the vector and the sum of its q, after prepare; whole warps. */
template <int THREADS, bool NORM>
static __device__ __forceinline__ float finish(const vector &v, const scratch *s, float eps, int n,
                                               int *total, int lane)
{
    constexpr int WARPS = THREADS / WARP;

    *total = warp_sum(lane < WARPS ? s->total[lane] : 0);
    if (!NORM)
        return v.unscaled;
    return TERNARY_MUL(v.unscaled, ternary_norm_factor(warp_tree(s->sum[lane % TERNARY_SUM_GROUPS],
                                                                 TERNARY_SUM_GROUPS / 2),
                                                       eps, n));
}

/* Four unsigned times four signed bytes. */
static __device__ __forceinline__ int dot4(uint32_t codes, uint32_t x, int sum)
{
    asm("dp4a.u32.s32 %0, %1, %2, %0;" : "+r"(sum) : "r"(codes), "r"(x));
    return sum;
}

/* The sums of two rows; those of digit m are 4^m times too large. */
struct sums {
    int row[2][4];
};

static __device__ __forceinline__ void clear(sums &s)
{
#pragma unroll
    for (int m = 0; m < 4; m++)
        s.row[0][m] = s.row[1][m] = 0;
}

/* One tile: the lane's two words, and the 16 bytes of q that go with them. */
static __device__ __forceinline__ void multiply(sums &s, uint2 w, uint4 x)
{
    const uint32_t xs[4] = { x.x, x.y, x.z, x.w };

#pragma unroll
    for (int m = 0; m < 4; m++) {
        s.row[0][m] = dot4(w.x & 0x03030303u << 2 * m, xs[m], s.row[0][m]);
        s.row[1][m] = dot4(w.y & 0x03030303u << 2 * m, xs[m], s.row[1][m]);
    }
}

static __device__ __forceinline__ int unscaled(const int s[4])
{
    return s[0] + (s[1] >> 2) + (s[2] >> 4) + (s[3] >> 6);
}

/* The row sums of a tile's four lanes, code by code: lane 4 g + 0 has row g in .x and row g + 8 in
 * .y. */
static __device__ __forceinline__ int2 together(const sums &s)
{
    int a = unscaled(s.row[0]), b = unscaled(s.row[1]);

    a += __shfl_xor_sync(0xffffffffu, a, 1);
    b += __shfl_xor_sync(0xffffffffu, b, 1);
    a += __shfl_xor_sync(0xffffffffu, a, 2);
    b += __shfl_xor_sync(0xffffffffu, b, 2);
    return make_int2(a, b);
}

/* The lane's 16 bytes of block b of q. */
static __device__ __forceinline__ uint4 load_x(const int8_t *q, int block, int lane)
{
    return *(const uint4 *)(q + block * TERNARY_BLOCK + 16 * (lane % 4));
}

} /* namespace ternary_device */

#endif
