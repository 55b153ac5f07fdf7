/* loop_neon.c - 128-bit multiply-adds of the base architecture: FMLA for floats; SMULL, SMLAL2,
 * SADALP for bytes.
 *
 * 24 accumulators cover the widest core known, 6 units x 4 cycles. */
#include <arm_neon.h>

#include "silicon/compute/loop_arm.h"
#include "silicon/compute/repeat.h"

#define LOAD_F64(p)     vld1q_f64((const double *)(const void *)(p))
#define LOAD_F32(p)     vld1q_f32((const float *)(const void *)(p))
#define LOAD_S8(p)      vld1q_s8((const int8_t *)(const void *)(p))
#define LOAD_S32(p)     vld1q_s32((const int32_t *)(const void *)(p))
#define STORE_F64(p, v) vst1q_f64((double *)(void *)(p), v)
#define STORE_F32(p, v) vst1q_f32((float *)(void *)(p), v)
#define STORE_S32(p, v) vst1q_s32((int32_t *)(void *)(p), v)

void loop_neon_fp64(struct loop_io *io, uint64_t iterations)
{
    const float64x2_t a[2] = { LOAD_F64(io->a[0]), LOAD_F64(io->a[1]) };
    const float64x2_t b[2] = { LOAD_F64(io->b[0]), LOAD_F64(io->b[1]) };
    float64x2_t acc[24];

#define BEGIN(i) acc[i] = LOAD_F64(io->init + (size_t)16 * (i));
#define STEP(i)  acc[i] = vfmaq_f64(acc[i], a[(i) % 2], b[(i) / 2 % 2]);
#define END(i)   STORE_F64(io->out + (size_t)16 * (i), acc[i]);
    REPEAT_24(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_24(STEP)
    }
    REPEAT_24(END)
#undef BEGIN
#undef STEP
#undef END
}

void loop_neon_fp32(struct loop_io *io, uint64_t iterations)
{
    const float32x4_t a[2] = { LOAD_F32(io->a[0]), LOAD_F32(io->a[1]) };
    const float32x4_t b[2] = { LOAD_F32(io->b[0]), LOAD_F32(io->b[1]) };
    float32x4_t acc[24];

#define BEGIN(i) acc[i] = LOAD_F32(io->init + (size_t)16 * (i));
#define STEP(i)  acc[i] = vfmaq_f32(acc[i], a[(i) % 2], b[(i) / 2 % 2]);
#define END(i)   STORE_F32(io->out + (size_t)16 * (i), acc[i]);
    REPEAT_24(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_24(STEP)
    }
    REPEAT_24(END)
#undef BEGIN
#undef STEP
#undef END
}

/* The empty asm makes the operand look new each time, as in loop_avx2.c. */
void loop_neon_int8(struct loop_io *io, uint64_t iterations)
{
    int8x16_t a[2] = { LOAD_S8(io->a[0]), LOAD_S8(io->a[1]) };
    const int8x16_t b[2] = { LOAD_S8(io->b[0]), LOAD_S8(io->b[1]) };
    int32x4_t acc[16];
    int16x8_t t;

#define BEGIN(i) acc[i] = LOAD_S32(io->init + (size_t)16 * (i));
#define STEP(i)                                                         \
    __asm__("" : "+w"(a[(i) % 2]));                                     \
    t = vmull_s8(vget_low_s8(a[(i) % 2]), vget_low_s8(b[(i) / 2 % 2])); \
    t = vmlal_high_s8(t, a[(i) % 2], b[(i) / 2 % 2]);                   \
    acc[i] = vpadalq_s16(acc[i], t);
#define END(i) STORE_S32(io->out + (size_t)16 * (i), acc[i]);
    REPEAT_16(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_16(STEP)
    }
    REPEAT_16(END)
#undef BEGIN
#undef STEP
#undef END
}
