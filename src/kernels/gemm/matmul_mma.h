/* matmul_mma.h - what the kernels of the variant "mma" are launched with (matmul_gpu.h); for the
 * files matmul_mma_*. */
#ifndef KERNELS_GEMM_MATMUL_MMA_H
#define KERNELS_GEMM_MATMUL_MMA_H

#include "kernels/gemm/matmul_gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Outputs and tokens of a tile. */
enum matmul_mma_tile { MATMUL_MMA_64, MATMUL_MMA_128 };

struct matmul_mma_job {
    const uint8_t *plane[PLANES_MAX];
    struct matmul_gpu_args a;
    enum matmul_mma_tile tile;
};

/* Enqueue.  For 7.5 and up: X in F16; for 8.0 and up: BF16 too. */
int matmul_mma(const struct matmul_mma_job *j, gpu_stream s, struct err *e);
int matmul_mma_sm80(const struct matmul_mma_job *j, gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
