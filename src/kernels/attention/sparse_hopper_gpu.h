/* sparse_hopper_gpu.h - the variant "hopper" of sparse_gpu.h: bulk copies, warpgroup matrix
 * multiplies and a persistent grid, for compute capability 9.0. */
#ifndef KERNELS_ATTENTION_SPARSE_HOPPER_GPU_H
#define KERNELS_ATTENTION_SPARSE_HOPPER_GPU_H

#include "kernels/attention/sparse_gpu.h"

int sparse_hopper_open(void **self, const struct sparse_pattern *p,
                       const struct sparse_gpu_want *want, gpu_stream s, struct err *e);
int sparse_hopper_run(void *self, const struct sparse_args *a, gpu_stream s, struct err *e);
void sparse_hopper_close(void *self);

#endif
