/* matmul_mma_gpu.h - the hooks of the variant "mma" (matmul_gpu.h). */
#ifndef KERNELS_GEMM_MATMUL_MMA_GPU_H
#define KERNELS_GEMM_MATMUL_MMA_GPU_H

#include "kernels/gemm/matmul_gpu.h"

int matmul_mma_open(void **self, const struct gpu *g, const struct matmul_gpu_args *like,
                    struct err *e);
int matmul_mma_run(void *self, const struct matmul_gpu_args *a, gpu_stream s, struct err *e);
int matmul_mma_ways(void *self);
void matmul_mma_choose(void *self, int way);
const char *matmul_mma_name_of_way(void *self);
void matmul_mma_close(void *self);

#endif
