/* sparse_mma_gpu.h - the variant "mma" for the table: see sparse_mma_gpu.c. */
#ifndef KERNELS_ATTENTION_SPARSE_MMA_GPU_H
#define KERNELS_ATTENTION_SPARSE_MMA_GPU_H

#include "kernels/attention/sparse_gpu.h"

int sparse_mma_open(void **self, const struct sparse_pattern *p, const struct sparse_gpu_want *want,
                    gpu_stream s, struct err *e);
int sparse_mma_run(void *self, const struct sparse_args *a, gpu_stream s, struct err *e);
void sparse_mma_close(void *self);

#endif
