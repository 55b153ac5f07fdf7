/* gemv_stream.cuh - y = W x on a GPU with x in registers, for formats as in gemv_cuda.cuh.
 *
 * A block has a lane for every unit of a row.  A lane keeps what its unit meets of x, of all
 * vectors, and walks over rows, ROWS at a time, the next ones being on their way: only the weights
 * ask anything of the L1.  That pays where 16 bytes of weights need much of x, in rows of at least
 * F::STREAM_FROM units. */
#ifndef KERNELS_GEMV_GEMV_STREAM_CUH
#define KERNELS_GEMV_GEMV_STREAM_CUH

#include "kernels/gemv/gemv_cuda.cuh"

/* More vectors than these in registers leave room for too few warps: they take another grid. */
enum {
    STREAM_LANES_MOST = 512,
    STREAM_WARPS_MOST = STREAM_LANES_MOST / GEMV_LANES,
    STREAM_VECTORS = 4
};

/* Sums over a warp of V values at once, V a power of two: at each step a lane gives half of its
 * values away.  Lane l then has that of value l / (32 / V), first in v. */
template <int V> static __device__ __forceinline__ void stream_warp_sums(float (&v)[V])
{
    const int lane = threadIdx.x % GEMV_LANES;
    int d = GEMV_LANES / 2;

#pragma unroll
    for (int n = V / 2; n > 0; n /= 2, d /= 2)
#pragma unroll
        for (int i = 0; i < n; i++) {
            const bool upper = lane & d;
            const float give = upper ? v[i] : v[i + n], keep = upper ? v[i + n] : v[i];

            v[i] = keep + __shfl_xor_sync(0xffffffffu, give, d);
        }
    for (; d > 0; d /= 2)
        v[0] += __shfl_xor_sync(0xffffffffu, v[0], d);
}

/* The unit of this lane of ROWS rows from row0 on. */
template <class F, int ROWS>
static __device__ __forceinline__ void stream_load(const struct gemv_w *w, int row0,
                                                   typename F::unit (&u)[ROWS])
{
    int row[ROWS];

#pragma unroll
    for (int r = 0; r < ROWS; r++)
        row[r] = min(row0 + r, w->rows - 1);
    gemv_load<F, ROWS>(w, row, threadIdx.x, u);
}

/* Sums of a block's warps to Y, by its first threads. */
template <int N, int ROWS>
static __device__ __forceinline__ void stream_finish(const struct gemv_job *j, int row0,
                                                     const float (*part)[N * ROWS])
{
    const int t = threadIdx.x / ROWS, row = row0 + threadIdx.x % ROWS;
    float sum;

    if (t >= j->a.n || row >= j->w.rows)
        return;
    sum = part[0][threadIdx.x];
    for (int w = 1; w < (int)blockDim.x / GEMV_LANES; w++)
        sum += part[w][threadIdx.x];
    j->a.d_y[(size_t)t * j->a.ldy + row] = sum;
}

