/* loop_mma_sm89.cu - FP8 by mma.sync: Ada and newer. */
#include "silicon/compute/loop_mma.cuh"

static __device__ __forceinline__ void fp8(float (&c)[4], const unsigned (&a)[4],
                                           const unsigned (&b)[2])
{
    asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0,%1,%2,%3}, "
                 "{%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

int loop_mma_sm89(const struct loop_gpu *l, const struct loop_gpu_args *args, gpu_stream stream,
                  struct err *e)
{
    mma_kernel<GPU_FP8, 4, 2, 4, fp8><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
    return gpu_try_launched(cudaGetLastError(), l->name, e);
}
