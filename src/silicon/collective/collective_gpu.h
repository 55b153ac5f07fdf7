/* collective_gpu.h - the hooks of silicon.collective, through NCCL opened at run time.
 *
 * One process and one thread drive all ranks: each operation is a group of one call a rank, on a
 * stream of that rank's GPU.  Time is taken on rank 0's stream: no rank can end an operation that
 * another has not begun, and operations follow each other without a pause. */
#ifndef SILICON_COLLECTIVE_COLLECTIVE_GPU_H
#define SILICON_COLLECTIVE_COLLECTIVE_GPU_H

#include <stdbool.h>

#include "core/bench.h"
#include "core/limits.h"
#include "gpu/gpu.h"
#include "gpu/vendor/nccl_api.h"
#include "silicon/collective/collective_point.h"

struct collective_rank {
    struct gpu *gpu; /* rank 0: borrowed from the worker; else owned */
    gpu_stream stream;
    float *send, *recv;          /* device memory; owned */
    unsigned long long *d_wrong; /* owned */
    nccl_comm comm;              /* owned */
};

struct collective {
    struct collective_point point;
    uint64_t seed;
    struct nccl nccl;
    struct collective_rank rank[COLLECTIVE_RANKS_MAX];
    bool verified; /* the check before timing has been made */
    bool noted;
};

int collective_gpu_setup(struct bench_ctx *c, void *state, struct err *e);
int collective_gpu_verify(struct bench_ctx *c, void *state, struct err *e);
int collective_gpu_once(struct bench_ctx *c, void *state, struct err *e);
void collective_gpu_work(const struct bench_ctx *c, const void *state, struct work *w);
int collective_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
void collective_gpu_teardown(struct bench_ctx *c, void *state);

#endif
