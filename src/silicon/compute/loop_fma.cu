/* loop_fma.cu - chains of fused multiply-adds on the plain lanes, FP32 and FP64.
 *
 * A thread has LOOP_GPU_CHAINS sums, each c = c x a + b, with a and b the same for half a round: so
 * they stay in the operand cache, and an instruction reads one register.  Where they change, a
 * cycle is lost to the registers' banks: with 16 chains 6 % of FP32, hence 32.  FP64 loses 10 % to
 * the ports when a is in a register of each thread, and nothing when it is in a uniform one. */
#include "silicon/compute/loop_gpu_factor.cuh"

enum { FMA_THREADS = 256, FMA_BLOCKS = 2 };

static __device__ __forceinline__ float drawn(const struct loop_gpu_args *a, int kind, int at,
                                              float)
{
    return a->max ? loop_gpu_single(a->seed, kind, at) : 0;
}

static __device__ __forceinline__ double drawn(const struct loop_gpu_args *a, int kind, int at,
                                               double)
{
    return a->max ? loop_gpu_double(a->seed, kind, at) : 0;
}

static __device__ __forceinline__ float fused(float a, float b, float c)
{
    return __fmaf_rn(a, b, c);
}

static __device__ __forceinline__ double fused(double a, double b, double c)
{
    return __fma_rn(a, b, c);
}

template <typename R>
static __global__ void __launch_bounds__(FMA_THREADS, FMA_BLOCKS)
    fma_kernel(const struct loop_gpu_args args)
{
    const int kind = threadIdx.x % LOOP_GPU_KINDS;
    const R a[2] = { (R)args.a[0], (R)args.a[1] };
    R b[2], c[LOOP_GPU_CHAINS];
    unsigned mark = 0;

    for (int half = 0; half < 2; half++)
        b[half] = drawn(&args, kind, half, R());
    for (int i = 0; i < LOOP_GPU_CHAINS; i++)
        c[i] = drawn(&args, kind, 2 + i, R());
#pragma unroll 4
    for (int round = 0; round < args.rounds; round++)
#pragma unroll
        for (int half = 0; half < 2; half++)
#pragma unroll
            for (int i = 0; i < LOOP_GPU_CHAINS; i++)
                c[i] = fused(c[i], a[half], b[half]);
    for (int i = 0; i < LOOP_GPU_CHAINS; i++) {
        mark += loop_gpu_mark(sum_bits(c[i]), 0, kind, i);
        if (blockIdx.x == 0)
            ((R *)args.d_sums)[kind * LOOP_GPU_CHAINS + i] = c[i];
    }
    mark_block(&args, mark);
}

int loop_fma(const struct loop_gpu *l, const struct loop_gpu_args *args, gpu_stream stream,
             struct err *e)
{
    if (l->type == GPU_FP64)
        fma_kernel<double><<<args->blocks, FMA_THREADS, 0, stream>>>(*args);
    else
        fma_kernel<float><<<args->blocks, FMA_THREADS, 0, stream>>>(*args);
    return gpu_try_launched(cudaGetLastError(), l->name, e);
}
