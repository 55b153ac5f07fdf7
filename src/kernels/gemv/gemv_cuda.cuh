/* gemv_cuda.cuh - y = W x on a GPU, for a format of weights that a .cu file describes.
 *
 * Lanes take the 16-byte units of a row in turn: unit lane, lane + lanes, ... of as many lanes as
 * share a row, a warp's or a block's.  A warp has ROWS rows at a time, which share what it loads
 * of x, and the next units are on their way while one is multiplied.  x is read through the L1.
 *
 * A format F has
 *   UNITS              16-byte units of a block of BLOCK values
 *   struct unit        what a lane loads of W for one: 16 bytes of codes, and the scales they need
 *   load(w, block, part)
 *   struct input       the values of one vector that it is multiplied with
 *   input_of(x, block, part)
 *   multiply(unit, part, input, sum)   the sum with the unit's products added */
#ifndef KERNELS_GEMV_GEMV_CUDA_CUH
#define KERNELS_GEMV_GEMV_CUDA_CUH

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "gpu/ptx.cuh"
#include "kernels/gemv/gemv_job_gpu.h"

enum { GEMV_LANES = 32, GEMV_WARPS = 4 };

/* One vector: floats or codes. */
struct gemv_x {
    const float *x;
    int cols;
    const int8_t *q;
    const float *d;
    const int16_t *sum;
};

static __device__ __forceinline__ struct gemv_x gemv_x_of(const struct gemv_gpu_args *a, int t)
{
    const uint8_t *act = a->act.d + (size_t)t * a->act.stride;
    struct gemv_x x = { a->d_x + (size_t)t * a->ldx, (int)a->w.cols, (const int8_t *)act,
                        (const float *)(act + a->act.d_at),
                        (const int16_t *)(act + a->act.sum_at) };

    return x;
}

/* Units of one row for this lane: those it loads of ROWS rows at a time. */
template <class F, int ROWS>
static __device__ __forceinline__ void gemv_load(const struct gemv_w *w, const int (&row)[ROWS],
                                                 int unit, typename F::unit (&u)[ROWS])
{
#pragma unroll
    for (int r = 0; r < ROWS; r++)
        u[r] = F::load(w, row[r] * w->blocks + unit / F::UNITS, unit % F::UNITS);
}

template <class F, int N, int ROWS>
static __device__ __forceinline__ void gemv_multiply(const struct gemv_gpu_args *a, int unit,
                                                     const typename F::unit (&u)[ROWS],
                                                     float (&sum)[N][ROWS])
{
#pragma unroll
    for (int t = 0; t < N; t++) {
        const struct gemv_x x = gemv_x_of(a, t < a->n ? t : a->n - 1);
        const typename F::input in = F::input_of(&x, unit / F::UNITS, unit % F::UNITS);

#pragma unroll
        for (int r = 0; r < ROWS; r++)
            sum[t][r] = F::multiply(u[r], unit % F::UNITS, in, sum[t][r]);
    }
}

/* The sums of all lanes of a warp, and with SHARED of all warps of the block. */
template <int N, int ROWS, bool SHARED>
static __device__ __forceinline__ void gemv_reduce(float (&sum)[N][ROWS])
{
    __shared__ float part[GEMV_WARPS][N][ROWS];
    const int lane = threadIdx.x % GEMV_LANES, warp = threadIdx.x / GEMV_LANES;

#pragma unroll
    for (int t = 0; t < N; t++)
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            for (int d = GEMV_LANES / 2; d > 0; d /= 2)
                sum[t][r] += __shfl_xor_sync(0xffffffffu, sum[t][r], d);
            if (SHARED && lane == 0)
                part[warp][t][r] = sum[t][r];
        }
    if (!SHARED)
        return;
    __syncthreads(); /* warp 0 reads what lane 0 of every warp wrote */
#pragma unroll
    for (int t = 0; t < N; t++)
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            sum[t][r] = part[0][t][r];
            for (int w = 1; w < GEMV_WARPS; w++)
                sum[t][r] += part[w][t][r];
        }
}

