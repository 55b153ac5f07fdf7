/* loop_mma.cu - the tensor-core loops of Turing, by mma.sync. */
#include "silicon/compute/loop_mma.cuh"

static __device__ __forceinline__ void fp16_k8(float (&c)[4], const unsigned (&a)[2],
                                               const unsigned (&b)[1])
{
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, "
                 "{%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(b[0]));
}

static __device__ __forceinline__ void int8_k16(int (&c)[2], const unsigned (&a)[1],
                                                const unsigned (&b)[1])
{
    asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0,%1}, {%2}, {%3}, {%0,%1};"
                 : "+r"(c[0]), "+r"(c[1])
                 : "r"(a[0]), "r"(b[0]));
}

int loop_mma(const struct loop_gpu *l, const struct loop_gpu_args *args, gpu_stream stream,
             struct err *e)
{
    switch (l->type) {
    case GPU_FP16:
        mma_kernel<GPU_FP16, 2, 1, 4, fp16_k8><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
        break;
    case GPU_INT8:
        mma_kernel<GPU_INT8, 1, 1, 2, int8_k16><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
        break;
    default: return ERR(e, ERR_NOTSUP, "mma.sync of 7.5 has no %s", gpu_type_names[l->type]);
    }
    return gpu_try_launched(cudaGetLastError(), l->name, e);
}
