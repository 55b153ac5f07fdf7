/* matmul_lt_gpu.h - the hooks of the variant "cublaslt" (matmul_gpu.h). */
#ifndef KERNELS_GEMM_MATMUL_LT_GPU_H
#define KERNELS_GEMM_MATMUL_LT_GPU_H

#include "kernels/gemm/matmul_gpu.h"

int matmul_lt_open(void **self, const struct gpu *g, const struct matmul_gpu_args *like,
                   struct err *e);
int matmul_lt_run(void *self, const struct matmul_gpu_args *a, gpu_stream s, struct err *e);
int matmul_lt_ways(void *self);
void matmul_lt_choose(void *self, int way);
const char *matmul_lt_name_of_way(void *self);
void matmul_lt_close(void *self);

#endif
