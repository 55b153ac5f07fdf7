/* loop_bf16arm.c - BFMMLA: a 2 x 2 block of FP32 sums from 2 x 4 and 4 x 2 BF16. */
#include <arm_neon.h>

#include "silicon/compute/loop_arm.h"
#include "silicon/compute/repeat.h"

#define LOAD(p)         vreinterpretq_bf16_u8(vld1q_u8(p))
#define LOAD_SUM(p)     vld1q_f32((const float *)(const void *)(p))
#define STORE_SUM(p, v) vst1q_f32((float *)(void *)(p), v)

void loop_bf16arm_bf16(struct loop_io *io, uint64_t iterations)
{
    const bfloat16x8_t a[2] = { LOAD(io->a[0]), LOAD(io->a[1]) };
    const bfloat16x8_t b[2] = { LOAD(io->b[0]), LOAD(io->b[1]) };
    float32x4_t acc[24];

#define BEGIN(i) acc[i] = LOAD_SUM(io->init + (size_t)16 * (i));
#define STEP(i)  acc[i] = vbfmmlaq_f32(acc[i], a[(i) % 2], b[(i) / 2 % 2]);
#define END(i)   STORE_SUM(io->out + (size_t)16 * (i), acc[i]);
    REPEAT_24(BEGIN)
    for (; iterations > 0; iterations--) {
        REPEAT_24(STEP)
    }
    REPEAT_24(END)
#undef BEGIN
#undef STEP
#undef END
}
