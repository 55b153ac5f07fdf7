/* cache_gpu.cu - loops inside a GPU's caches.
 *
 * Roofline  L1: 128 bytes a clock for a multiprocessor, one 16-byte load of a warp every 4 clocks;
 *           two additions fold its four words, so that the adders are not what is measured.
 *           L2: what the network between multiprocessors and L2 carries; no vendor figure.
 *           All blocks share all tiles of all passes, so that none is idle while another works. */
#include "silicon/memory/cache_gpu.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"

enum { L1_THREADS = 1024, L2_THREADS = 512, L2_UNROLL = 4, L2_BLOCKS = 4, LANES = 32 };
enum { L1_VECTORS = CACHE_GPU_L1_PART / 2, L1_UNROLL = L1_VECTORS / L1_THREADS, LINE_VECTORS = 8 };

/* The sum over the block, in thread 0. */
static __device__ uint32_t block_sum(uint32_t x)
{
    __shared__ uint32_t warp_sums[LANES];
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;

    for (int d = LANES / 2; d > 0; d /= 2)
        x += __shfl_xor_sync(0xffffffffu, x, d);
    if (lane == 0)
        warp_sums[warp] = x;
    __syncthreads(); /* thread 0 reads what lane 0 of every warp wrote */
    if (threadIdx.x == 0)
        for (int w = 1; w < (int)blockDim.x / LANES; w++)
            x += warp_sums[w];
    return x;
}

static __device__ __forceinline__ uint4 load_l1(const uint4 *p)
{
    uint4 v;

    asm volatile("ld.global.ca.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(p));
    return v;
}

static __device__ __forceinline__ double2 load_l2(const double2 *p)
{
    double2 v;

    asm volatile("ld.global.cg.v2.f64 {%0, %1}, [%2];" : "=d"(v.x), "=d"(v.y) : "l"(p));
    return v;
}

static __device__ __forceinline__ void store_l2(double2 *p, double2 v)
{
    asm volatile("st.global.cg.v2.f64 [%0], {%1, %2};" : : "l"(p), "d"(v.x), "d"(v.y) : "memory");
}

static __global__ void __launch_bounds__(L1_THREADS)
    read_l1_kernel(const struct cache_gpu_args args)
{
    const uint4 *part = (const uint4 *)args.a + (size_t)blockIdx.x * L1_VECTORS;
    uint32_t at = threadIdx.x, low = 0, high = 0;

#pragma unroll 4
    for (unsigned pass = 0; pass < args.passes; pass++) {
#pragma unroll
        for (int u = 0; u < L1_UNROLL; u++) {
            uint4 v = load_l1(part + ((at + u * L1_THREADS) & (L1_VECTORS - 1)));

            low += v.x + v.z;
            high += v.y + v.w;
        }
        at += LINE_VECTORS;
    }
    low = block_sum(low + high);
    if (threadIdx.x == 0)
        args.sums[blockIdx.x] = low;
}

static __device__ __forceinline__ uint32_t fold(double2 v)
{
    return (uint32_t)__double2loint(v.x) + (uint32_t)__double2hiint(v.x) +
           (uint32_t)__double2loint(v.y) + (uint32_t)__double2hiint(v.y);
}

template <enum stream_gpu_op OP>
static __global__ void __launch_bounds__(L2_THREADS) l2_kernel(const struct cache_gpu_args args)
{
    double2 *a = (double2 *)args.a;
    const double2 *b = (const double2 *)args.b, *c = (const double2 *)args.c;
    const uint32_t tiles = (uint32_t)(args.n / 2 / (L2_THREADS * L2_UNROLL));
    const double2 fill = make_double2(args.value, args.value);
    const uint32_t step = gridDim.x % tiles, all = tiles * args.passes;
    uint32_t sum = 0, tile = blockIdx.x % tiles;

    for (uint32_t done = blockIdx.x; done < all; done += gridDim.x) {
        const uint32_t at = tile * (L2_THREADS * L2_UNROLL) + threadIdx.x;
        double2 x[L2_UNROLL], y[L2_UNROLL];

#pragma unroll
        for (int u = 0; u < L2_UNROLL; u++) {
            if (OP == STREAM_GPU_READ)
                x[u] = load_l2(a + at + u * L2_THREADS);
            if (OP == STREAM_GPU_COPY || OP == STREAM_GPU_TRIAD)
                x[u] = load_l2(b + at + u * L2_THREADS);
            if (OP == STREAM_GPU_TRIAD)
                y[u] = load_l2(c + at + u * L2_THREADS);
        }
#pragma unroll
        for (int u = 0; u < L2_UNROLL; u++) {
            if (OP == STREAM_GPU_READ)
                sum += fold(x[u]);
            if (OP == STREAM_GPU_WRITE)
                x[u] = fill;
            if (OP == STREAM_GPU_TRIAD) {
                x[u].x += args.value * y[u].x;
                x[u].y += args.value * y[u].y;
            }
            if (OP != STREAM_GPU_READ)
                store_l2(a + at + u * L2_THREADS, x[u]);
        }
        tile = tile + step < tiles ? tile + step : tile + step - tiles;
    }
    if (OP == STREAM_GPU_READ) {
        sum = block_sum(sum);
        if (threadIdx.x == 0)
            args.sums[blockIdx.x] = sum;
    }
}

int cache_gpu_sums(int multiprocessors)
{
    return multiprocessors * L2_BLOCKS;
}

int cache_gpu_read_l1(const struct cache_gpu_args *args, gpu_stream s, struct err *e)
{
    if (args->n != (size_t)args->multiprocessors * CACHE_GPU_L1_PART)
        return ERR(e, ERR_ARG, "%zu elements for %d multiprocessors", args->n,
                   args->multiprocessors);
    read_l1_kernel<<<(unsigned)args->multiprocessors, L1_THREADS, 0, s>>>(*args);
    return gpu_try_launched(cudaGetLastError(), "L1 kernel", e);
}

int cache_gpu_l2(enum stream_gpu_op op, const struct cache_gpu_args *args, gpu_stream s,
                 struct err *e)
{
    unsigned grid = (unsigned)cache_gpu_sums(args->multiprocessors);

    if (args->n % CACHE_GPU_BLOCK != 0 || args->n < 8 * CACHE_GPU_BLOCK || args->n > 1u << 31)
        return ERR(e, ERR_ARG, "%zu elements in the L2", args->n);
    switch (op) {
    case STREAM_GPU_READ: l2_kernel<STREAM_GPU_READ><<<grid, L2_THREADS, 0, s>>>(*args); break;
    case STREAM_GPU_WRITE: l2_kernel<STREAM_GPU_WRITE><<<grid, L2_THREADS, 0, s>>>(*args); break;
    case STREAM_GPU_COPY: l2_kernel<STREAM_GPU_COPY><<<grid, L2_THREADS, 0, s>>>(*args); break;
    case STREAM_GPU_TRIAD: l2_kernel<STREAM_GPU_TRIAD><<<grid, L2_THREADS, 0, s>>>(*args); break;
    }
    return gpu_try_launched(cudaGetLastError(), "L2 kernel", e);
}
