/* matmul_wgmma.h - what the kernels of the variant "wgmma" are launched with (matmul_gpu.h); for
 * the files matmul_wgmma_*. */
#ifndef KERNELS_GEMM_MATMUL_WGMMA_H
#define KERNELS_GEMM_MATMUL_WGMMA_H

#if HAVE_CUDA
#include <cuda.h>
#include <stdint.h>

#include "kernels/gemm/matmul_gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MATMUL_WGMMA_ROWS = 128, /* of W in a tile */
    MATMUL_WGMMA_STEP = 64,  /* columns of K: 128 bytes */
    MATMUL_WGMMA_OUT = 128   /* tokens that go out at a time, at most */
};

/* How a shape is cut. */
struct matmul_wgmma_plan {
    int tokens; /* of a tile: 16, 32, 64, 128, 256 */
    int split;  /* blocks that share a tile's K, and sum through each other's shared memory */
    int out;    /* tokens that go out at a time: a box of the map of Y */
};

struct matmul_wgmma_tiles {
    int rows, tokens, steps; /* tiles, and steps of K in each */
    int wide;                /* rows of tiles that are walked together, so that they share X */
    int split;
};

/* What becomes of the sums before they are rounded. */
struct matmul_wgmma_end {
    const void *bias, *residual;
    int64_t ldy;
    int rows, tokens; /* of the matrices */
    enum matmul_gpu_f f;
};

struct matmul_wgmma_job {
    CUtensorMap w, x, y;
    struct matmul_wgmma_tiles tiles;
    struct matmul_wgmma_end end;
    struct matmul_wgmma_plan plan;
    int multiprocessors;
};

/* Enqueue; the maps are of boxes of 64 columns by 128 rows (w) and by plan.tokens tokens (x), and
 * of 64 rows by plan.out tokens (y). */
typedef int matmul_wgmma_run(const struct matmul_wgmma_job *j, gpu_stream s, struct err *e);
matmul_wgmma_run matmul_wgmma_f16, matmul_wgmma_bf16;

#ifdef __cplusplus
}
#endif

#endif

#endif
