/* memory_cache_gpu.h - silicon.memory inside a GPU's L1 and L2. */
#ifndef SILICON_MEMORY_MEMORY_CACHE_GPU_H
#define SILICON_MEMORY_MEMORY_CACHE_GPU_H

#include <stdbool.h>
#include <stdint.h>

#include "silicon/memory/cache_gpu.h"
#include "silicon/memory/point.h"

struct memory_cache_gpu {
    struct point point;
    struct gpu *gpu;            /* borrowed from the worker */
    struct cache_gpu_args args; /* a and sums: device memory, owned */
    double *d_b, *d_c;          /* what args.b and args.c point to, owned */
    unsigned long long *d_wrong;
    uint64_t seed;
    uint32_t want_sum; /* read: of one pass over all that is read */
    bool verified;     /* the check before timing has been made */
};

extern const struct point_hooks memory_cache_gpu_hooks;

#endif
