/* attention_sparse_gpu.h - kernels.attention.sparse's hooks on a GPU. */
#ifndef KERNELS_ATTENTION_ATTENTION_SPARSE_GPU_H
#define KERNELS_ATTENTION_ATTENTION_SPARSE_GPU_H

#include <stdbool.h>

#include "core/limits.h"
#include "core/pick.h"
#include "kernels/attention/sparse_bench.h"
#include "kernels/attention/sparse_gpu.h"

/* A variant that has taken the pattern to the device. */
struct attention_sparse_open {
    const struct sparse_gpu_variant *v;
    void *self; /* owned */
};

struct attention_sparse_gpu {
    struct sparse_bench b;
    struct gpu *gpu;
    struct attention_sparse_open open[PICK_MAX];
    int n_open, which;
    struct sparse_args a; /* on the device; owned: q, k, v, o, lse */
    struct region out;    /* O and LSE on the host, then those of the simple variant */
    int compared_heads;   /* whose outputs of the simple variant there are */
    bool ran;             /* since the outputs were poisoned */
};

bool attention_sparse_gpu_exists(const struct params *p);
int attention_sparse_gpu_setup(struct bench_ctx *c, void *state, struct err *e);
int attention_sparse_gpu_verify(struct bench_ctx *c, void *state, struct err *e);
int attention_sparse_gpu_once(struct bench_ctx *c, void *state, struct err *e);
void attention_sparse_gpu_work(const struct bench_ctx *c, const void *state, struct work *w);
int attention_sparse_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
void attention_sparse_gpu_teardown(struct bench_ctx *c, void *state);

#endif
