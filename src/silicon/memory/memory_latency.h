/* memory_latency.h - silicon.memory's op=latency: one core, one load at a time. */
#ifndef SILICON_MEMORY_MEMORY_LATENCY_H
#define SILICON_MEMORY_MEMORY_LATENCY_H

#include <stddef.h>

#include "core/mem.h"
#include "core/pool.h"
#include "silicon/memory/point.h"

struct memory_latency {
    struct point point;
    struct pool *pool; /* owned: pins the caller */
    struct region region;
    size_t bytes; /* of the cycle */
    size_t steps; /* loads in a repetition */
    void *at;     /* where the walk is */
};

extern const struct point_hooks memory_latency_hooks;

#endif
