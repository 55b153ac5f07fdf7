/* softmax_gpu.h - softmax of rows of logits in a GPU's memory, the formulas of softmax.h.
 *
 * y = exp(scale (x - max)) / sum, lse = log(sum over j of exp(scale x[j])), per row.
 *
 * Against F64, with t = scale (x[i] - max), y is within (1.5 (|t| + log n) + 54 + n / 4096) 2^-23
 * of its value, or 2^-124, before it is rounded to dtype: x - max, the factor scale log2(e) and
 * their product are rounded, exp2 is good to 2^-22, and a thread's sum is a chain of 64 values and
 * one of n / 2048 such sums at most.  lse is within (1.5 log n + 54 + n / 4096) 2^-23 and two last
 * places of scale max.  -inf is a logit that is never taken; NaN, +inf, or nothing but -inf makes
 * all of the row NaN.  A row's bits depend on its values, n, dtype, scale and the variant alone. */
#ifndef KERNELS_SOFTMAX_SOFTMAX_GPU_H
#define KERNELS_SOFTMAX_SOFTMAX_GPU_H

#include <stddef.h>

#include "gpu/gpu.h"
#include "kernels/dtype/dtype.h"
#include "kernels/variant/gpu_variant.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Device memory, borrowed until the work is done; alignment as in norm_gpu.h. */
struct softmax_gpu_args {
    enum dtype dtype; /* of x and y: F32, F16, BF16 */
    size_t rows, n;
    float scale; /* > 0: the inverse of the temperature */
    const void *x;
    void *y;    /* or NULL, where lse is wanted; may be x */
    float *lse; /* [rows], or NULL */
    size_t x_stride, y_stride;
};

struct softmax_gpu_variant {
    struct gpu_variant is;
    /* Enqueue, one kernel.  Nothing is allocated and nothing waits; it may be recorded into a
     * graph.  ERR_ARG, ERR_CUDA. */
    int (*run)(const struct softmax_gpu_args *a, gpu_stream s, struct err *e);
};

/* In the order of preference: "warp" (a warp a row), "block" (a block a row), "cluster" (8 blocks a
 * row, where the GPU has clusters). */
const struct softmax_gpu_variant *softmax_gpu_variants(int *n);

/* What the table is made of. */
int softmax_cuda_warp(const struct softmax_gpu_args *a, gpu_stream s, struct err *e);
int softmax_cuda_block(const struct softmax_gpu_args *a, gpu_stream s, struct err *e);
int softmax_cuda_cluster(const struct softmax_gpu_args *a, gpu_stream s, struct err *e);

/* ERR_ARG; *whole: 16-byte accesses are possible, *factor: scale log2(e). */
int softmax_gpu_check(const struct softmax_gpu_args *a, bool *whole, float *factor, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
