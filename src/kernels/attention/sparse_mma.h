/* sparse_mma.h - launchers of the portable kernel of block-sparse attention, by instruction set. */
#ifndef KERNELS_ATTENTION_SPARSE_MMA_H
#define KERNELS_ATTENTION_SPARSE_MMA_H

#include "kernels/attention/sparse_device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows of Q of a thread block: half a block row, or all of it.  The bits are the same. */
enum sparse_mma_tile { SPARSE_MMA_64, SPARSE_MMA_128 };

/* Enqueue; a: on the device.  sparse_mma: F16 alone, half block rows.  ERR_CUDA. */
int sparse_mma(const struct sparse_device *d, const struct sparse_args *a, gpu_stream s,
               struct err *e);
int sparse_mma_sm80(const struct sparse_device *d, const struct sparse_args *a,
                    enum sparse_mma_tile tile, gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
