/* vector_neon.h - 4 lanes; vector.h says what they promise. */
#ifndef KERNELS_VECTOR_VECTOR_NEON_H
#define KERNELS_VECTOR_VECTOR_NEON_H

#if defined(__aarch64__) /* empty elsewhere */

#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VEC_LANES = 4 };
typedef float32x4_t vec;

static inline vec vec_set1(float x)
{
    return vdupq_n_f32(x);
}

static inline vec vec_load(const float *p)
{
    return vld1q_f32(p);
}

static inline void vec_store(float *p, vec a)
{
    vst1q_f32(p, a);
}

static inline vec vec_load_f16(const uint16_t *p)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}

static inline void vec_store_f16(uint16_t *p, vec a)
{
    vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(a)));
}

static inline vec vec_load_bf16(const uint16_t *p)
{
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16));
}

static inline void vec_store_bf16(uint16_t *p, vec a)
{
    const uint32x4_t bits = vreinterpretq_u32_f32(a), high = vshrq_n_u32(bits, 16);
    const uint32x4_t odd = vandq_u32(high, vdupq_n_u32(1));
    const uint32x4_t up = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), odd);
    const uint32x4_t quiet = vorrq_u32(high, vdupq_n_u32(0x40));

    vst1_u16(p, vmovn_u32(vbslq_u32(vceqq_f32(a, a), vshrq_n_u32(up, 16), quiet)));
}

static inline vec vec_add(vec a, vec b)
{
    return vaddq_f32(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return vsubq_f32(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return vmulq_f32(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return vdivq_f32(a, b);
}

static inline vec vec_madd(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

static inline vec vec_max(vec a, vec b)
{
    return vmaxq_f32(a, b);
}

static inline vec vec_if_less(vec a, vec b, vec yes, vec no)
{
    return vbslq_f32(vcltq_f32(a, b), yes, no);
}

static inline float vec_max_lane(vec a)
{
    return vmaxvq_f32(a);
}

static inline float vec_sum_lane(vec a)
{
    const float32x2_t half = vadd_f32(vget_low_f32(a), vget_high_f32(a));

    return vget_lane_f32(half, 0) + vget_lane_f32(half, 1);
}

static inline bool vec_any_less(vec a, vec b)
{
    return vmaxvq_u32(vcltq_f32(a, b)) != 0;
}

static inline vec vec_pow2_shifted(vec t)
{
    const uint32x4_t bits = vaddq_u32(vreinterpretq_u32_f32(t), vdupq_n_u32(126));

    return vreinterpretq_f32_u32(vshlq_n_u32(bits, 23));
}

static inline void vec_load_pairs(const float *p, vec *even, vec *odd)
{
    const float32x4x2_t v = vld2q_f32(p);

    *even = v.val[0];
    *odd = v.val[1];
}

static inline void vec_store_pairs(float *p, vec even, vec odd)
{
    const float32x4x2_t v = { { even, odd } };

    vst2q_f32(p, v);
}

#endif
#endif
