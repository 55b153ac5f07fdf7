/* act_quantizer.h - a code path of act_quantize; all give the same bits. */
#ifndef KERNELS_DTYPE_ACT_QUANTIZER_H
#define KERNELS_DTYPE_ACT_QUANTIZER_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"

/* A scale below this is 0, and so is its group: its inverse would overflow, and what is denormal
 * depends on how a thread has set its FPU. */
#define ACT_SCALE_MIN 0x1p-119F

struct act_quantizer {
    const char *name;
    uint64_t needs; /* bits 1 << enum cpu_feature, all of them */
    /* n values, a multiple of 32, that share a scale: q [n], the scale, sum [n / 16]. */
    void (*group)(const float *x, size_t n, int8_t *q, float *d, int16_t *sum);
};

/* The table, scalar first, then in the order of preference. */
const struct act_quantizer *act_quantizers(int *n);

void act_scalar_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum);
void act_avx2_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum);
void act_avx512_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum);
void act_neon_group(const float *x, size_t n, int8_t *q, float *d, int16_t *sum);

#endif
