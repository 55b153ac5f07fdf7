/* matmul_mma.cuh - Y = X W' by the tensor cores of any GPU from 7.5 on.
 *
 * A tile is SIDE tokens by SIDE rows of W; each warp has a part of 32 or 64 tokens by 32 rows.
 * STEP columns of both at a time lie in shared memory, 64 bytes a row, whose 16-byte pieces are
 * permuted so that eight rows of a matrix load are in different banks.  X, and weights of its type,
 * come by asynchronous copies; quantised weights are loaded a step ahead, and decoded when the
 * step before has been multiplied.
 *
 * Roofline  SIDE 128: 4,096 products of a warp's matrix instruction for 16 KiB; the instructions,
 *           not the memory, are what this path waits for. */
#ifndef KERNELS_GEMM_MATMUL_MMA_CUH
#define KERNELS_GEMM_MATMUL_MMA_CUH

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "gpu/mma.cuh"
#include "kernels/gemm/matmul_decode.cuh"
#include "kernels/gemm/matmul_mma.h"

enum { MM_STEP = 32, MM_LINE = MM_STEP * 2, MM_PIECE = 16, MM_STAGES = 3, MM_WARP_ROWS = 32 };

/* Weights of the type of X. */
struct decode_none {
    enum { BLOCK = 1 };
    struct raw {
    };
};

template <int ARCH_, typename T_, class D_, int SIDE_> struct mm_shape {
    typedef T_ T;
    typedef D_ D;
    enum {
        ARCH = ARCH_,
        SIDE = SIDE_,
        WARPS = SIDE == 128 ? 8 : 4,
        THREADS = WARPS * MMA_LANES,
        WARP_TOKENS = SIDE == 128 ? 64 : 32, /* 2 x 4 or 2 x 2 warps */
        M = WARP_TOKENS / 16,
        N = MM_WARP_ROWS / 8,
        HALVES = SIDE * 2 / THREADS /* runs of 16 weights that a thread decodes a step */
    };
};

/* Where piece p of a line lies. */
static __device__ __forceinline__ int mm_at(int line, int piece)
{
    return line * MM_LINE + ((piece ^ line / 2 % 4) * MM_PIECE);
}

/* SIDE lines of 64 bytes of a matrix of [lines][ld] values, by all threads. */
template <class S>
static __device__ __forceinline__ void mm_copy(uint8_t *to, const void *from, size_t ld, int lines,
                                               int line0, int k, int cols)
{
    typedef typename S::T T;

#pragma unroll
    for (int i = 0; i < S::SIDE * 4 / S::THREADS; i++) {
        const int at = i * S::THREADS + threadIdx.x, line = at / 4, piece = at % 4;
        const bool there = line0 + line < lines && k + piece * 8 < cols;
        const T *p = (const T *)from + (there ? (size_t)(line0 + line) * ld + k + piece * 8 : 0);

        mma_copy<S::ARCH>(to + mm_at(line, piece), p, there);
    }
}

/* What lies behind the last column, in a piece that is partly there, is NaN or anything. */
template <class S>
static __device__ __forceinline__ void mm_clear_tail(uint8_t *to, int k, int cols)
{
    typedef typename S::T T;

    for (int i = threadIdx.x; i < S::SIDE * 8; i += S::THREADS) {
        const int line = i / 8, c = cols / 8 * 8 + i % 8;

        if (c >= cols && c >= k && c < k + MM_STEP)
            ((T *)(to + mm_at(line, (c - k) / 8)))[c % 8] = T(0.0f);
    }
}

template <class S>
static __device__ __forceinline__ void mm_load_raw(const struct matmul_mma_job *j, int row0, int k,
                                                   typename S::D::raw (&raw)[S::HALVES])
{
    typedef typename S::D D;
    const decode_planes p = { { j->plane[0], j->plane[1], j->plane[2], j->plane[3] } };
    const int rows = (int)j->a.w.rows, cols = (int)j->a.w.cols;

#pragma unroll
    for (int i = 0; i < S::HALVES; i++) {
        const int at = i * S::THREADS + threadIdx.x;
        const int row = min(row0 + at / 2, rows - 1), c = k + at % 2 * DECODE_VALUES;

        if (c < cols)
            raw[i] = D::load(p, (size_t)row * (cols / D::BLOCK) + c / D::BLOCK, c % D::BLOCK);
    }
}

template <class S>
static __device__ __forceinline__ void mm_decode(uint8_t *to, int k, int cols,
                                                 const typename S::D::raw (&raw)[S::HALVES])
{
    typedef typename S::D D;

#pragma unroll
    for (int i = 0; i < S::HALVES; i++) {
        const int at = i * S::THREADS + threadIdx.x, c = k + at % 2 * DECODE_VALUES;
        float v[DECODE_VALUES] = { 0 };
        unsigned w[DECODE_VALUES / 2];

        if (c < cols)
            D::decode(raw[i], c % D::BLOCK, v);
#pragma unroll
        for (int n = 0; n < DECODE_VALUES / 2; n++)
            w[n] = mma_pair<typename S::T>(v[2 * n], v[2 * n + 1]);
#pragma unroll
        for (int h = 0; h < 2; h++)
            *(uint4 *)(to + mm_at(at / 2, at % 2 * 2 + h)) =
                make_uint4(w[4 * h], w[4 * h + 1], w[4 * h + 2], w[4 * h + 3]);
    }
}

