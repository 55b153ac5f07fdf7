/* ternary_math.h - the floats of ternary.h, operation by operation, for C and for CUDA.
 *
 * Every function is one fixed sequence of IEEE operations (FMA where it says so), so that a CPU and
 * a GPU have the same bits. */
#ifndef KERNELS_TERNARY_TERNARY_MATH_H
#define KERNELS_TERNARY_TERNARY_MATH_H

#include <stdint.h>

/* The sum of squares: value i is added to partial sum i % TERNARY_SUM in the order of i; then each
 * 32 neighbours are added, halves to halves (lane j and j ^ 16, j ^ 8, ... 1), and their 16 sums
 * the same way (8, 4, 2, 1). */
enum { TERNARY_SUM = 512, TERNARY_SUM_GROUP = 32, TERNARY_SUM_GROUPS = 16 };

/* As ACT_SCALE_MIN of act_quantizer.h. */
#define TERNARY_SCALE_MIN 0x1p-119F

#ifdef __CUDACC__
#define TERNARY_FN           static __device__ __forceinline__
#define TERNARY_MUL(a, b)    __fmul_rn((a), (b))
#define TERNARY_ADD(a, b)    __fadd_rn((a), (b))
#define TERNARY_DIV(a, b)    __fdiv_rn((a), (b))
#define TERNARY_FMA(a, b, c) __fmaf_rn((a), (b), (c))
#define TERNARY_SQRT(a)      __fsqrt_rn((a))
#define TERNARY_AS_INT(a)    __float_as_uint((a))
#define TERNARY_AS_FLOAT(a)  __uint_as_float((a))
#else
#include <math.h>
#include <string.h>
#define TERNARY_FN           static inline
#define TERNARY_MUL(a, b)    ((a) * (b))
#define TERNARY_ADD(a, b)    ((a) + (b))
#define TERNARY_DIV(a, b)    ((a) / (b))
#define TERNARY_FMA(a, b, c) fmaf((a), (b), (c))
#define TERNARY_SQRT(a)      sqrtf((a))
#define TERNARY_AS_INT(a)    ternary_as_int((a))
#define TERNARY_AS_FLOAT(a)  ternary_as_float((a))

static inline uint32_t ternary_as_int(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static inline float ternary_as_float(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}
#endif

/* 1 / sqrt(sum / n + eps); NaN where the sum is not finite: infinity would hide itself. */
TERNARY_FN float ternary_norm_factor(float sum, float eps, int n)
{
    if ((TERNARY_AS_INT(sum) & 0x7fffffffu) >= 0x7f800000u)
        return TERNARY_AS_FLOAT(0x7fc00000u);
    return TERNARY_DIV(1.0f, TERNARY_SQRT(TERNARY_ADD(TERNARY_DIV(sum, (float)n), eps)));
}

/* (acc * d) * scale */
TERNARY_FN float ternary_output(int32_t acc, float d, float scale)
{
    return TERNARY_MUL(TERNARY_MUL((float)acc, d), scale);
}

/* exp(x): the polynomial of vector.h, with FMA. */
TERNARY_FN float ternary_exp(float x)
{
    const float t = TERNARY_FMA(x, 0x1.715476p0f, 0x1.8p23f), n = TERNARY_ADD(t, -0x1.8p23f);
    float r, q, y;

    r = TERNARY_FMA(n, -0x1.62e4p-1f, x);
    r = TERNARY_FMA(n, -0x1.7f7d1cp-20f, r);
    q = 0x1.6a2352p-10f;
    q = TERNARY_FMA(q, r, 0x1.123a6cp-7f);
    q = TERNARY_FMA(q, r, 0x1.5558f4p-5f);
    q = TERNARY_FMA(q, r, 0x1.555490p-3f);
    q = TERNARY_FMA(q, r, 0x1.fffffcp-2f);
    y = TERNARY_FMA(TERNARY_MUL(r, r), q, r);
    y = TERNARY_ADD(y, 1.0f);
    y = TERNARY_MUL(TERNARY_ADD(y, y), TERNARY_AS_FLOAT((TERNARY_AS_INT(t) + 126u) << 23));
    y = x < -86.6f ? 0.0f : y;
    return 88.7228317f < x ? TERNARY_AS_FLOAT(0x7f800000u) : y;
}

/* SiLU(gate) * up. */
TERNARY_FN float ternary_silu(float gate, float up)
{
    const float below = TERNARY_ADD(1.0f, ternary_exp(-gate));

    return TERNARY_MUL(TERNARY_DIV(gate, below), up);
}

#endif
