/* link_limit_gpu.h - what the link below a GPU's row can carry: PCIe to the host, NVLink to a
 * peer. */
#ifndef SILICON_MEMORY_LINK_LIMIT_GPU_H
#define SILICON_MEMORY_LINK_LIMIT_GPU_H

#include "core/bench.h"
#include "core/limits.h"
#include "gpu/gpu.h"

struct link_limit_of {
    const struct gpu *gpu, *peer; /* peer NULL: the host */
    int directions;               /* 1, or 2 at once */
};

/* Add the bound in GB/s.  Host: PCIe generation x width, line code taken off and nothing less; on a
 * GPU that shares the host's memory a copy reads and writes that one memory, so half of what a copy
 * moves there.  Peer: active NVLink links x their rate. */
int link_limit(struct bench_ctx *c, const struct link_limit_of *l, struct limits *out,
               struct err *e);

#endif