/* One step: 2 x M x N matrix instructions of a warp. */
template <class S>
static __device__ __forceinline__ void mm_multiply(const uint8_t *x, const uint8_t *w,
                                                   float (&sum)[S::M][S::N][4])
{
    const int warp = threadIdx.x / MMA_LANES, lane = threadIdx.x % MMA_LANES;
    const int token0 = warp % 2 * S::WARP_TOKENS, row0 = warp / 2 * MM_WARP_ROWS;

#pragma unroll
    for (int k = 0; k < MM_STEP / 16; k++) {
        unsigned a[S::M][4], b[S::N / 2][4];

#pragma unroll
        for (int m = 0; m < S::M; m++)
            mma_load(a[m], mma_shared(x + mm_at(token0 + 16 * m + lane % 16, 2 * k + lane / 16)));
#pragma unroll
        for (int n = 0; n < S::N / 2; n++)
            mma_load(b[n], mma_shared(w + mm_at(row0 + 16 * n + lane % 8 + lane / 16 * 8,
                                                2 * k + lane / 8 % 2)));
#pragma unroll
        for (int m = 0; m < S::M; m++)
#pragma unroll
            for (int n = 0; n < S::N; n++)
                mma_product<S::ARCH, typename S::T>(sum[m][n], a[m], b[n / 2][n % 2 * 2],
                                                    b[n / 2][n % 2 * 2 + 1]);
    }
}

static __device__ __forceinline__ float mm_gate(float x, float v)
{
    return __fdividef(x, 1 + __expf(-v));
}

/* Bias, function and residual (matmul_gpu.h) of the sum of one output. */
template <class S>
static __device__ __forceinline__ float mm_end(const struct matmul_gpu_args *a, int token, int row,
                                               float sum)
{
    const float twice_root = 1.5957691216057308f, cubic = 0.044715f;
    typedef typename S::T T;

    if (a->d_bias)
        sum += (float)((const T *)a->d_bias)[row];
    if (a->f == MATMUL_GPU_SILU)
        sum = mm_gate(sum, sum);
    else if (a->f == MATMUL_GPU_GELU)
        sum = mm_gate(sum, twice_root * (sum + cubic * sum * sum * sum));
    if (a->d_residual)
        sum += (float)((const T *)a->d_residual)[(size_t)token * a->ldy + row];
    return sum;
}

template <class S>
static __device__ __forceinline__ void mm_store(const struct matmul_gpu_args *a, int token0,
                                                int row0, const float (&sum)[S::M][S::N][4])
{
    const int warp = threadIdx.x / MMA_LANES, lane = threadIdx.x % MMA_LANES;
    typedef typename S::T T;

    token0 += warp % 2 * S::WARP_TOKENS + lane / 4;
    row0 += warp / 2 * MM_WARP_ROWS + lane % 4 * 2;
#pragma unroll
    for (int m = 0; m < S::M; m++)
#pragma unroll
        for (int n = 0; n < S::N; n++)
#pragma unroll
            for (int h = 0; h < 2; h++) {
                const int token = token0 + 16 * m + 8 * h, row = row0 + 8 * n;
                T *y = (T *)a->d_y + (size_t)token * a->ldy + row;
                float v[2];

                if (token >= (int)a->tokens || row >= (int)a->w.rows)
                    continue;
                v[0] = mm_end<S>(a, token, row, sum[m][n][2 * h]);
                if (row + 1 < (int)a->w.rows) {
                    v[1] = mm_end<S>(a, token, row + 1, sum[m][n][2 * h + 1]);
                    *(unsigned *)y = mma_pair<T>(v[0], v[1]);
                } else {
                    *y = T(v[0]);
                }
            }
}

/* Both matrices' lines of step `step` on their way into its stage. */
template <class S>
static __device__ __forceinline__ void mm_fetch(const struct matmul_mma_job *j, uint8_t *x,
                                                uint8_t *w, int token0, int row0, int step)
{
    const int cols = (int)j->a.w.cols, k = step * MM_STEP;

    mm_copy<S>(x, j->a.d_x, j->a.ldx, (int)j->a.tokens, token0, k, cols);
    if (S::D::BLOCK == 1)
        mm_copy<S>(w, j->plane[0], j->a.w.row_bytes / 2, (int)j->a.w.rows, row0, k, cols);
}

