/* act_neon.c - act_quantize with NEON: 16 values at a time. */
#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "kernels/dtype/act_quantizer.h"

/* See act_avx2.c. */
static uint32_t absmax_bits(const float *x, size_t n)
{
    const uint32x4_t magnitude = vdupq_n_u32(0x7fffffff);
    uint32x4_t max = vdupq_n_u32(0);

    for (size_t i = 0; i < n; i += 4)
        max = vmaxq_u32(max, vandq_u32(vreinterpretq_u32_f32(vld1q_f32(x + i)), magnitude));
    return vmaxvq_u32(max);
}

/* 8 values; vcvtnq rounds half to even. */
static int16x8_t rounded(const float *x, float scale)
{
    int32x4_t a = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x), scale));
    int32x4_t b = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + 4), scale));

    return vcombine_s16(vmovn_s32(a), vmovn_s32(b));
}

static void one_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum)
{
    uint32_t bits = absmax_bits(x, n);
    float max, scale;

    memcpy(&max, &bits, sizeof(max));
    *d = max / 127;
    if (bits >= 0x7f800000 || !(*d >= ACT_SCALE_MIN)) {
        *d = bits >= 0x7f800000 ? NAN : 0;
        memset(q, 0, n);
        memset(sum, 0, n / 16 * sizeof(*sum));
        return;
    }
    scale = 127 / max;
    for (size_t i = 0; i < n; i += 16) {
        int16x8_t a = rounded(x + i, scale), b = rounded(x + i + 8, scale);

        vst1q_s8(q + i, vcombine_s8(vmovn_s16(a), vmovn_s16(b)));
        sum[i / 16] = vaddvq_s16(vaddq_s16(a, b));
    }
}

void act_neon_groups(const float *x, size_t group, size_t n, int8_t *q, float *d, int16_t *sum)
{
    for (size_t g = 0; g < n; g++)
        one_group(x + g * group, group, q + g * group, d + g, sum + g * (group / 16));
}
