/* memory_link_gpu.h - silicon.memory's copies over a link: between a GPU and the host, and between
 * two GPUs. */
#ifndef SILICON_MEMORY_MEMORY_LINK_GPU_H
#define SILICON_MEMORY_MEMORY_LINK_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"
#include "gpu/gpu_link.h"
#include "silicon/memory/point.h"
#include "silicon/memory/stream_gpu.h"

/* Memory at one end of a copy. */
struct memory_link_end {
    struct gpu *gpu;             /* whose memory it is; NULL: the host's.  Borrowed. */
    double *data;                /* owned: in device memory, pinned, or in `pageable` */
    struct region pageable;      /* owned */
    unsigned long long *d_wrong; /* of the check, on that GPU; owned */
};

/* One direction of a row. */
struct memory_link_way {
    struct memory_link_end from, to;
    const struct gpu *engine; /* whose stream the copy is on */
    gpu_stream stream;
};

struct memory_link {
    struct point point;
    struct gpu *gpu;  /* borrowed from the worker */
    struct gpu *peer; /* owned */
    struct gpu_link_lane lane;
    struct memory_link_way way[2];
    int ways;
    size_t n; /* doubles of one copy */
    uint64_t seed;
    int tried[4], n_tried; /* COPY_ENGINE, or variants of stream_gpu.h */
    int variant;
    bool verified;
};

extern const struct point_hooks memory_link_hooks;

#endif
