/* stream_gpu.cu - the loops behind silicon.memory on a GPU.
 *
 * Roofline  no arithmetic that counts: bytes over the memory's rate.  To keep HBM busy, rate x
 *           latency bytes must be on their way: 4.9 TB/s x 0.8 us = 3.9 MB, 30 KB a multiprocessor
 *           of an H200.  2,048 threads with 4 loads of 16 bytes each have 128 KB.
 * Variants  unroll  16-byte accesses of one thread that are issued before the first is used
 *           grid    one tile a block (the hardware hands tiles out as blocks end), or 8 blocks a
 *                   multiprocessor that walk over all tiles
 *           hint    evict first: nothing is used twice
 *           driver  cudaMemcpyAsync, copy only */
#include "silicon/memory/stream_gpu.h"

#include <cuda_runtime_api.h>

#include "gpu/gpu_try.h"

enum { THREADS = 256, BLOCKS_RESIDENT = 8, CHECK_THREADS = 256, LANES = 32 };

enum hint { HINT_NONE, HINT_STREAM };

struct variant {
    int unroll;
    bool tile_a_block;
    enum hint hint;
    const char *name;
};

static const struct variant variants[] = {
    { 4, true, HINT_NONE, "4 x 16 B a thread, a tile a block" },
    { 4, true, HINT_STREAM, "4 x 16 B a thread, a tile a block, evict first" },
    { 4, false, HINT_NONE, "4 x 16 B a thread, 8 blocks a multiprocessor" },
    { 4, false, HINT_STREAM, "4 x 16 B a thread, 8 blocks a multiprocessor, evict first" },
    { 8, true, HINT_NONE, "8 x 16 B a thread, a tile a block" },
    { 8, true, HINT_STREAM, "8 x 16 B a thread, a tile a block, evict first" },
    { 8, false, HINT_NONE, "8 x 16 B a thread, 8 blocks a multiprocessor" },
    { 8, false, HINT_STREAM, "8 x 16 B a thread, 8 blocks a multiprocessor, evict first" },
    { 0, true, HINT_NONE, "cudaMemcpyAsync" },
};
enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

template <enum hint H> static __device__ __forceinline__ double2 load(const double2 *p)
{
    return H == HINT_STREAM ? __ldcs(p) : *p;
}

template <enum hint H> static __device__ __forceinline__ void store(double2 *p, double2 v)
{
    if (H == HINT_STREAM)
        __stcs(p, v);
    else
        *p = v;
}

static __device__ __forceinline__ uint64_t words(double2 v)
{
    return (uint64_t)__double_as_longlong(v.x) + (uint64_t)__double_as_longlong(v.y);
}

/* The sum over the block, in thread 0. */
static __device__ uint64_t block_sum(uint64_t x)
{
    __shared__ uint64_t warp_sums[THREADS / LANES];
    int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;

    for (int d = LANES / 2; d > 0; d /= 2)
        x += __shfl_xor_sync(0xffffffffu, x, d);
    if (lane == 0)
        warp_sums[warp] = x;
    __syncthreads(); /* thread 0 reads what lane 0 of every warp wrote */
    if (threadIdx.x == 0)
        for (int w = 1; w < THREADS / LANES; w++)
            x += warp_sums[w];
    return x;
}

/* One tile is THREADS x U vectors; neighbouring threads take neighbouring vectors. */
template <enum stream_gpu_op OP, int U, enum hint H>
static __global__ void __launch_bounds__(THREADS) stream_kernel(const struct stream_gpu_args args)
{
    double2 *a = (double2 *)args.a;
    const double2 *b = (const double2 *)args.b, *c = (const double2 *)args.c;
    const size_t tiles = args.n / 2 / (THREADS * U);
    uint64_t sum = 0;

    for (size_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const size_t at = tile * (THREADS * U) + threadIdx.x;
        double2 x[U], y[U];

#pragma unroll
        for (int u = 0; u < U; u++) {
            if (OP == STREAM_GPU_READ)
                x[u] = load<H>(a + at + u * THREADS);
            if (OP == STREAM_GPU_COPY || OP == STREAM_GPU_TRIAD)
                x[u] = load<H>(b + at + u * THREADS);
            if (OP == STREAM_GPU_TRIAD)
                y[u] = load<H>(c + at + u * THREADS);
        }
#pragma unroll
        for (int u = 0; u < U; u++) {
            if (OP == STREAM_GPU_READ)
                sum += words(x[u]);
            if (OP == STREAM_GPU_WRITE)
                x[u] = make_double2(args.value, args.value);
            if (OP == STREAM_GPU_TRIAD) {
                x[u].x += args.value * y[u].x;
                x[u].y += args.value * y[u].y;
            }
            if (OP != STREAM_GPU_READ)
                store<H>(a + at + u * THREADS, x[u]);
        }
    }
    if (OP == STREAM_GPU_READ) {
        sum = block_sum(sum);
        if (threadIdx.x == 0)
            args.sums[blockIdx.x] = sum;
    }
}

