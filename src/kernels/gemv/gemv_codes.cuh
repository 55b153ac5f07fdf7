/* gemv_codes.cuh - the parts that the quantised formats of gemv_cuda.cuh are made of. */
#ifndef KERNELS_GEMV_GEMV_CODES_CUH
#define KERNELS_GEMV_GEMV_CODES_CUH

#include <cuda_fp16.h>

#include "kernels/gemv/gemv_cuda.cuh"

/* 16 codes, four a word. */
struct gemv_codes16 {
    int v[4];
};

static __device__ __forceinline__ struct gemv_codes16 gemv_codes_at(const int8_t *q)
{
    const int4 v = *(const int4 *)q;

    return { { v.x, v.y, v.z, v.w } };
}

static __device__ __forceinline__ int gemv_dot(const struct gemv_codes16 &w,
                                               const struct gemv_codes16 &x, int sum)
{
#pragma unroll
    for (int i = 0; i < 4; i++)
        sum = __dp4a(w.v[i], x.v[i], sum);
    return sum;
}

static __device__ __forceinline__ struct gemv_codes16 gemv_words(uint4 w)
{
    return { { (int)w.x, (int)w.y, (int)w.z, (int)w.w } };
}

/* Bits `mask` of every byte, `shift` further up. */
static __device__ __forceinline__ struct gemv_codes16 gemv_bits(uint4 w, int shift, unsigned mask)
{
    return { { (int)(w.x >> shift & mask), (int)(w.y >> shift & mask), (int)(w.z >> shift & mask),
               (int)(w.w >> shift & mask) } };
}

static __device__ __forceinline__ float gemv_f16(const uint8_t *p)
{
    return __half2float(*(const __half *)p);
}

static __device__ __forceinline__ float2 gemv_f16_pair(const uint8_t *p)
{
    return __half22float2(*(const __half2 *)p);
}

/* Two sums of 16 codes that lie beside each other, added. */
static __device__ __forceinline__ int gemv_sum32(const int16_t *sum)
{
    const int both = *(const int *)sum;

    return (int16_t)both + (both >> 16);
}

#endif
