/* memory_gpu.h - silicon.memory's streams on a GPU: its own memory and the host's. */
#ifndef SILICON_MEMORY_MEMORY_GPU_H
#define SILICON_MEMORY_MEMORY_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "silicon/memory/point.h"
#include "silicon/memory/stream_gpu.h"

struct memory_gpu {
    struct point point;
    struct gpu *gpu;             /* borrowed from the worker */
    struct stream_gpu_args args; /* its arrays are owned; at level=host they are the host's */
    double *d_b, *d_c;           /* what args.b and args.c point to, owned */
    unsigned long long *d_wrong; /* owned */
    int tried[16], n_tried;      /* variants that do this op */
    int variant;
    uint64_t seed;
    uint64_t want_sum; /* read: what the host made, once */
    bool summed;
    bool verified; /* the check before timing has been made */
};

extern const struct point_hooks memory_gpu_hooks;

#endif
