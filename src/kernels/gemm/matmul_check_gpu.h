/* matmul_check_gpu.h - what all variants ask of a call of matmul_gpu.h. */
#ifndef KERNELS_GEMM_MATMUL_CHECK_GPU_H
#define KERNELS_GEMM_MATMUL_CHECK_GPU_H

#include "kernels/gemm/matmul_gpu.h"

/* ERR_ARG for sizes and strides, ERR_NOTSUP for types that no variant has. */
int matmul_check_args(const struct matmul_gpu_args *a, struct err *e);

/* Is it a shape that `like` was opened for?  ERR_ARG. */
int matmul_check_same(const struct matmul_gpu_args *a, const struct matmul_gpu_args *like,
                      struct err *e);

#endif
