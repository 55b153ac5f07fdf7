/* sparse_steps.h - block-sparse attention in three steps, each a launch: the scores of all blocks,
 * the softmax of each row over the blocks of its list, and the weights times V.
 *
 * The scores go through device memory: SPARSE_STEPS_BYTES a block, written in F32 and read, and
 * half of that again for the weights, which take the scores' place in the inputs' type. */
#ifndef KERNELS_ATTENTION_SPARSE_STEPS_H
#define KERNELS_ATTENTION_SPARSE_STEPS_H

#include "kernels/attention/sparse_device.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SPARSE_STEPS_BYTES = SPARSE_BLOCK * SPARSE_BLOCK * 4 };

/* Device memory. */
struct sparse_steps {
    float *scores; /* [blocks][SPARSE_BLOCK][SPARSE_BLOCK] */
    float *sums;   /* [lists][SPARSE_BLOCK]: of weights */
};

/* Enqueue all three; a: on the device.  sparse_steps: F16 alone.  ERR_CUDA. */
int sparse_steps(const struct sparse_device *d, const struct sparse_steps *w,
                 const struct sparse_args *a, gpu_stream s, struct err *e);
int sparse_steps_sm80(const struct sparse_device *d, const struct sparse_steps *w,
                      const struct sparse_args *a, gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