template <class F, int N, int ROWS, bool FUSED>
static __global__ void __launch_bounds__(STREAM_LANES_MOST, 1)
    gemv_stream_kernel(const struct gemv_job j)
{
    constexpr int V = N * ROWS, SHARE = GEMV_LANES / V;
    __shared__ float part[2][STREAM_WARPS_MOST][V];
    const int lane = threadIdx.x % GEMV_LANES, warp = threadIdx.x / GEMV_LANES;
    const int step = gridDim.x * ROWS;
    const bool mine = threadIdx.x < j.w.blocks * F::UNITS;
    typename F::unit now[ROWS], next[ROWS];
    typename F::input in[N];
    int buffer = 0;

    ptx_let_next_grid_begin();
    if (mine)
        stream_load<F, ROWS>(&j.w, blockIdx.x * ROWS, now);
    ptx_wait_for_earlier_grids();
#pragma unroll
    for (int t = 0; t < N; t++) {
        const struct gemv_x x = gemv_x_of(&j.a, t < j.a.n ? t : j.a.n - 1);

        if constexpr (FUSED)
            in[t] = F::input_from(&x, threadIdx.x / F::UNITS, threadIdx.x % F::UNITS, mine);
        else if (mine)
            in[t] = F::input_of(&x, threadIdx.x / F::UNITS, threadIdx.x % F::UNITS);
    }
    for (int row0 = blockIdx.x * ROWS; row0 < j.w.rows; row0 += step, buffer ^= 1) {
        float v[V] = { 0 };

        if (mine && row0 + step < j.w.rows)
            stream_load<F, ROWS>(&j.w, row0 + step, next);
#pragma unroll
        for (int k = 0; k < V; k++)
            if (mine)
                v[k] = F::multiply(now[k % ROWS], threadIdx.x % F::UNITS, in[k / ROWS], 0);
        stream_warp_sums<V>(v);
        if (lane % SHARE == 0)
            part[buffer][warp][lane / SHARE] = v[0];
        /* The first threads read what all warps wrote; this buffer is written again only behind
         * the barrier of the rows after these. */
        __syncthreads();
        if (threadIdx.x < V)
            stream_finish<N, ROWS>(&j, row0, part[buffer]);
#pragma unroll
        for (int r = 0; r < ROWS; r++)
            now[r] = next[r];
    }
}

template <class F, int N, int ROWS, bool FUSED>
static int stream_launch_as(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    const int units = j->w.blocks * F::UNITS;
    const int lanes = (units + GEMV_LANES - 1) / GEMV_LANES * GEMV_LANES;
    const int groups = (j->w.rows + ROWS - 1) / ROWS;
    int blocks = 1, rc = 0;

    CUDA_TRY(cudaOccupancyMaxActiveBlocksPerMultiprocessor(
        &blocks, gemv_stream_kernel<F, N, ROWS, FUSED>, lanes, 0));
    blocks *= j->a.multiprocessors;
    TRY(gemv_enqueue(gemv_stream_kernel<F, N, ROWS, FUSED>, j, groups < blocks ? groups : blocks,
                     lanes, early, s, e));
out:
    return rc;
}

/* Vectors `from` to at most STREAM_VECTORS more. */
template <class F, bool FUSED>
static int stream_launch_part(const struct gemv_job *j, int from, bool early, gpu_stream s,
                              struct err *e)
{
    struct gemv_job part = *j;

    part.a.n = j->a.n - from < STREAM_VECTORS ? j->a.n - from : STREAM_VECTORS;
    part.a.act.d += from * j->a.act.stride;
    part.a.d_x += from * j->a.ldx;
    part.a.d_y += from * j->a.ldy;
    return part.a.n == 1   ? stream_launch_as<F, 1, F::STREAM_ROWS, FUSED>(&part, early, s, e)
           : part.a.n == 2 ? stream_launch_as<F, 2, 2, FUSED>(&part, early, s, e)
                           : stream_launch_as<F, STREAM_VECTORS, 1, FUSED>(&part, early, s, e);
}

/* As gemv_launch, for types that have STREAM_FROM. */
template <class F>
static int stream_launch(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    const int units = j->w.blocks * F::UNITS;
    int rc = 0;

    if (units < F::STREAM_FROM || units > STREAM_LANES_MOST)
        return gemv_launch<F>(j, early, s, e);
    for (int from = 0; from < j->a.n; from += STREAM_VECTORS)
        TRY((stream_launch_part<F, false>(j, from, early, s, e)));
out:
    return rc;
}

/* The same, for types that quantise the vectors on their way too (gemv_gpu_args.quantize). */
template <class F>
static int stream_launch_either(const struct gemv_job *j, bool early, gpu_stream s, struct err *e)
{
    int rc = 0;

    if (!j->a.quantize)
        return stream_launch<F>(j, early, s, e);
    if (j->w.blocks * F::UNITS > STREAM_LANES_MOST)
        return ERR(e, ERR_NOTSUP, "rows of more than %d units of 16 bytes do not quantise vectors",
                   (int)STREAM_LANES_MOST);
    for (int from = 0; from < j->a.n; from += STREAM_VECTORS)
        TRY((stream_launch_part<F, true>(j, from, early, s, e)));
out:
    return rc;
}

#endif
