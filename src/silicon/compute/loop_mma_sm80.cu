/* loop_mma_sm80.cu - the tensor-core loops of Ampere and newer, by mma.sync. */
#include "silicon/compute/loop_mma.cuh"

#define MMA_16(shape_and_types, sum)                                          \
    asm volatile("mma.sync.aligned." shape_and_types                          \
                 " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"     \
                 : "+" sum(c[0]), "+" sum(c[1]), "+" sum(c[2]), "+" sum(c[3]) \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))

static __device__ __forceinline__ void fp64_k4(double (&c)[2], const double (&a)[1],
                                               const double (&b)[1])
{
    asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%0,%1};"
                 : "+d"(c[0]), "+d"(c[1])
                 : "d"(a[0]), "d"(b[0]));
}

static __device__ __forceinline__ void tf32(float (&c)[4], const unsigned (&a)[4],
                                            const unsigned (&b)[2])
{
    MMA_16("m16n8k8.row.col.f32.tf32.tf32.f32", "f");
}

static __device__ __forceinline__ void fp16(float (&c)[4], const unsigned (&a)[4],
                                            const unsigned (&b)[2])
{
    MMA_16("m16n8k16.row.col.f32.f16.f16.f32", "f");
}

static __device__ __forceinline__ void bf16(float (&c)[4], const unsigned (&a)[4],
                                            const unsigned (&b)[2])
{
    MMA_16("m16n8k16.row.col.f32.bf16.bf16.f32", "f");
}

static __device__ __forceinline__ void int8(int (&c)[4], const unsigned (&a)[4],
                                            const unsigned (&b)[2])
{
    MMA_16("m16n8k32.row.col.s32.s8.s8.s32", "r");
}

int loop_mma_sm80(const struct loop_gpu *l, const struct loop_gpu_args *args, gpu_stream stream,
                  struct err *e)
{
    switch (l->type) {
    case GPU_FP64:
        mma_kernel<GPU_FP64, 1, 1, 2, fp64_k4><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
        break;
    case GPU_TF32:
        mma_kernel<GPU_TF32, 4, 2, 4, tf32><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
        break;
    case GPU_FP16:
        mma_kernel<GPU_FP16, 4, 2, 4, fp16><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
        break;
    case GPU_BF16:
        mma_kernel<GPU_BF16, 4, 2, 4, bf16><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
        break;
    case GPU_INT8:
        mma_kernel<GPU_INT8, 4, 2, 4, int8><<<args->blocks, MMA_THREADS, 0, stream>>>(*args);
        break;
    default: return ERR(e, ERR_NOTSUP, "mma.sync of 8.0 has no %s", gpu_type_names[l->type]);
    }
    return gpu_try_launched(cudaGetLastError(), l->name, e);
}
