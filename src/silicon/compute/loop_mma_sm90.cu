/* loop_mma_sm90.cu - FP64 by the larger mma.sync that Hopper brought. */
#include "silicon/compute/loop_mma.cuh"

static __device__ __forceinline__ void fp64_k16(double (&c)[4], const double (&a)[8],
                                                const double (&b)[4])
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f64.f64.f64.f64 {%0,%1,%2,%3}, "
                 "{%4,%5,%6,%7,%8,%9,%10,%11}, {%12,%13,%14,%15}, {%0,%1,%2,%3};"
                 : "+d"(c[0]), "+d"(c[1]), "+d"(c[2]), "+d"(c[3])
                 : "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(a[4]), "d"(a[5]), "d"(a[6]),
                   "d"(a[7]), "d"(b[0]), "d"(b[1]), "d"(b[2]), "d"(b[3]));
}

int loop_mma_sm90(const struct loop_gpu *l, const struct loop_gpu_args *args, gpu_stream stream,
                  struct err *e)
{
    mma_kernel<GPU_FP64, 8, 4, 4, fp64_k16><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
    return gpu_try_launched(cudaGetLastError(), l->name, e);
}
