/* loop_wgmma_sm90a.cu - the tensor-core loops of Hopper, by wgmma.
 *
 * Roofline  one m64n256 instruction of 32 bytes of K is 128 cycles of the tensor cores and reads 2
 *           KiB of A and 8 KiB of B: 80 of the 128 bytes a cycle of shared memory, or 64 with A in
 *           registers.
 * Layout    two warpgroups a block, one block a multiprocessor: while one waits for its group of 16
 *           instructions, the other's run.  Each has an A of its own, B is common. */
#include "gpu/wgmma.cuh"
#include "silicon/compute/loop_gpu_factor.cuh"

enum {
    M = 64,
    N = 256,
    SUMS = N / 2, /* of a thread */
    ROW = 128,    /* bytes of K a tile has */
    STEPS = 4,    /* instructions over them */
    PAIRS = 2,
    GROUPS = 2,
    THREADS = GROUPS * 128,
    A_BYTES = M * ROW,
    B_BYTES = N * ROW,
    A_TILES = GROUPS * PAIRS * 2,
    IMAGE = A_TILES * A_BYTES + PAIRS * B_BYTES,
    ALIGN = 1024
};

/* Where 16 bytes of a row lie, by the swizzle. */
static __device__ __forceinline__ int swizzled(int row, int byte)
{
    return row * ROW + (byte ^ (row % 8) << 4);
}

static __device__ __forceinline__ int a_tile(int group, int pair, int half)
{
    return ((group * PAIRS + pair) * 2 + half) * A_BYTES;
}

static __device__ __forceinline__ int b_tile(int pair)
{
    return A_TILES * A_BYTES + pair * B_BYTES;
}

/* One thread makes 4 bytes. */
template <enum gpu_type T>
static __global__ void __launch_bounds__(256) image_kernel(const struct loop_gpu_args args)
{
    constexpr int E = 32 / factor_width<T>();
    int at = (blockIdx.x * 256 + threadIdx.x) * 4, in_b = at - A_TILES * A_BYTES;
    int tile = in_b < 0 ? at / A_BYTES : in_b / B_BYTES;
    int row = in_b < 0 ? at % A_BYTES / ROW : in_b % B_BYTES / ROW, byte = at % ROW;
    struct loop_gpu_tile of =
        tile_of(&args, in_b < 0 ? tile / (2 * PAIRS) : 0, in_b < 0 ? tile / 2 % PAIRS : tile);
    unsigned bits = 0;

    for (int e = 0; e < E && args.max; e++) {
        int k = byte / 4 * E + e;
        int value = in_b < 0 ? loop_gpu_a(of, tile % 2, row, k) : loop_gpu_b(of, row, k);

        bits |= factor_bits<T>(value) << (e * factor_width<T>() % 32);
    }
    at = in_b < 0 ? tile * A_BYTES : A_TILES * A_BYTES + tile * B_BYTES;
    *(unsigned *)((char *)args.d_image + at + swizzled(row, byte)) = bits;
}

template <enum gpu_type T> struct sum_of {
    typedef float type;
};
template <> struct sum_of<GPU_INT8> {
    typedef int type;
};

template <enum gpu_type T>
static __device__ __forceinline__ void multiply(typename sum_of<T>::type (&d)[SUMS], uint64_t a,
                                                uint64_t b)
{
    if constexpr (T == GPU_TF32)
        WGMMA_SHARED(128, "m64n256k8.f32.tf32.tf32", "f", ", 1, 1");
    else if constexpr (T == GPU_FP16)
        WGMMA_SHARED(128, "m64n256k16.f32.f16.f16", "f", ", 1, 1, 0, 0");
    else if constexpr (T == GPU_BF16)
        WGMMA_SHARED(128, "m64n256k16.f32.bf16.bf16", "f", ", 1, 1, 0, 0");
    else if constexpr (T == GPU_FP8)
        WGMMA_SHARED(128, "m64n256k32.f32.e4m3.e4m3", "f", ", 1, 1");
    else
        WGMMA_SHARED(128, "m64n256k32.s32.s8.s8", "r", "");
}

