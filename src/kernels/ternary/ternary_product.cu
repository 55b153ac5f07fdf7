/* ternary_product.cu - single products by dp4a, for any GPU.
 *
 * A block is 16 rows and a token: 8 warps share the columns, a lane has two words of codes (row g
 * and g + 8) and 16 bytes of q for 8 dp4a.  Codes are not shifted: an AND leaves four of them, 1,
 * 4, 16 or 64 times too large, in sums of their own.  Codes are weights + 1: the sum of q is taken
 * away at the end.  Codes are loaded before the vector is waited for: they depend on nothing. */
#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"
#include "kernels/ternary/ternary_device.cuh"
#include "kernels/ternary/ternary_product.h"

using namespace ternary_device;

namespace
{

enum { THREADS = 256, WARPS = THREADS / WARP, AHEAD = 4 /* tiles a warp has loaded before */ };

struct shared {
    int8_t q[TERNARY_GPU_COLS_MAX];
    int part[WARPS][TERNARY_TILE_ROWS];
    scratch s;
};

/* The next kernel may start; the one before has ended. */
static __device__ __forceinline__ void let_next(void)
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

static __device__ __forceinline__ void wait_before(void)
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

static __device__ __forceinline__ void meet(void)
{
    __syncthreads();
}

/* The thread's values of a vector that another kernel has written. */
template <int E>
static __device__ __forceinline__ void load(float (&v)[E], const ternary_product &p, const float *x)
{
#pragma unroll
    for (int e = 0; e < E; e++) {
        const int i = threadIdx.x + e * THREADS;
        const int at = p.head == 0 ? i : i / p.head / p.group * p.head + i % p.head;

        v[e] = i < (int)p.cols ? __ldcg(x + at) : 0.0f;
    }
}

/* The norm's weights of the same values: they depend on nothing. */
template <int E>
static __device__ __forceinline__ void load_norm(float (&g)[E], const ternary_product &p)
{
#pragma unroll
    for (int e = 0; e < E; e++) {
        const int i = threadIdx.x + e * THREADS;

        g[e] = i < (int)p.cols ? __ldg(p.g + i) : 0.0f;
    }
}

/* What a thread that has a row at the end of it needs besides the sums: asked for before. */
struct row {
    float scale, scale8; /* of row r; of r + 8, where that is up and this is gate */
    float add;
};

/* Row r of the block's 16: what it has come to, and what is to be done with it. */
static __device__ __forceinline__ void store(const ternary_product &p, const shared &sh, float d,
                                             int total, const row &of, int r)
{
    const size_t at = (size_t)blockIdx.x * TERNARY_TILE_ROWS + r;
    const bool silu = p.then == TERNARY_THEN_SILU;
    int acc[2] = { -total, -total };

#pragma unroll
    for (int w = 0; w < WARPS; w++) {
        acc[0] += sh.part[w][r];
        if (silu)
            acc[1] += sh.part[w][r + 8];
    }
    const float y = ternary_output(acc[0], d, of.scale);

    if (silu)
        p.y[(size_t)blockIdx.x * 8 + r] = ternary_silu(y, ternary_output(acc[1], d, of.scale8));
    else if (at < p.rows)
        p.y[blockIdx.y * p.rows + at] = p.then == TERNARY_THEN_ADD ? TERNARY_ADD(of.add, y) : y;
}

/* E: values of the vector a thread has; READY: q is made already (E is not used). */
template <int E, bool NORM, bool READY>
static __global__ void __launch_bounds__(THREADS, 3) product_kernel(const ternary_product p)
{
    __shared__ __align__(16) shared sh;
    const int tid = threadIdx.x, warp = tid / WARP, lane = tid % WARP;
    const int cols = (int)p.cols, blocks = cols / TERNARY_BLOCK;
    const size_t group = (size_t)blocks * TERNARY_TILE_BYTES + TERNARY_TILE_SCALES;
    const uint8_t *tile = p.tiles + blockIdx.x * group;
    const float *scale = (const float *)(tile + group - TERNARY_TILE_SCALES);
    const int outs = p.then == TERNARY_THEN_SILU ? 8 : 16;
    const size_t at = (size_t)blockIdx.x * TERNARY_TILE_ROWS + tid;
    uint2 ahead[AHEAD];
    row of = {};
    sums sum;
    float d;
    int total;

#pragma unroll
    for (int i = 0; i < AHEAD; i++)
        if (warp + i * WARPS < blocks)
            ahead[i] =
                __ldg((const uint2 *)(tile + (warp + i * WARPS) * TERNARY_TILE_BYTES) + lane);
    if (tid < TERNARY_TILE_ROWS) {
        of.scale = __ldg(scale + tid);
        of.scale8 = __ldg(scale + (tid + 8) % TERNARY_TILE_ROWS);
    }
    let_next();
    if (READY)
        wait_before();
    clear(sum);
    if (READY) {
        const int8_t *q = p.q + blockIdx.y * p.cols;

#pragma unroll
        for (int i = 0; i < AHEAD; i++)
            if (warp + i * WARPS < blocks)
                multiply(sum, ahead[i], load_x(q, warp + i * WARPS, lane));
        for (int b = warp + AHEAD * WARPS; b < blocks; b += WARPS)
            multiply(sum, __ldg((const uint2 *)(tile + b * TERNARY_TILE_BYTES) + lane),
                     load_x(q, b, lane));
        d = p.d[blockIdx.y];
        total = p.total[blockIdx.y];
    } else {
        float x[E], g[NORM ? E : 1];

        if (NORM)
            load_norm(g, p);
        wait_before();
        load(x, p, p.x + blockIdx.y * p.cols);
        if (p.then == TERNARY_THEN_ADD && tid < TERNARY_TILE_ROWS && at < p.rows)
            of.add = __ldcg(p.add + at);
        const vector v = prepare<THREADS, E, NORM>(x, meet, g, cols, sh.q, &sh.s, tid);

#pragma unroll
        for (int i = 0; i < AHEAD; i++)
            if (warp + i * WARPS < blocks)
                multiply(sum, ahead[i], load_x(sh.q, warp + i * WARPS, lane));
#pragma unroll 4
        for (int b = warp + AHEAD * WARPS; b < blocks; b += WARPS)
            multiply(sum, __ldg((const uint2 *)(tile + b * TERNARY_TILE_BYTES) + lane),
                     load_x(sh.q, b, lane));
        d = finish<THREADS, NORM>(v, &sh.s, p.eps, cols, &total, lane);
    }
    const int2 rows = together(sum);

    if (lane % 4 == 0) {
        sh.part[warp][lane / 4] = rows.x;
        sh.part[warp][lane / 4 + 8] = rows.y;
    }
    __syncthreads();
    if (tid < outs)
        store(p, sh, d, total, of, tid);
}

template <int E, bool NORM>
static __global__ void __launch_bounds__(THREADS) quantize_kernel(const ternary_product p)
{
    __shared__ __align__(16) shared sh;
    const int tid = threadIdx.x, cols = (int)p.cols;
    float x[E], g[NORM ? E : 1];
    int total;

    if (NORM)
        load_norm(g, p);
    let_next();
    wait_before();
    load(x, p, p.x + blockIdx.x * p.cols);
    const vector v = prepare<THREADS, E, NORM>(x, meet, g, cols, sh.q, &sh.s, tid);
    const float d = finish<THREADS, NORM>(v, &sh.s, p.eps, cols, &total, tid % WARP);

    for (int i = tid; i < cols / 16; i += THREADS)
        ((uint4 *)(p.q + blockIdx.x * p.cols))[i] = ((const uint4 *)sh.q)[i];
    if (tid == 0) {
        p.d[blockIdx.x] = d;
        p.total[blockIdx.x] = total;
    }
}

static cudaError_t launch(const void *kernel, dim3 grid, const ternary_product *p, cudaStream_t s)
{
    cudaLaunchAttribute early;
    cudaLaunchConfig_t config = {};
    void *args[] = { (void *)p };

    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    config.gridDim = grid;
    config.blockDim = dim3(THREADS);
    config.stream = s;
    config.attrs = &early;
    config.numAttrs = p->early ? 1 : 0;
    return cudaLaunchKernelExC(&config, kernel, args);
}

/* By values a thread, of a vector of up to 768, 1536, 2560, 6912 columns. */
template <bool NORM> static const void *fused_of(size_t cols)
{
    return cols <= 768    ? (const void *)product_kernel<3, NORM, false>
           : cols <= 1536 ? (const void *)product_kernel<6, NORM, false>
           : cols <= 2560 ? (const void *)product_kernel<10, NORM, false>
                          : (const void *)product_kernel<27, NORM, false>;
}

template <bool NORM> static const void *quantize_of(size_t cols)
{
    return cols <= 768    ? (const void *)quantize_kernel<3, NORM>
           : cols <= 1536 ? (const void *)quantize_kernel<6, NORM>
           : cols <= 2560 ? (const void *)quantize_kernel<10, NORM>
                          : (const void *)quantize_kernel<27, NORM>;
}

static int too_wide(const ternary_product *p, struct err *e)
{
    if (p->cols <= TERNARY_GPU_COLS_MAX && p->cols % TERNARY_BLOCK == 0)
        return 0;
    return ERR(e, ERR_NOTSUP, "no kernel for ternary rows of %zu, only of multiples of %d up to %d",
               p->cols, TERNARY_BLOCK, TERNARY_GPU_COLS_MAX);
}

static unsigned groups(const ternary_product *p)
{
    return (unsigned)((p->rows + TERNARY_TILE_ROWS - 1) / TERNARY_TILE_ROWS);
}

} /* namespace */

int ternary_product_fused(const struct ternary_product *p, gpu_stream s, struct err *e)
{
    if (too_wide(p, e) < 0)
        return ERR_NOTSUP;
    return gpu_try_launched(launch(p->g ? fused_of<true>(p->cols) : fused_of<false>(p->cols),
                                   dim3(groups(p), (unsigned)p->tokens), p, s),
                            "ternary product", e);
}

int ternary_product_quantize(const struct ternary_product *p, gpu_stream s, struct err *e)
{
    if (too_wide(p, e) < 0)
        return ERR_NOTSUP;
    return gpu_try_launched(launch(p->g ? quantize_of<true>(p->cols) : quantize_of<false>(p->cols),
                                   dim3((unsigned)p->tokens), p, s),
                            "ternary quantisation", e);
}

int ternary_product_ready(const struct ternary_product *p, gpu_stream s, struct err *e)
{
    if (too_wide(p, e) < 0)
        return ERR_NOTSUP;
    return gpu_try_launched(launch((const void *)product_kernel<1, false, true>,
                                   dim3(groups(p), (unsigned)p->tokens), p, s),
                            "ternary product", e);
}
