/* softmax.h - over a vector of n logits, n >= 1, in F32: what sampling and perplexity need.
 *
 * softmax: y[i] = exp(scale (x[i] - max)) / sum over j of exp(scale (x[j] - max)), for scale > 0,
 * the inverse of the temperature.  y may be x.
 * log_sum_exp: log(sum over j of exp(x[j])), so that log p(i) = x[i] - log_sum_exp.
 *
 * Against the F64 reference, with t = scale (x[i] - max), y is within (|t| + log n + 22) 2^-23 of
 * its value, or 2^-124, and log_sum_exp within (log n + 20) 2^-23 or its last place: two roundings
 * of t, whose mean is log n at most, and sums of 512 terms in 16 lanes of F32, the rest in F64.
 * -inf is a logit that is never taken; NaN, +inf, or nothing but -inf
 * gives NaN. */
#ifndef KERNELS_SOFTMAX_SOFTMAX_H
#define KERNELS_SOFTMAX_SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"

struct softmax_variant {
    const char *name;
    uint64_t needs; /* bits 1 << enum cpu_feature, all of them */
    void (*softmax)(const float *x, float scale, float *y, size_t n);
    double (*log_sum_exp)(const float *x, size_t n);
};

/* The table: scalar first, then in the order of preference. */
const struct softmax_variant *softmax_variants(int *n);
const struct softmax_variant *softmax_best(const struct cpu_info *cpu, const char *name);

/* In F64. */
void softmax_reference(const float *x, double scale, double *y, size_t n);
double softmax_reference_log_sum_exp(const float *x, size_t n);

#endif
