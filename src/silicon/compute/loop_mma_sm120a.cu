/* loop_mma_sm120a.cu - FP4 by mma.sync: Blackwell's cards without tensor memory. */
#include "silicon/compute/loop_mma.cuh"

/* Every block's scale is 1: UE8M0 is the exponent alone, biased by 127. */
static __device__ __forceinline__ void fp4(float (&c)[4], const unsigned (&a)[4],
                                           const unsigned (&b)[2])
{
    asm volatile("mma.sync.aligned.m16n8k64.row.col.kind::mxf4.block_scale.scale_vec::2X.f32.e2m1."
                 "e2m1.f32.ue8m0 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3}, {%10}, "
                 "{0, 0}, {%10}, {0, 0};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]),
                   "r"(0x7f7f7f7f));
}

int loop_mma_sm120a(const struct loop_gpu *l, const struct loop_gpu_args *args, gpu_stream stream,
                    struct err *e)
{
    mma_kernel<GPU_FP4, 4, 2, 4, fp4><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
    return gpu_try_launched(cudaGetLastError(), l->name, e);
}