/* SHARED: a block's warps share rows; else each has its own.  DEPTH units are on their way. */
template <class F, int N, int ROWS, bool SHARED, int DEPTH>
static __global__ void __launch_bounds__(GEMV_WARPS *GEMV_LANES, N < 4   ? 4
                                                                 : N < 8 ? 3
                                                                         : 2)
    gemv_kernel(const struct gemv_job j)
{
    const int warp = threadIdx.x / GEMV_LANES, lane = threadIdx.x % GEMV_LANES;
    const int lanes = SHARED ? GEMV_WARPS * GEMV_LANES : GEMV_LANES;
    const int row0 = (SHARED ? blockIdx.x : blockIdx.x * GEMV_WARPS + warp) * ROWS;
    const int units = j.w.blocks * F::UNITS, first = SHARED ? threadIdx.x : lane;
    typename F::unit u[DEPTH][ROWS];
    float sum[N][ROWS] = { { 0 } };
    int row[ROWS];

    ptx_let_next_grid_begin();
#pragma unroll
    for (int r = 0; r < ROWS; r++)
        row[r] = min(row0 + r, j.w.rows - 1);
#pragma unroll
    for (int d = 0; d < DEPTH; d++)
        if (first + d * lanes < units)
            gemv_load<F, ROWS>(&j.w, row, first + d * lanes, u[d]);
    ptx_wait_for_earlier_grids();
    for (int unit = first; unit < units;) {
#pragma unroll
        for (int d = 0; d < DEPTH; d++, unit += lanes) {
            if (unit < units)
                gemv_multiply<F, N, ROWS>(&j.a, unit, u[d], sum);
            if (unit + DEPTH * lanes < units)
                gemv_load<F, ROWS>(&j.w, row, unit + DEPTH * lanes, u[d]);
        }
    }
    gemv_reduce<N, ROWS, SHARED>(sum);
    if (lane != 0 || (SHARED && warp != 0))
        return;
#pragma unroll
    for (int t = 0; t < N; t++)
#pragma unroll
        for (int r = 0; r < ROWS; r++)
            if (t < j.a.n && row0 + r < j.w.rows)
                j.a.d_y[(size_t)t * j.a.ldy + row0 + r] = sum[t][r];
}

/* ---- launches */

static inline int gemv_enqueue(void (*kernel)(struct gemv_job), const struct gemv_job *j,
                               int blocks, int threads, bool early, gpu_stream s, struct err *e)
{
    cudaLaunchAttribute attribute = {};
    cudaLaunchConfig_t c = {};

    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    c.gridDim = dim3((unsigned)blocks);
    c.blockDim = dim3((unsigned)threads);
    c.stream = s;
    c.attrs = &attribute;
    c.numAttrs = early ? 1 : 0;
    return gpu_try_launched(cudaLaunchKernelEx(&c, kernel, *j), "gemv kernel", e);
}

template <class F, int N, bool SHARED>
static int gemv_launch_as(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    constexpr int depth = N > 1 || SHARED ? 2 : 3;
    const int rows = SHARED ? F::ROWS : F::ROWS * GEMV_WARPS;

    return gemv_enqueue(gemv_kernel<F, N, F::ROWS, SHARED, depth>, j, (j->w.rows + rows - 1) / rows,
                        GEMV_WARPS * GEMV_LANES, early, s, e);
}

/* Warps that keep a multiprocessor's share of the memory busy; units that keep a block busy, and
 * those that do where there are few rows (docs/notes/linear-gpu.md). */
enum { GEMV_WARPS_BUSY = 16, GEMV_UNITS_SHARED = 256, GEMV_UNITS_FEW_ROWS = 64 };

template <class F, int N>
static int gemv_launch_n(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    const int units = j->w.blocks * F::UNITS, busy = j->a.multiprocessors * GEMV_WARPS_BUSY;

    if (units >= GEMV_UNITS_SHARED || (units > GEMV_UNITS_FEW_ROWS && j->w.rows < busy))
        return gemv_launch_as<F, N, true>(j, early, s, e);
    return gemv_launch_as<F, N, false>(j, early, s, e);
}

template <class F>
static int gemv_launch(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    const int n = j->a.n;

    return n == 1   ? gemv_launch_n<F, 1>(j, early, s, e)
           : n == 2 ? gemv_launch_n<F, 2>(j, early, s, e)
           : n <= 4 ? gemv_launch_n<F, 4>(j, early, s, e)
                    : gemv_launch_n<F, 8>(j, early, s, e);
}

#endif
