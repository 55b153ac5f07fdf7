/* matmul_bench_gpu.h - kernels.gemm on a GPU. */
#ifndef KERNELS_GEMM_MATMUL_BENCH_GPU_H
#define KERNELS_GEMM_MATMUL_BENCH_GPU_H

#include "core/bench.h"
#include "core/pick.h"
#include "kernels/gemm/matmul_gpu.h"
#include "kernels/variant/variant_hooks.h"

/* Entries of the table that are tried, at most. */
enum { MATMUL_BENCH_OPEN = 8 };

struct matmul_bench_gpu {
    struct gpu *gpu; /* borrowed from the worker */
    struct weight w; /* what the host knows: its first `distinct` rows, owned */
    uint16_t *x;     /* owned: the first `distinct_x` tokens */
    size_t distinct, distinct_x;
    struct matmul_gpu_args args;
    const struct matmul_gpu_variant *v[MATMUL_BENCH_OPEN];
    void *self[MATMUL_BENCH_OPEN]; /* owned */
    int n_open, chosen;
    int tries[PICK_MAX][2]; /* which of them, which way */
    void *d_w, *d_x, *d_y;  /* owned */
    uint64_t mark;          /* of the bits of Y */
    bool marked;
};

bool matmul_bench_gpu_exists(const struct params *p);
extern const struct variant_hooks matmul_bench_gpu_hooks;

#endif
