/* matmul_wgmma_gpu.h - the hooks of the variant "wgmma" (matmul_gpu.h). */
#ifndef KERNELS_GEMM_MATMUL_WGMMA_GPU_H
#define KERNELS_GEMM_MATMUL_WGMMA_GPU_H

#include "kernels/gemm/matmul_gpu.h"

int matmul_wgmma_open(void **self, const struct gpu *g, const struct matmul_gpu_args *like,
                      struct err *e);
int matmul_wgmma_run_args(void *self, const struct matmul_gpu_args *a, gpu_stream s, struct err *e);
int matmul_wgmma_ways(void *self);
void matmul_wgmma_choose(void *self, int way);
const char *matmul_wgmma_name_of_way(void *self);
void matmul_wgmma_close(void *self);

#endif
