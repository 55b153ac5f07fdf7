/* sparse_steps_gpu.h - the variant "three-kernel" for the table: see sparse_steps.h. */
#ifndef KERNELS_ATTENTION_SPARSE_STEPS_GPU_H
#define KERNELS_ATTENTION_SPARSE_STEPS_GPU_H

#include "kernels/attention/sparse_gpu.h"

int sparse_steps_open(void **self, const struct sparse_pattern *p,
                      const struct sparse_gpu_want *want, gpu_stream s, struct err *e);
int sparse_steps_run(void *self, const struct sparse_args *a, gpu_stream s, struct err *e);
void sparse_steps_close(void *self);

#endif
