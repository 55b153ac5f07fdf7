/* rope_gpu.h - rotary position embedding of the heads of tokens in a GPU's memory, the formulas of
 * rope.h.
 *
 * A row is the heads of one token.  Products and sums are in F32 and rounded one by one, the output
 * once more to its type: of F32 the bits are those of the CPU's variants. */
#ifndef KERNELS_ROPE_ROPE_GPU_H
#define KERNELS_ROPE_ROPE_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "gpu/gpu.h"
#include "kernels/dtype/dtype.h"
#include "kernels/rope/rope.h"
#include "kernels/variant/gpu_variant.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Device memory, borrowed until the work is done; alignment as in norm_gpu.h: of a row, of a half
 * of what turns, and of the tables. */
struct rope_gpu_args {
    enum rope_kind kind; /* ROPE_PAIR or ROPE_HALF */
    enum dtype dtype;    /* of x and y: F32, F16, BF16 */
    size_t rows;
    int heads, head_dim, rot; /* rot is even, 2 .. head_dim; the values behind it are copied */
    const void *x;            /* [rows][heads][head_dim] */
    void *y;                  /* may be x */
    size_t x_stride, y_stride;
    /* [positions][rot / 2], `angle_stride` floats from one position to the next. */
    const float *cos, *sin;
    size_t angle_stride;
    const int32_t *position; /* [rows], of each row, or NULL: row r is position r */
};

struct rope_gpu_variant {
    struct gpu_variant is;
    /* Enqueue, one kernel.  Nothing is allocated and nothing waits; it may be recorded into a
     * graph.  Positions are not checked against the tables.  ERR_ARG, ERR_CUDA. */
    int (*run)(const struct rope_gpu_args *a, gpu_stream s, struct err *e);
};

/* "flat": a thread has one vector of 16 bytes of a pair's first and one of its second values. */
const struct rope_gpu_variant *rope_gpu_variants(int *n);

/* What the table is made of. */
int rope_cuda_flat(const struct rope_gpu_args *a, gpu_stream s, struct err *e);
int rope_gpu_check(const struct rope_gpu_args *a, bool *whole, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
