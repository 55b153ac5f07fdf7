/* fusion_steps_gpu.h - the steps of a chain of operations that no other folder has, one kernel a
 * step, and a matrix-vector product that takes in the steps beside it.
 *
 * Device memory; F32, F16 or BF16 as in row_gpu.h.  Everything is enqueued: nothing is allocated
 * and nothing waits, and it may be recorded into a graph.  ERR_ARG, ERR_CUDA. */
#ifndef KERNELS_FUSION_FUSION_STEPS_GPU_H
#define KERNELS_FUSION_FUSION_STEPS_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "gpu/gpu.h"
#include "kernels/dtype/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = x + add, or x + bias, rounded to dtype; y may be x. */
struct fusion_add {
    enum dtype dtype;
    size_t rows, n;
    const void *x, *add; /* [rows][n] */
    const float *bias;   /* [n], where add is NULL */
    void *y;
};
int fusion_add(const struct fusion_add *a, gpu_stream s, struct err *e);

/* q = rn(127 x / m), scale = m / 127, m the largest |x| of a row, as in norm_gpu.h. */
struct fusion_quantize {
    enum dtype dtype;
    size_t rows, n;
    const void *x;
    int8_t *q;    /* [rows][n] */
    float *scale; /* [rows] */
};
int fusion_quantize(const struct fusion_quantize *a, gpu_stream s, struct err *e);

/* y = W v, or silu(W v) * (U v) rounded to dtype once; v = x, or with g RMSNorm(x) rounded to
 * dtype.  All of dtype; W and U [outputs][n] row-major.  Products and sums are in F32.  16-byte
 * alignment, n a multiple of 8 that fits in 48 KiB of dtype. */
struct fusion_matvec {
    enum dtype dtype; /* F16 or BF16 */
    size_t n, outputs;
    const void *w, *u; /* u: NULL, or the second matrix */
    const void *x;     /* [n] */
    const float *g;    /* NULL, or [n] */
    float eps;
    void *y;             /* [outputs] */
    int multiprocessors; /* of the GPU */
};
int fusion_matvec(const struct fusion_matvec *a, gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
