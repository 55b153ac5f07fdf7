/* norm_gpu.h - RMSNorm and LayerNorm of rows in a GPU's memory, the formulas of norm.h.
 *
 * What stands before and after a norm in a model can be part of it: a residual is added first, and
 * the result is rounded to 8 bits for an integer product.
 *   s = x, or x + add rounded to dtype           (sum)
 *   y = norm(s) rounded to dtype                 (y)
 *   q = rn(127 norm(s) / m), q_scale = m / 127   (q, absmax: m is the largest |norm(s)| of a row)
 *
 * A row's bits depend on its own values, n, dtype and the variant, and neither on other rows nor on
 * alignment; with add they are those of an addition and a norm one after the other.  Sums are in
 * F32, in a tree of at least 32 branches.  NaN or infinity in s, or a sum beyond the range of F32,
 * makes all of y and q_scale NaN, and q 0; where m is below 2^-120, q_scale and q are 0. */
#ifndef KERNELS_NORM_NORM_GPU_H
#define KERNELS_NORM_NORM_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "gpu/gpu.h"
#include "kernels/dtype/dtype.h"
#include "kernels/variant/gpu_variant.h"

#ifdef __cplusplus
extern "C" {
#endif

enum norm_kind { NORM_RMS, NORM_LAYER };

/* Device memory, borrowed until the work is done; row r of an array begins at r * its stride
 * (values).  Any alignment; 16 bytes, strides and n of whole 16-byte vectors are faster. */
struct norm_gpu_args {
    enum norm_kind kind;
    enum dtype dtype; /* of x, add, sum and y: F32, F16, BF16 */
    size_t rows, n;
    float eps;
    const void *x, *add; /* add: NULL, or what is added */
    void *sum;           /* with add; may be x or add */
    void *y;             /* or NULL, where q is wanted; may be x */
    int8_t *q;           /* or NULL; [rows][n] without gaps; NORM_RMS alone */
    float *q_scale;      /* [rows], with q */
    size_t x_stride, add_stride, sum_stride, y_stride;
    const float *g, *b; /* [n]; b for NORM_LAYER */
};

struct norm_gpu_variant {
    struct gpu_variant is;
    /* Enqueue, one kernel.  Nothing is allocated and nothing waits; it may be recorded into a
     * graph.  ERR_ARG, ERR_CUDA. */
    int (*run)(const struct norm_gpu_args *a, gpu_stream s, struct err *e);
};

/* In the order of preference: "warp" (a warp a row) and "block" (a block a row). */
const struct norm_gpu_variant *norm_gpu_variants(int *n);

/* The variant for rows of n values on this GPU, chosen by n and dtype alone. */
const struct norm_gpu_variant *norm_gpu_best(enum dtype dtype, size_t n);

/* What the table is made of; after norm_gpu_check. */
int norm_cuda_warp(const struct norm_gpu_args *a, gpu_stream s, struct err *e);
int norm_cuda_block(const struct norm_gpu_args *a, gpu_stream s, struct err *e);
int norm_gpu_check(const struct norm_gpu_args *a, bool *whole, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
