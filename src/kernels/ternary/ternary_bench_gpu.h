/* ternary_bench_gpu.h - the GPU half of kernels.ternary. */
#ifndef KERNELS_TERNARY_TERNARY_BENCH_GPU_H
#define KERNELS_TERNARY_TERNARY_BENCH_GPU_H

#include "kernels/ternary/ternary_bench.h"
#include "kernels/ternary/ternary_external.h"
#include "kernels/ternary/ternary_gpu.h"

struct ternary_bench_gpu {
    struct ternary_case t;
    struct gpu *gpu; /* borrowed from the worker */
    float *answer;   /* owned, n_answer; `got` is as large */
    float *got;
    size_t n_answer;
    int candidates[PICK_MAX];
    int which; /* of the table of the operation */
    struct ternary_gpu one;
    enum ternary_gpu_norm norm;
    struct ternary_chain_gpu chain;
    struct ternary_external external; /* measured instead of ours, on the buffers of `one` */
};

bool ternary_bench_gpu_exists(const struct params *p);
int ternary_bench_gpu_setup(struct bench_ctx *c, void *state, struct err *e);
int ternary_bench_gpu_verify(struct bench_ctx *c, void *state, struct err *e);
int ternary_bench_gpu_once(struct bench_ctx *c, void *state, struct err *e);
void ternary_bench_gpu_work(const struct bench_ctx *c, const void *state, struct work *w);
int ternary_bench_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
void ternary_bench_gpu_teardown(struct bench_ctx *c, void *state);

#endif
