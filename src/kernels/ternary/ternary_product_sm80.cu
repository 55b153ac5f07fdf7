/* ternary_product_sm80.cu - products for batches by int8 tensor cores: mma.m16n8k32, compute
 * capability 8.0 and newer.
 *
 * A tile of ternary_tiles.h is the A operand of two of them: the codes that are 1 times too large
 * and, shifted by 4, those that were 16 times; then those that are 4 and 64 times.  A warp has a
 * part of the columns and all tokens of the block, 8 a column group; the warps' sums are added in
 * shared memory, in integers. */
#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "kernels/ternary/ternary_device.cuh"
#include "kernels/ternary/ternary_product.h"

using namespace ternary_device;

namespace
{

enum { THREADS = 256, WARPS = THREADS / WARP, EIGHT = 8, GROUPS_MAX = 4 };

/* sum += codes x q: rows lane / 4 and + 8, tokens 2 (lane % 4) and + 1. */
static __device__ __forceinline__ void mma(int sum[4], const uint32_t a[4], uint32_t b0,
                                           uint32_t b1)
{
    asm("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/* GROUPS: of eight tokens, in this block. */
template <int GROUPS>
static __global__ void __launch_bounds__(THREADS) mma_kernel(const ternary_product p)
{
    __shared__ int part[WARPS][GROUPS * EIGHT][TERNARY_TILE_ROWS + 1];
    const int tid = threadIdx.x, warp = tid / WARP, lane = tid % WARP;
    const int blocks = (int)p.cols / TERNARY_BLOCK;
    const size_t group = (size_t)blocks * TERNARY_TILE_BYTES + TERNARY_TILE_SCALES;
    const uint8_t *tile = p.tiles + blockIdx.x * group;
    const float *scale = (const float *)(tile + group - TERNARY_TILE_SCALES);
    const size_t token0 = (size_t)blockIdx.y * GROUPS * EIGHT;
    const int8_t *q[GROUPS];
    int once[GROUPS][4] = {}, four[GROUPS][4] = {};

#pragma unroll
    for (int i = 0; i < GROUPS; i++) { /* behind the last token: it again, and not stored */
        const size_t token = min(token0 + i * EIGHT + lane / 4, p.tokens - 1);

        q[i] = p.q + token * p.cols;
    }
#pragma unroll 2
    for (int b = warp; b < blocks; b += WARPS) {
        const uint2 w = __ldg((const uint2 *)(tile + b * TERNARY_TILE_BYTES) + lane);
        const uint32_t low = 0x03030303u, next = 0x0c0c0c0cu;
        const uint32_t a[4] = { w.x & low, w.y & low, w.x >> 4 & low, w.y >> 4 & low };
        const uint32_t c[4] = { w.x & next, w.y & next, w.x >> 4 & next, w.y >> 4 & next };

#pragma unroll
        for (int i = 0; i < GROUPS; i++) {
            const uint4 x = load_x(q[i], b, lane);

            mma(once[i], a, x.x, x.z);
            mma(four[i], c, x.y, x.w);
        }
    }
#pragma unroll
    for (int i = 0; i < GROUPS; i++)
#pragma unroll
        for (int k = 0; k < 4; k++)
            part[warp][i * EIGHT + 2 * (lane % 4) + k % 2][lane / 4 + k / 2 * 8] =
                once[i][k] + (four[i][k] >> 2);
    __syncthreads();
    for (int at = tid; at < GROUPS * EIGHT * TERNARY_TILE_ROWS; at += THREADS) {
        const int r = at % TERNARY_TILE_ROWS, t = at / TERNARY_TILE_ROWS;
        const size_t row = (size_t)blockIdx.x * TERNARY_TILE_ROWS + r, token = token0 + t;
        int acc = 0;

        if (row >= p.rows || token >= p.tokens)
            continue;
#pragma unroll
        for (int w = 0; w < WARPS; w++)
            acc += part[w][t][r];
        p.y[token * p.rows + row] = ternary_output(acc - p.total[token], p.d[token], scale[r]);
    }
}

} /* namespace */

int ternary_product_mma(const struct ternary_product *p, gpu_stream s, struct err *e)
{
    const unsigned rows = (unsigned)((p->rows + TERNARY_TILE_ROWS - 1) / TERNARY_TILE_ROWS);
    const unsigned eights = (unsigned)((p->tokens + EIGHT - 1) / EIGHT);

    if (eights <= 1)
        mma_kernel<1><<<dim3(rows, 1), THREADS, 0, s>>>(*p);
    else if (eights == 2)
        mma_kernel<2><<<dim3(rows, 1), THREADS, 0, s>>>(*p);
    else
        mma_kernel<GROUPS_MAX>
            <<<dim3(rows, (eights + GROUPS_MAX - 1) / GROUPS_MAX), THREADS, 0, s>>>(*p);
    return gpu_try_launched(cudaGetLastError(), "ternary product by tensor cores", e);
}
