/* launch_gpu.h - silicon.launch's hooks on a GPU. */
#ifndef SILICON_LAUNCH_LAUNCH_GPU_H
#define SILICON_LAUNCH_LAUNCH_GPU_H

#include "core/bench.h"
#include "core/limits.h"
#include "silicon/launch/launch_kernels.h"

/* In the order of the axis's names in launch.c. */
enum launch_what {
    LAUNCH_KERNEL,
    LAUNCH_GRAPH_NODE,
    LAUNCH_ROUND_TRIP,
    LAUNCH_EVENT,
    LAUNCH_ATOMIC,
    LAUNCH_COOPERATIVE,
    LAUNCH_CLUSTERS,
    LAUNCH_AFTER,
    LAUNCH_EARLY
};

/* Barriers in one launch of a barrier row: the launch itself is below 1 % of them. */
enum { LAUNCH_ROUNDS = 1000 };

struct launch_gpu {
    enum launch_what what;
    struct gpu *gpu; /* borrowed from the worker */
    int blocks;
    unsigned *d_count; /* device, owned */
    struct launch_barrier_args barrier;
    struct CUevent_st *event; /* owned */
};

int launch_gpu_setup(struct bench_ctx *c, void *state, struct err *e);
int launch_gpu_verify(struct bench_ctx *c, void *state, struct err *e);
int launch_gpu_once(struct bench_ctx *c, void *state, struct err *e);
int launch_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
void launch_gpu_teardown(struct bench_ctx *c, void *state);

/* For the test of the check: what `kind` or `how` does in so many rounds or launches.  *wrong is 0
 * when every block waited for every other, when every launch found what the one before wrote. */
int launch_gpu_check_barrier(struct launch_gpu *s, enum launch_barrier kind, int rounds,
                             unsigned *wrong, struct err *e);
int launch_gpu_check_dependent(struct launch_gpu *s, enum launch_dependent how, int launches,
                               unsigned *wrong, struct err *e);

#endif
