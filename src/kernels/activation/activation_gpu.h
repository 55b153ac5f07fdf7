/* activation_gpu.h - the non-linear functions of activation.h, on rows in a GPU's memory.
 *
 * Variants agree with the F64 reference within 2e-6 of its value, or 1e-7 max(1, |u|), before the
 * output is rounded to dtype, and give 0 or infinity where it is out of range of F32; NaN comes out
 * as NaN.  A value's bits depend on its own gate, up and bias alone. */
#ifndef KERNELS_ACTIVATION_ACTIVATION_GPU_H
#define KERNELS_ACTIVATION_ACTIVATION_GPU_H

#include <stddef.h>

#include "gpu/gpu.h"
#include "kernels/activation/activation.h"
#include "kernels/dtype/dtype.h"
#include "kernels/variant/gpu_variant.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Device memory, borrowed until the work is done; alignment as in norm_gpu.h.  A stride lets gate
 * and up be halves of the rows of one array. */
struct activation_gpu_args {
    enum activation function;
    enum dtype dtype; /* of gate, up and y: F32, F16, BF16 */
    size_t rows, n;
    const void *gate; /* NULL for functions of one argument */
    const void *up;
    const float *bias; /* [n], added to up in F32 first, or NULL */
    void *y;           /* may be gate or up */
    size_t gate_stride, up_stride, y_stride;
};

struct activation_gpu_variant {
    struct gpu_variant is;
    /* Enqueue, one kernel.  Nothing is allocated and nothing waits; it may be recorded into a
     * graph.  ERR_ARG, ERR_CUDA. */
    int (*run)(const struct activation_gpu_args *a, gpu_stream s, struct err *e);
};

/* "flat": two vectors of 16 bytes of each input a thread. */
const struct activation_gpu_variant *activation_gpu_variants(int *n);

/* What the table is made of. */
int activation_cuda_flat(const struct activation_gpu_args *a, gpu_stream s, struct err *e);
int activation_gpu_check(const struct activation_gpu_args *a, bool *whole, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
