/* act_cuda.cuh - one group of activations to int8 by a GPU, with the bits of act.c.
 *
 * Every lane has 8 values in a row; a group is 4 lanes (32 values), a warp (256) or a block. */
#ifndef KERNELS_DTYPE_ACT_CUDA_CUH
#define KERNELS_DTYPE_ACT_CUDA_CUH

#include <stdint.h>

enum { ACT_CUDA_EACH = 8, ACT_CUDA_SUM = 16 };

/* As in act_quantizer.h: a group whose d would be below counts as zeros. */
#define ACT_CUDA_SCALE_MIN 0x1p-119f

static __device__ __forceinline__ void act_cuda_load(const float *x, float (&v)[ACT_CUDA_EACH])
{
    const float4 a = ((const float4 *)x)[0], b = ((const float4 *)x)[1];

    v[0] = a.x, v[1] = a.y, v[2] = a.z, v[3] = a.w;
    v[4] = b.x, v[5] = b.y, v[6] = b.z, v[7] = b.w;
}

/* The bits of the largest magnitude: above every finite number's where one is not finite. */
static __device__ __forceinline__ unsigned act_cuda_max(const float (&v)[ACT_CUDA_EACH])
{
    unsigned max = 0;

#pragma unroll
    for (int i = 0; i < ACT_CUDA_EACH; i++)
        max = ::max(max, __float_as_uint(v[i]) & 0x7fffffffu);
    return max;
}

/* Over groups of `lanes` lanes. */
static __device__ __forceinline__ unsigned act_cuda_max_of(unsigned max, int lanes)
{
    for (int d = lanes / 2; d > 0; d /= 2)
        max = ::max(max, __shfl_xor_sync(0xffffffffu, max, d));
    return max;
}

struct act_cuda_scale {
    float d, inverse; /* inverse 0: all codes are 0 */
};

static __device__ __forceinline__ struct act_cuda_scale act_cuda_scale_of(unsigned max_bits)
{
    const float max = __uint_as_float(max_bits), d = __fdiv_rn(max, 127.0f);
    struct act_cuda_scale s = { d, __fdiv_rn(127.0f, max) };

    if (max_bits >= 0x7f800000u)
        s = { __uint_as_float(0x7fc00000u), 0 };
    else if (!(d >= ACT_CUDA_SCALE_MIN))
        s = { 0, 0 };
    return s;
}

/* 16 codes in four words, and their sum; as act_cuda_codes. */
static __device__ __forceinline__ void act_cuda_codes16(const float (&v)[ACT_CUDA_SUM],
                                                        float inverse, int (&q)[4], int *sum)
{
    *sum = 0;
#pragma unroll
    for (int i = 0; i < 4; i++)
        q[i] = 0;
    if (inverse != 0)
#pragma unroll
        for (int i = 0; i < ACT_CUDA_SUM; i++) {
            const int code = __float2int_rn(__fmul_rn(v[i], inverse));

            q[i / 4] |= (code & 0xff) << 8 * (i % 4);
            *sum += code;
        }
}

static __device__ __forceinline__ void act_cuda_load16(const float *x, float (&v)[ACT_CUDA_SUM])
{
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const float4 a = ((const float4 *)x)[i];

        v[4 * i] = a.x, v[4 * i + 1] = a.y, v[4 * i + 2] = a.z, v[4 * i + 3] = a.w;
    }
}

static __device__ __forceinline__ unsigned act_cuda_max16(const float (&v)[ACT_CUDA_SUM])
{
    unsigned max = 0;

#pragma unroll
    for (int i = 0; i < ACT_CUDA_SUM; i++)
        max = ::max(max, __float_as_uint(v[i]) & 0x7fffffffu);
    return max;
}

/* Eight codes, and their sum.  Half to even, as act.c rounds. */
static __device__ __forceinline__ uint2 act_cuda_codes(const float (&v)[ACT_CUDA_EACH],
                                                       float inverse, int *sum)
{
    unsigned q[2] = { 0, 0 };

    *sum = 0;
    if (inverse != 0)
#pragma unroll
        for (int i = 0; i < ACT_CUDA_EACH; i++) {
            const int code = __float2int_rn(__fmul_rn(v[i], inverse));

            q[i / 4] |= (unsigned)(code & 0xff) << 8 * (i % 4);
            *sum += code;
        }
    return make_uint2(q[0], q[1]);
}

#endif