template <enum gpu_type T>
static __device__ __forceinline__ void multiply(typename sum_of<T>::type (&d)[SUMS],
                                                const unsigned (&a)[4], uint64_t b)
{
    if constexpr (T == GPU_TF32)
        WGMMA_REGISTERS(128, "m64n256k8.f32.tf32.tf32", "f", ", 1, 1");
    else if constexpr (T == GPU_FP16)
        WGMMA_REGISTERS(128, "m64n256k16.f32.f16.f16", "f", ", 1, 1, 0");
    else if constexpr (T == GPU_BF16)
        WGMMA_REGISTERS(128, "m64n256k16.f32.bf16.bf16", "f", ", 1, 1, 0");
    else if constexpr (T == GPU_FP8)
        WGMMA_REGISTERS(128, "m64n256k32.f32.e4m3.e4m3", "f", ", 1, 1");
    else
        WGMMA_REGISTERS(128, "m64n256k32.s32.s8.s8", "r", "");
}

/* The image to shared memory, visible to the tensor cores. */
static __device__ __forceinline__ void load_image(uint4 *to, const void *d_image)
{
    const uint4 *from = (const uint4 *)d_image;

    for (int i = threadIdx.x; i < IMAGE / 16; i += THREADS)
        to[i] = from[i];
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    __syncthreads(); /* every thread's part is read by both warpgroups */
}

/* The sums: register i holds row 16 warp + g + 8 (i / 2 % 2), column 8 (i / 4) + 2 t + i % 2. */
template <enum gpu_type T>
static __device__ __forceinline__ void finish(const struct loop_gpu_args *args, int group,
                                              const typename sum_of<T>::type (&d)[SUMS])
{
    const int warp = threadIdx.x / 32 % 4, g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    unsigned mark = 0;

#pragma unroll
    for (int i = 0; i < SUMS; i++) {
        int row = 16 * warp + g + 8 * (i / 2 % 2), col = 8 * (i / 4) + 2 * t + i % 2;

        mark += loop_gpu_mark(sum_bits(d[i]), group, row, col);
        if (blockIdx.x == 0)
            ((typename sum_of<T>::type *)args->d_sums)[(group * M + row) * N + col] = d[i];
    }
    mark_block(args, mark);
}

template <enum gpu_type T, bool A_IN_REGISTERS>
static __global__ void __launch_bounds__(THREADS, 1) wgmma_kernel(const struct loop_gpu_args args)
{
    extern __shared__ char unaligned[];
    char *image = (char *)(((uintptr_t)unaligned + ALIGN - 1) / ALIGN * ALIGN);
    const int group = threadIdx.x / 128;
    typename sum_of<T>::type d[SUMS];
    uint64_t a0, b0;

    load_image((uint4 *)image, args.d_image);
    a0 = wgmma_descriptor(image + a_tile(group, 0, 0));
    b0 = wgmma_descriptor(image + b_tile(0));
#pragma unroll
    for (int i = 0; i < SUMS; i++)
        d[i] = 0;
    if constexpr (A_IN_REGISTERS) {
        const int row = 16 * (threadIdx.x / 32 % 4) + threadIdx.x % 32 / 4, t = threadIdx.x % 4;
        unsigned a[PAIRS][STEPS][2][4];

#pragma unroll
        for (int i = 0; i < PAIRS * STEPS * 2 * 4; i++) {
            int r = i % 4, half = i / 4 % 2, step = i / 8 % STEPS, pair = i / (8 * STEPS);

            a[pair][step][half][r] =
                *(const unsigned *)(image + a_tile(group, pair, half) +
                                    swizzled(row + 8 * (r % 2), 32 * step + 4 * t + 16 * (r / 2)));
        }
#pragma unroll 1
        for (int round = 0; round < args.rounds; round++) {
            wgmma_fence();
#pragma unroll
            for (int i = 0; i < PAIRS * STEPS * 2; i++)
                multiply<T>(d, a[i / (2 * STEPS)][i / 2 % STEPS][i % 2],
                            b0 + i / (2 * STEPS) * (B_BYTES >> 4) + i / 2 % STEPS * 2);
            wgmma_commit();
            wgmma_wait<0>();
        }
    } else {
#pragma unroll 1
        for (int round = 0; round < args.rounds; round++) {
            wgmma_fence();
#pragma unroll
            for (int i = 0; i < PAIRS * STEPS * 2; i++)
                multiply<T>(d,
                            a0 + (i / (2 * STEPS) * 2 + i % 2) * (A_BYTES >> 4) + i / 2 % STEPS * 2,
                            b0 + i / (2 * STEPS) * (B_BYTES >> 4) + i / 2 % STEPS * 2);
            wgmma_commit();
            wgmma_wait<0>();
        }
    }
    finish<T>(&args, group, d);
}

