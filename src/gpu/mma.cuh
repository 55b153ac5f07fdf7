/* mma.cuh - a warp's matrix instructions and what feeds them, one a function (PTX ISA, "Warp Level
 * Matrix Instructions", "Data Movement").
 *
 * ARCH is 75 or 80: what the including file is compiled for at least.  With 75 there is no BF16, a
 * product is cut into what there is, and copies have happened when the function returns.
 *
 * Fragments: with g = lane / 4 and t = lane % 4, register r of A [16][16] holds row g + 8 (r % 2),
 * columns 2 t + 8 (r / 2) and the next; of B [16][8] rows 2 t + 8 r and the next, column g; value r
 * of the sums [16][8] is row g + 8 (r / 2), column 2 t + r % 2. */
#ifndef GPU_MMA_CUH
#define GPU_MMA_CUH

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stddef.h>
#include <stdint.h>

enum { MMA_LANES = 32 };

template <typename T> static constexpr bool mma_is_f16 = false;
template <> constexpr bool mma_is_f16<__half> = true;

/* c += a x b: [16][16] x [16][8]. */
template <int ARCH, typename T>
static __device__ __forceinline__ void mma_product(float (&c)[4], const unsigned (&a)[4],
                                                   unsigned b0, unsigned b1)
{
    if constexpr (ARCH < 80) {
        static_assert(mma_is_f16<T>, "7.5 multiplies F16");
        asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, "
            "{%6}, {%0,%1,%2,%3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(b0));
        asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, "
            "{%6}, {%0,%1,%2,%3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[2]), "r"(a[3]), "r"(b1));
    } else if constexpr (mma_is_f16<T>) {
        asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, "
            "{%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    } else {
        asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, "
            "{%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    }
}

static __device__ __forceinline__ unsigned mma_shared(const void *p)
{
    return (unsigned)__cvta_generic_to_shared(p);
}

/* Four matrices [8][8] of 16 bits; lane l gives the address of row l % 8 of matrix l / 8 in shared
 * memory, 16 bytes.  Value pair t of row g goes to lane 4 g + t. */
static __device__ __forceinline__ void mma_load(unsigned (&r)[4], unsigned row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row)
                 : "memory");
}

/* The same, each matrix transposed. */
static __device__ __forceinline__ void mma_load_transposed(unsigned (&r)[4], unsigned row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row)
                 : "memory");
}

/* A matrix [8][8] of 16 bits whose value pair t of row g is with lane 4 g + t, transposed. */
static __device__ __forceinline__ unsigned mma_transpose(unsigned pair)
{
    unsigned to;

    asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(to) : "r"(pair));
    return to;
}

/* 16 bytes from device to shared memory; zeros where `there` is false, and then nothing is read,
 * though `from` has to be an address in device memory. */
template <int ARCH>
static __device__ __forceinline__ void mma_copy(void *to, const void *from, bool there)
{
    if constexpr (ARCH < 80)
        *(uint4 *)to = there ? *(const uint4 *)from : make_uint4(0, 0, 0, 0);
    else
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                     :
                     : "r"(mma_shared(to)), "l"(from), "r"(there ? 16 : 0)
                     : "memory");
}

/* What this thread has copied so far is one group ... */
template <int ARCH> static __device__ __forceinline__ void mma_copies_commit(void)
{
    if constexpr (ARCH >= 80)
        asm volatile("cp.async.commit_group;" : : : "memory");
}

/* ... and all but the last N groups have arrived, as this thread sees it. */
template <int ARCH, int N> static __device__ __forceinline__ void mma_copies_wait(void)
{
    if constexpr (ARCH >= 80)
        asm volatile("cp.async.wait_group %0;" : : "n"(N) : "memory");
}

/* 2^x; below 2^-126: 0. */
static __device__ __forceinline__ float mma_exp2(float x)
{
    float y;

    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

/* Two values rounded to T, the first in the low half. */
template <typename T> static __device__ __forceinline__ unsigned mma_pair(float low, float high)
{
    unsigned bits;

    if constexpr (mma_is_f16<T>) {
        const __half2 pair = __floats2half2_rn(low, high);

        memcpy(&bits, &pair, sizeof(bits));
    } else {
        const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);

        memcpy(&bits, &pair, sizeof(bits));
    }
    return bits;
}

/* Half h of a pair. */
template <typename T> static __device__ __forceinline__ float mma_half(unsigned pair, int h)
{
    const unsigned bits = h ? pair >> 16 : pair & 0xffff;

    if constexpr (mma_is_f16<T>)
        return __half2float(__ushort_as_half((unsigned short)bits));
    else
        return __uint_as_float(bits << 16);
}

/* 0 x pair + sum: NaN where a value of the pair is not finite, as long as the sum is 0. */
template <typename T>
static __device__ __forceinline__ unsigned mma_zeros(unsigned pair, unsigned sum)
{
    unsigned to;

    if constexpr (mma_is_f16<T>)
        asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(to) : "r"(pair), "r"(0), "r"(sum));
    else
        asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(to) : "r"(pair), "r"(0), "r"(sum));
    return to;
}

#endif
