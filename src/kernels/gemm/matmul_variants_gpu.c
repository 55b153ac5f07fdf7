/* matmul_variants_gpu.c - the code paths of Y = X W' on a GPU. */
#include "kernels/gemm/matmul_lt_gpu.h"
#include "kernels/gemm/matmul_mma_gpu.h"
#include "kernels/gemm/matmul_wgmma_gpu.h"

static const struct matmul_gpu_variant table[] = {
    { { "wgmma", 90, 9 },
      matmul_wgmma_open,
      matmul_wgmma_run_args,
      matmul_wgmma_ways,
      matmul_wgmma_choose,
      matmul_wgmma_name_of_way,
      matmul_wgmma_close },
    { { "mma", 75, 0 },
      matmul_mma_open,
      matmul_mma_run,
      matmul_mma_ways,
      matmul_mma_choose,
      matmul_mma_name_of_way,
      matmul_mma_close },
    { { "cublaslt", 75, 0 },
      matmul_lt_open,
      matmul_lt_run,
      matmul_lt_ways,
      matmul_lt_choose,
      matmul_lt_name_of_way,
      matmul_lt_close },
};

const struct matmul_gpu_variant *matmul_gpu_variants(int *n)
{
    *n = (int)(sizeof(table) / sizeof(table[0]));
    return table;
}
