/* activation.h - the non-linear functions between the matrices of a feed-forward block, F32.
 *
 * ACTIVATION_GELU_TANH: y = 0.5 u (1 + tanh(sqrt(2 / pi) (u + 0.044715 u^3)))      (GPT-2)
 * ACTIVATION_SILU:      y = g / (1 + exp(-g)) * u                                  (SwiGLU)
 * ACTIVATION_RELU2:     y = max(g, 0)^2 * u                                        (BitNet)
 * Variants agree with the F64 reference within 2e-6 of its value, or 1e-7 max(1, |u|) absolute, and
 * give 0 or infinity where it is out of range of F32; NaN comes out as NaN. */
#ifndef KERNELS_ACTIVATION_ACTIVATION_H
#define KERNELS_ACTIVATION_ACTIVATION_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"

enum activation { ACTIVATION_GELU_TANH, ACTIVATION_SILU, ACTIVATION_RELU2 };

struct activation_variant {
    const char *name;
    uint64_t needs;
    /* n values; gate is NULL for functions of one argument; y may be gate or up. */
    void (*run)(enum activation a, const float *gate, const float *up, float *y, size_t n);
};

const struct activation_variant *activation_variants(int *n);
const struct activation_variant *activation_best(const struct cpu_info *cpu, const char *name);

/* In F64. */
void activation_reference(enum activation a, const float *gate, const float *up, double *y,
                          size_t n);

#endif
