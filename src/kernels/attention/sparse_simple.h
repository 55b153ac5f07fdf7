/* sparse_simple.h - block-sparse attention on a GPU with a warp a position, in F32 throughout: what
 * to read first, and what the faster variants are compared with where the host takes too long. */
#ifndef KERNELS_ATTENTION_SPARSE_SIMPLE_H
#define KERNELS_ATTENTION_SPARSE_SIMPLE_H

#include "gpu/gpu.h"
#include "kernels/attention/sparse.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A pattern of sparse.h whose pointers are the device's. */
struct sparse_simple {
    int lists, rows, q_len, kv_len; /* rows: block rows of a head */
    const int32_t *row_ptr, *col;
    const int32_t *mask; /* NULL: all -1 */
    const uint32_t *masks;
};

/* Enqueue.  Dimension 64 or 128, F16 or BF16. */
int sparse_simple(const struct sparse_simple *p, const struct sparse_args *a, gpu_stream s,
                  struct err *e);

#ifdef __cplusplus
}
#endif

#endif
