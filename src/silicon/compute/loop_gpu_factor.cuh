/* loop_gpu_factor.cuh - whole numbers as the bits of each type, and the common end of the loops. */
#ifndef SILICON_COMPUTE_LOOP_GPU_FACTOR_CUH
#define SILICON_COMPUTE_LOOP_GPU_FACTOR_CUH

#include <cuda_runtime.h>

#include "gpu/gpu_try.h"
#include "silicon/compute/loop_gpu.h"
#include "silicon/compute/loop_gpu_operand.h"

/* A float with a smaller exponent and significand; value must be representable. */
static __device__ __forceinline__ unsigned factor_narrow(int value, int bias, int fraction_bits)
{
    unsigned bits = __float_as_uint((float)value);
    unsigned exponent = (bits >> 23) & 255, sign = bits >> 31;
    int width = fraction_bits + (bias == 15 ? 5 : bias == 7 ? 4 : 2);

    if (value == 0)
        return 0;
    return sign << width | (exponent - 127 + (unsigned)bias) << fraction_bits |
           (bits & 0x7fffff) >> (23 - fraction_bits);
}

/* The low bits hold the factor. */
template <enum gpu_type T> static __device__ __forceinline__ unsigned factor_bits(int value)
{
    if (T == GPU_TF32)
        return __float_as_uint((float)value);
    if (T == GPU_BF16)
        return __float_as_uint((float)value) >> 16;
    if (T == GPU_FP16)
        return factor_narrow(value, 15, 10);
    if (T == GPU_FP8)
        return factor_narrow(value, 7, 3);
    if (T == GPU_FP4)
        return factor_narrow(value, 1, 1);
    return (unsigned)value & 255; /* INT8 */
}

template <enum gpu_type T> static constexpr __host__ __device__ int factor_width()
{
    return T == GPU_FP64                    ? 64
           : T == GPU_TF32 || T == GPU_FP32 ? 32
           : T == GPU_BF16 || T == GPU_FP16 ? 16
           : T == GPU_FP4                   ? 4
                                            : 8;
}

static __device__ __forceinline__ struct loop_gpu_tile tile_of(const struct loop_gpu_args *a,
                                                               int unit, int pair)
{
    struct loop_gpu_tile t = { a->seed, unit, pair, a->max };

    return t;
}

static __device__ __forceinline__ unsigned sum_bits(float x)
{
    return __float_as_uint(x);
}

static __device__ __forceinline__ unsigned sum_bits(int x)
{
    return (unsigned)x;
}

static __device__ __forceinline__ unsigned sum_bits(double x)
{
    unsigned long long bits = (unsigned long long)__double_as_longlong(x);

    return (unsigned)bits ^ (unsigned)(bits >> 32);
}

/* A block's marks: each thread adds its own. */
static __device__ __forceinline__ void mark_block(const struct loop_gpu_args *a, unsigned mark)
{
    atomicAdd(&a->d_marks[blockIdx.x], mark);
}

#endif