template <class S>
static __global__ void __launch_bounds__(S::THREADS, S::SIDE == 128 ? 1 : 2)
    matmul_mma_kernel(const struct matmul_mma_job j)
{
    __shared__ __align__(128) uint8_t x[MM_STAGES][S::SIDE * MM_LINE],
        w[MM_STAGES][S::SIDE * MM_LINE];
    const int token0 = blockIdx.x * S::SIDE, row0 = blockIdx.y * S::SIDE, cols = (int)j.a.w.cols;
    const int steps = (cols + MM_STEP - 1) / MM_STEP;
    constexpr bool CODES = S::D::BLOCK > 1;
    typename S::D::raw raw[S::HALVES];
    float sum[S::M][S::N][4] = { { { 0 } } };

#pragma unroll
    for (int i = 0; i < MM_STAGES - 1; i++) {
        if (i < steps) {
            mm_fetch<S>(&j, x[i], w[i], token0, row0, i);
            if constexpr (CODES) {
                mm_load_raw<S>(&j, row0, i * MM_STEP, raw);
                mm_decode<S>(w[i], i * MM_STEP, cols, raw);
            }
        }
        mma_copies_commit<S::ARCH>();
    }
    for (int i = 0; i < steps; i++) {
        const int stage = i % MM_STAGES, ahead = i + MM_STAGES - 1, to = ahead % MM_STAGES;

        mma_copies_wait<S::ARCH, MM_STAGES - 2>();
        __syncthreads(); /* all copies of this step are there, and all are done with the last one */
        if (i == steps - 1 && cols % 8 != 0) {
            mm_clear_tail<S>(x[stage], i * MM_STEP, cols);
            __syncthreads(); /* zeros by other threads */
        }
        if (ahead < steps) {
            mm_fetch<S>(&j, x[to], w[to], token0, row0, ahead);
            if constexpr (CODES)
                mm_load_raw<S>(&j, row0, ahead * MM_STEP, raw);
        }
        mma_copies_commit<S::ARCH>();
        mm_multiply<S>(x[stage], w[stage], sum);
        if constexpr (CODES)
            if (ahead < steps)
                mm_decode<S>(w[to], ahead * MM_STEP, cols, raw);
    }
    mm_store<S>(&j.a, token0, row0, sum);
}

template <class S> static int mm_launch(const struct matmul_mma_job *j, gpu_stream s, struct err *e)
{
    const dim3 grid((unsigned)((j->a.tokens + S::SIDE - 1) / S::SIDE),
                    (unsigned)((j->a.w.rows + S::SIDE - 1) / S::SIDE));

    matmul_mma_kernel<S><<<grid, S::THREADS, 0, s>>>(*j);
    return gpu_try_launched(cudaGetLastError(), "mma kernel", e);
}

/* Tiles of either size for weights of X's type, of 128 for decoded ones. */
template <int ARCH, typename T>
static int mm_launch_floats(const struct matmul_mma_job *j, gpu_stream s, struct err *e)
{
    return j->tile == MATMUL_MMA_64 ? mm_launch<mm_shape<ARCH, T, decode_none, 64>>(j, s, e)
                                    : mm_launch<mm_shape<ARCH, T, decode_none, 128>>(j, s, e);
}

template <int ARCH, class D>
static int mm_launch_codes(const struct matmul_mma_job *j, gpu_stream s, struct err *e)
{
    return mm_launch<mm_shape<ARCH, __half, D, 128>>(j, s, e);
}

template <int ARCH>
static int mm_launch_f16(const struct matmul_mma_job *j, gpu_stream s, struct err *e)
{
    switch (j->a.w.dtype) {
    case DTYPE_F16: return mm_launch_floats<ARCH, __half>(j, s, e);
    case DTYPE_Q4_0: return mm_launch_codes<ARCH, decode_nibbles<false, false>>(j, s, e);
    case DTYPE_Q4_1: return mm_launch_codes<ARCH, decode_nibbles<false, true>>(j, s, e);
    case DTYPE_Q5_0: return mm_launch_codes<ARCH, decode_nibbles<true, false>>(j, s, e);
    case DTYPE_Q5_1: return mm_launch_codes<ARCH, decode_nibbles<true, true>>(j, s, e);
    case DTYPE_Q8_0: return mm_launch_codes<ARCH, decode_q8_0>(j, s, e);
    case DTYPE_Q4_K: return mm_launch_codes<ARCH, decode_offset_k<false>>(j, s, e);
    case DTYPE_Q5_K: return mm_launch_codes<ARCH, decode_offset_k<true>>(j, s, e);
    case DTYPE_Q6_K: return mm_launch_codes<ARCH, decode_q6_k>(j, s, e);
    case DTYPE_TQ2_0: return mm_launch_codes<ARCH, decode_tq2<256, 32>>(j, s, e);
    case DTYPE_TQ2_64: return mm_launch_codes<ARCH, decode_tq2<64, 16>>(j, s, e);
    default: break;
    }
    return ERR(e, ERR_NOTSUP, "no code for weights of %s", dtype_info(j->a.w.dtype)->name);
}

#endif
