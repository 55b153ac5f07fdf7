/* sparse_simple.h - block-sparse attention on a GPU with a warp a position, in F32 throughout: what
 * to read first, and what the faster variants are compared with where the host takes too long. */
#ifndef KERNELS_ATTENTION_SPARSE_SIMPLE_H
#define KERNELS_ATTENTION_SPARSE_SIMPLE_H

#include "kernels/attention/sparse_device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Enqueue.  Dimension 64 or 128, F16 or BF16. */
int sparse_simple(const struct sparse_device *d, const struct sparse_args *a, gpu_stream s,
                  struct err *e);

#ifdef __cplusplus
}
#endif

#endif