template <enum gpu_type T, bool A_IN_REGISTERS>
static int launch_as(const struct loop_gpu *l, const struct loop_gpu_args *args,
                     cudaStream_t stream, struct err *e)
{
    cudaFuncSetAttribute(wgmma_kernel<T, A_IN_REGISTERS>,
                         cudaFuncAttributeMaxDynamicSharedMemorySize, IMAGE + ALIGN);
    wgmma_kernel<T, A_IN_REGISTERS><<<args->blocks, THREADS, IMAGE + ALIGN, stream>>>(*args);
    return gpu_try_launched(cudaGetLastError(), l->name, e);
}

template <enum gpu_type T>
static int launch(const struct loop_gpu *l, const struct loop_gpu_args *args, cudaStream_t stream,
                  struct err *e)
{
    return l->a_in_registers ? launch_as<T, true>(l, args, stream, e)
                             : launch_as<T, false>(l, args, stream, e);
}

int loop_wgmma_sm90a(const struct loop_gpu *l, const struct loop_gpu_args *args, gpu_stream stream,
                     struct err *e)
{
    switch (l->type) {
    case GPU_TF32: return launch<GPU_TF32>(l, args, stream, e);
    case GPU_FP16: return launch<GPU_FP16>(l, args, stream, e);
    case GPU_BF16: return launch<GPU_BF16>(l, args, stream, e);
    case GPU_FP8: return launch<GPU_FP8>(l, args, stream, e);
    case GPU_INT8: return launch<GPU_INT8>(l, args, stream, e);
    default: return ERR(e, ERR_NOTSUP, "wgmma has no %s", gpu_type_names[l->type]);
    }
}

int loop_wgmma_sm90a_image(const struct loop_gpu *l, const struct loop_gpu_args *args,
                           gpu_stream stream, struct err *e)
{
    const unsigned blocks = IMAGE / 4 / 256;

    static_assert((int)IMAGE == (int)LOOP_GPU_WGMMA_IMAGE, "the table says how large it is");
    switch (l->type) {
    case GPU_TF32: image_kernel<GPU_TF32><<<blocks, 256, 0, stream>>>(*args); break;
    case GPU_FP16: image_kernel<GPU_FP16><<<blocks, 256, 0, stream>>>(*args); break;
    case GPU_BF16: image_kernel<GPU_BF16><<<blocks, 256, 0, stream>>>(*args); break;
    case GPU_FP8: image_kernel<GPU_FP8><<<blocks, 256, 0, stream>>>(*args); break;
    case GPU_INT8: image_kernel<GPU_INT8><<<blocks, 256, 0, stream>>>(*args); break;
    default: return ERR(e, ERR_NOTSUP, "wgmma has no %s", gpu_type_names[l->type]);
    }
    return gpu_try_launched(cudaGetLastError(), "wgmma image", e);
}
