/* sparse_simple_gpu.h - the variant "simple" for the table: see sparse_simple.h. */
#ifndef KERNELS_ATTENTION_SPARSE_SIMPLE_GPU_H
#define KERNELS_ATTENTION_SPARSE_SIMPLE_GPU_H

#include "kernels/attention/sparse_gpu.h"

int sparse_simple_open(void **self, const struct sparse_pattern *p,
                       const struct sparse_gpu_want *want, gpu_stream s, struct err *e);
int sparse_simple_run(void *self, const struct sparse_args *a, gpu_stream s, struct err *e);
void sparse_simple_close(void *self);

#endif
