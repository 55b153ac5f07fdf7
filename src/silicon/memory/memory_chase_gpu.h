/* memory_chase_gpu.h - silicon.memory's op=latency on a GPU. */
#ifndef SILICON_MEMORY_MEMORY_CHASE_GPU_H
#define SILICON_MEMORY_MEMORY_CHASE_GPU_H

#include "silicon/memory/chase_gpu.h"
#include "silicon/memory/point.h"

struct memory_chase_gpu {
    struct point point;
    struct gpu *gpu;  /* borrowed from the worker */
    struct gpu *peer; /* owned */
    struct chase_gpu_args args;
    void *pinned, *d_lines; /* one of them is args.lines; owned */
    enum chase_gpu_cache cache;
    uint64_t steps;  /* of a repetition */
    uint64_t walked; /* since the link */
};

extern const struct point_hooks memory_chase_gpu_hooks;

#endif
