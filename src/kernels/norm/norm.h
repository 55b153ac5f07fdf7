/* norm.h - normalisation of a vector of n floats, in F32; y may be x.
 *
 * RMSNorm (Zhang & Sennrich, 2019): y = x / sqrt(mean(x^2) + eps) * g.
 * LayerNorm (Ba et al., 2016): y = (x - mean) / sqrt(var + eps) * g + b.
 * Sums go through 16 partial sums in a fixed order, the same on every CPU: all variants give the
 * same bits.  NaN or infinity in x, or a sum beyond the range of F32, makes all of y NaN. */
#ifndef KERNELS_NORM_NORM_H
#define KERNELS_NORM_NORM_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"

struct norm_variant {
    const char *name;
    uint64_t needs;
    void (*rms)(const float *x, const float *g, float eps, float *y, size_t n);
    void (*layer)(const float *x, const float *g, const float *b, float eps, float *y, size_t n);
};

const struct norm_variant *norm_variants(int *n);
const struct norm_variant *norm_best(const struct cpu_info *cpu, const char *name);

/* In F64. */
void norm_reference_rms(const float *x, const float *g, double eps, double *y, size_t n);
void norm_reference_layer(const float *x, const float *g, const float *b, double eps, double *y,
                          size_t n);

#endif