static size_t grid_of(const struct variant *v, size_t n, int multiprocessors)
{
    size_t tiles = n / 2 / ((size_t)THREADS * (size_t)v->unroll);
    size_t resident = (size_t)multiprocessors * BLOCKS_RESIDENT;

    return v->tile_a_block || tiles < resident ? tiles : resident;
}

template <enum stream_gpu_op OP, int U, enum hint H>
static void launch_as(const struct stream_gpu_args *args, size_t grid, cudaStream_t stream)
{
    stream_kernel<OP, U, H><<<(unsigned)grid, THREADS, 0, stream>>>(*args);
}

template <enum stream_gpu_op OP>
static void launch_op(const struct variant *v, const struct stream_gpu_args *args, size_t grid,
                      cudaStream_t stream)
{
    if (v->unroll == 4 && v->hint == HINT_NONE)
        launch_as<OP, 4, HINT_NONE>(args, grid, stream);
    else if (v->unroll == 4)
        launch_as<OP, 4, HINT_STREAM>(args, grid, stream);
    else if (v->hint == HINT_NONE)
        launch_as<OP, 8, HINT_NONE>(args, grid, stream);
    else
        launch_as<OP, 8, HINT_STREAM>(args, grid, stream);
}

int stream_gpu_variants(void)
{
    return VARIANTS;
}

const char *stream_gpu_name(int variant)
{
    return variants[variant].name;
}

bool stream_gpu_does(int variant, enum stream_gpu_op op)
{
    return variants[variant].unroll > 0 || op == STREAM_GPU_COPY;
}

size_t stream_gpu_sums(int variant, size_t n, int multiprocessors)
{
    const struct variant *v = &variants[variant];

    return v->unroll == 0 ? 0 : grid_of(v, n, multiprocessors); /* a plain copy has no grid */
}

int stream_gpu_launch(int variant, enum stream_gpu_op op, const struct stream_gpu_args *args,
                      gpu_stream stream, struct err *e)
{
    const struct variant *v = &variants[variant];
    size_t grid;

    if (args->n % STREAM_GPU_BLOCK != 0)
        return ERR(e, ERR_ARG, "%zu elements are no whole tiles", args->n);
    if (!stream_gpu_does(variant, op))
        return ERR(e, ERR_NOTSUP, "%s only copies", v->name);
    if (v->unroll == 0)
        return gpu_copy(args->a, args->b, args->n * sizeof(double), stream, e);
    grid = grid_of(v, args->n, args->multiprocessors);
    switch (op) {
    case STREAM_GPU_READ: launch_op<STREAM_GPU_READ>(v, args, grid, stream); break;
    case STREAM_GPU_WRITE: launch_op<STREAM_GPU_WRITE>(v, args, grid, stream); break;
    case STREAM_GPU_COPY: launch_op<STREAM_GPU_COPY>(v, args, grid, stream); break;
    case STREAM_GPU_TRIAD: launch_op<STREAM_GPU_TRIAD>(v, args, grid, stream); break;
    }
    return gpu_try_launched(cudaGetLastError(), "stream kernel", e);
}

/* As point_value() in point.h; a test compares the two. */
static __device__ double made(uint64_t seed, int which, uint64_t i)
{
    uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u + (seed + (uint64_t)which) * 0xbf58476d1ce4e5b9u;

    return (double)((x ^ (x >> 32)) >> 22 & 1023);
}

static __global__ void __launch_bounds__(CHECK_THREADS)
    make_kernel(double *x, size_t n, uint64_t seed, int which)
{
    size_t i = (size_t)blockIdx.x * CHECK_THREADS + threadIdx.x;

    if (i < n)
        x[i] = made(seed, which, i);
}

static __global__ void __launch_bounds__(CHECK_THREADS)
    check_kernel(const double *a, size_t n, uint64_t seed, enum stream_gpu_want want, double value,
                 unsigned long long *wrong)
{
    size_t i = (size_t)blockIdx.x * CHECK_THREADS + threadIdx.x;
    double expected = value;

    if (i >= n)
        return;
    if (want != STREAM_GPU_WANT_VALUE)
        expected = made(seed, 1, i);
    if (want == STREAM_GPU_WANT_TRIAD)
        expected += value * made(seed, 2, i);
    if (!(a[i] == expected))
        atomicAdd(wrong, 1ull);
}

static unsigned check_grid(size_t n)
{
    return (unsigned)((n + CHECK_THREADS - 1) / CHECK_THREADS);
}

int stream_gpu_make(double *x, size_t n, uint64_t seed, int which, gpu_stream stream, struct err *e)
{
    make_kernel<<<check_grid(n), CHECK_THREADS, 0, stream>>>(x, n, seed, which);
    return gpu_try_launched(cudaGetLastError(), "make kernel", e);
}

int stream_gpu_check(const double *a, size_t n, uint64_t seed, enum stream_gpu_want want,
                     double value, unsigned long long *wrong, gpu_stream stream, struct err *e)
{
    check_kernel<<<check_grid(n), CHECK_THREADS, 0, stream>>>(a, n, seed, want, value, wrong);
    return gpu_try_launched(cudaGetLastError(), "check kernel", e);
}
