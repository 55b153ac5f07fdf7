/* loop_i8mm.c - SMMLA: a 2 x 2 block of sums from 2 x 8 and 8 x 2 bytes. */
#include <arm_neon.h>

#include "silicon/compute/loop_arm.h"
#include "silicon/compute/repeat.h"

#define LOAD(p)         vld1q_s8((const int8_t *)(const void *)(p))
#define LOAD_SUM(p)     vld1q_s32((const int32_t *)(const void *)(p))
#define STORE_SUM(p, v) vst1q_s32((int32_t *)(void *)(p), v)

void loop_i8mm_int8(struct loop_io *io, uint64_t iterations)
{
    const int8x16_t a[2] = { LOAD(io->a[0]), LOAD(io->a[1]) };
    const int8x16_t b[2] = { LOAD(io->b[0]), LOAD(io->b[1]) };
    int32x4_t acc[24];

#define BEGIN(i) acc[i] = LOAD_SUM(io->init + (size_t)16 * (i));
#define STEP(i)  acc[i] = vmmlaq_s32(acc[i], a[(i) % 2], b[(i) / 2 % 2]);
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
