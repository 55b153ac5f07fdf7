/* copy_limit_gpu.h - what binds a GPU's row that moves bytes and does little else.
 *
 * Rows that come back to the same bytes find in the L2 what it holds.  Up to its size the limit is
 * what silicon.memory reaches in it; beyond, all but as much as it holds comes from the memory,
 * whose rate is the limit from RARE times the L2 on.  Launches bind where the bytes are few. */
#ifndef KERNELS_VARIANT_COPY_LIMIT_GPU_H
#define KERNELS_VARIANT_COPY_LIMIT_GPU_H

#include <stdbool.h>

#include "core/bench.h"
#include "gpu/gpu.h"

struct copy_limit {
    const struct gpu *gpu;
    /* Of silicon.memory: "copy"; where reads are the more, "read", which no mix of reads and writes
     * is faster than.  Its "triad" is no bound: other kernels with two reads to a write pass it. */
    const char *op;
    double bytes; /* read and written once in a repetition, all of them different */
    bool cold;    /* the L2 is flushed before each repetition */
    int launches; /* one after the other in a graph; 0: not in a graph */
};

/* The limits of a bandwidth in GB/s of those bytes. */
int copy_limit_add(struct bench_ctx *c, const struct copy_limit *l, struct limits *out,
                   struct err *e);

/* Where the bytes are: WORK_CACHE or WORK_HBM. */
enum work_memory copy_limit_memory(const struct copy_limit *l);

#endif
