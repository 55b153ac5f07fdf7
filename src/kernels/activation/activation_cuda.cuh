/* activation_cuda.cuh - the functions of activation.h on a GPU, of one value in F32.
 *
 * silu(g) = g / (1 + exp(-g)), and GELU is u / (1 + exp(-2 z)), as in activation_body.h.  exp is
 * 2^(x log2 e): its argument is off by three roundings, which costs digits only where the result is
 * far below 1e-7. */
#ifndef KERNELS_ACTIVATION_ACTIVATION_CUDA_CUH
#define KERNELS_ACTIVATION_ACTIVATION_CUDA_CUH

#include "kernels/activation/activation.h"
#include "kernels/vector/row_gpu.cuh"

/* a / (1 + 2^t) */
static __device__ __forceinline__ float activation_logistic(float a, float t)
{
    return __fdividef(a, 1 + row_ex2_approx_ftz(t));
}

template <enum activation F> static __device__ __forceinline__ float activation_of(float g, float u)
{
    const float log2e = 1.44269504f;

    if (F == ACTIVATION_SILU)
        return activation_logistic(g, -log2e * g) * u;
    if (F == ACTIVATION_RELU2)
        return g < 0 ? 0 * u : g * g * u;
    /* 2 sqrt(2 / pi) log2(e) u (1 + 0.044715 u^2) */
    return activation_logistic(u, -2.30220819f * u * (1 + 0.044715f * u * u));
}

#endif
