/* gemv_bench_gpu.h - kernels.gemv on a GPU. */
#ifndef KERNELS_GEMV_GEMV_BENCH_GPU_H
#define KERNELS_GEMV_GEMV_BENCH_GPU_H

#include "core/bench.h"
#include "core/mem.h"
#include "kernels/gemv/gemv_gpu.h"
#include "kernels/variant/variant_hooks.h"

/* Values of the axis `act`: what happens to the vectors before they meet int8 dot products. */
enum gemv_bench_act { GEMV_BENCH_READY, GEMV_BENCH_SEPARATE, GEMV_BENCH_FUSED };

struct gemv_bench_gpu {
    struct gpu *gpu; /* borrowed from the worker */
    const struct gemv_gpu_variant *v;
    struct weight w;           /* what the host knows: its first `distinct` rows, owned */
    size_t distinct;           /* row r of the matrix is row r % distinct of w */
    size_t copies, passes;     /* as in gemv.c */
    bool quantize;             /* the vectors, by a kernel of their own in every repetition */
    struct gemv_gpu_args args; /* of the first copy */
    struct act act[GEMV_TOKENS];
    struct region host;            /* x and what act.h makes of it */
    void *d_w, *d_x, *d_act, *d_y; /* owned: copies, vectors, vectors as int8, [copies][n][rows] */
};

bool gemv_bench_gpu_exists(const struct params *p);
extern const struct variant_hooks gemv_bench_gpu_hooks;

#endif
