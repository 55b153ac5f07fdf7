/* act_quantizer.h - a code path of act_quantize; all give the same bits. */
#ifndef KERNELS_DTYPE_ACT_QUANTIZER_H
#define KERNELS_DTYPE_ACT_QUANTIZER_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"

/* A scale below this is 0, and so is its group: its inverse would overflow, and what is denormal
 * depends on how a thread has set its FPU. */
#define ACT_SCALE_MIN 0x1p-119F

/* n groups of `group` values, a multiple of 32: q [n * group], d [n], sum [n * group / 16]. */
typedef void act_quantize_groups(const float *x, size_t group, size_t n, int8_t *q, float *d,
                                 int16_t *sum);

struct act_quantizer {
    const char *name;
    uint64_t needs; /* bits 1 << enum cpu_feature, all of them */
    act_quantize_groups *groups;
};

/* The table, scalar first, then in the order of preference. */
const struct act_quantizer *act_quantizers(int *n);

act_quantize_groups act_scalar_groups, act_avx2_groups, act_avx512_groups, act_neon_groups;

#endif
