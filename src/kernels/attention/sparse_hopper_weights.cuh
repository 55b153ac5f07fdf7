/* sparse_hopper_weights.cuh - from scores to weights, in registers.
 *
 * A thread has 64 scores of two positions, in the order of sparse_hopper_items.h, and so have the
 * other three of its quad. */
#ifndef KERNELS_ATTENTION_SPARSE_HOPPER_WEIGHTS_CUH
#define KERNELS_ATTENTION_SPARSE_HOPPER_WEIGHTS_CUH

#include <math.h>
#include <stdint.h>

static __device__ __forceinline__ int uniform(int x)
{
    return __shfl_sync(~0u, x, 0);
}

static __device__ __forceinline__ float exp2_fast(float x)
{
    float y;

    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

template <bool BF16> static __device__ __forceinline__ uint32_t pack(float low, float high)
{
    uint32_t x;

    if constexpr (BF16)
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(x) : "f"(high), "f"(low));
    else
        asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(x) : "f"(high), "f"(low));
    return x;
}

/* The compiler does not know that wgmma writes and reads registers until it is waited for. */
template <int N> static __device__ __forceinline__ void pin(float (&x)[N])
{
#pragma unroll
    for (int i = 0; i < N; i++)
        asm volatile("" : "+f"(x[i])::"memory");
}
template <int N> static __device__ __forceinline__ void pin(uint32_t (&x)[N])
{
#pragma unroll
    for (int i = 0; i < N; i++)
        asm volatile("" : "+r"(x[i])::"memory");
}

/* Words of a quad's four threads, transposed: word i of thread t becomes word t of thread i. */
static __device__ __forceinline__ void transpose(uint32_t *x)
{
    const bool odd = threadIdx.x & 1, upper = threadIdx.x & 2;

#pragma unroll
    for (int i = 0; i < 4; i += 2) {
        const uint32_t y = __shfl_xor_sync(~0u, odd ? x[i] : x[i + 1], 1);

        x[i] = odd ? y : x[i];
        x[i + 1] = odd ? x[i + 1] : y;
    }
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const uint32_t y = __shfl_xor_sync(~0u, upper ? x[i] : x[i + 2], 2);

        x[i] = upper ? y : x[i];
        x[i + 2] = upper ? x[i + 2] : y;
    }
}

static __device__ __forceinline__ void apply_mask(float (&s)[64], const uint2 bits)
{
#pragma unroll
    for (int i = 0; i < 64; i++)
        s[i] = (i < 32 ? bits.x : bits.y) & 1u << i % 32 ? s[i] : -INFINITY;
    __syncwarp(); /* all have their bits: the mask may be written over */
}

struct weights {
    float reference[2]; /* a maximum of the scores so far, or nearly */
    float sum[2];       /* of this thread's weights */
    bool huge;          /* a reference is so large that it is subtracted before the scaling */

    /* Scaled scores from here on have no bits left for a fraction of 2^8. */
    static constexpr float NONE = -1e30f, HUGE_FROM = 1048576;

    __device__ __forceinline__ void clear()
    {
        reference[0] = reference[1] = NONE;
        sum[0] = sum[1] = 0;
        huge = false;
    }

    /* Is a score too far above the reference?  For numbers not below zero (and the limit is not)
     * the order is that of their bits.  NaN may not say yes: its weight is NaN in any case. */
    __device__ __forceinline__ bool grows(const float (&s)[64], float margin) const
    {
        bool any = huge;

#pragma unroll
        for (int r = 0; r < 2; r++) {
            const float limit = reference[r] + margin;
            int m[2];

#pragma unroll
            for (int h = 0; h < 2; h++) {
                m[h] =
                    max(__float_as_int(s[32 * h + 2 * r]), __float_as_int(s[32 * h + 2 * r + 1]));
#pragma unroll
                for (int i = 32 * h + 2 * r + 4; i < 32 * h + 32; i += 4)
                    m[h] = __vimax3_s32(m[h], __float_as_int(s[i]), __float_as_int(s[i + 1]));
            }
            any |= limit < 0 || __int_as_float(max(m[0], m[1])) >= limit;
        }
        return __any_sync(~0u, any);
    }

    /* The true maximum becomes the reference; what there is, is scaled to it. */
    template <int N>
    __device__ __forceinline__ void grow(float (&s)[64], float (&o)[N], float scale)
    {
        float most = 0;

#pragma unroll
        for (int r = 0; r < 2; r++) {
            const float was = reference[r];
            float x = was, alpha;

#pragma unroll
            for (int i = 2 * r; i < 64; i += 4)
                x = fmaxf(x, fmaxf(s[i], s[i + 1]));
            x = fmaxf(x, __shfl_xor_sync(~0u, x, 1));
            x = fmaxf(x, __shfl_xor_sync(~0u, x, 2));
            reference[r] = x;
            alpha = exp2_fast((was - x) * scale);
            sum[r] *= alpha;
#pragma unroll
            for (int i = 2 * r; i < N; i += 4) {
                o[i] *= alpha;
                o[i + 1] *= alpha;
            }
            most = fmaxf(most, x == NONE ? 0.f : fabsf(x) * scale);
        }
        huge = __any_sync(~0u, most > HUGE_FROM);
        if (huge) {
#pragma unroll
            for (int i = 0; i < 64; i++)
                s[i] -= reference[i / 2 % 2];
        }
    }

    /* Scores s, which are lost, to weights p; o is what the weights so far came to. */
    template <bool BF16, int N>
    __device__ __forceinline__ void weigh(float (&s)[64], uint32_t (&p)[32], float (&o)[N],
                                          float scale, float margin)
    {
        if (__builtin_expect(grows(s, margin), 0))
            grow(s, o, scale);
        const float back[2] = { huge ? 0.f : reference[0] * scale,
                                huge ? 0.f : reference[1] * scale };
        float add[4] = { 0, 0, 0, 0 };

#pragma unroll
        for (int i = 0; i < 64; i += 2) {
            const float x = exp2_fast(fmaf(s[i], scale, -back[i / 2 % 2]));
            const float y = exp2_fast(fmaf(s[i + 1], scale, -back[i / 2 % 2]));

            add[i / 2 % 2] += x;
            add[i / 2 % 2 + 2] += y;
            p[i / 2] = pack<BF16>(x, y);
        }
        sum[0] += add[0] + add[2];
        sum[1] += add[1] + add[3];
    }

    /* Of all of the quad's weights. */
    __device__ __forceinline__ float total(int r) const
    {
        float x = sum[r];

        x += __shfl_xor_sync(~0u, x, 1);
        return x + __shfl_xor_sync(~0u, x, 2);
    }

    __device__ __forceinline__ float log_sum(int r, float total, float scale) const
    {
        return 0.693147180559945f * (reference[r] * scale) + logf(total);
    }
};

#endif
