/* memory_stream.h - silicon.memory's streams on a CPU: read, write, copy, triad. */
#ifndef SILICON_MEMORY_MEMORY_STREAM_H
#define SILICON_MEMORY_MEMORY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"
#include "core/pool.h"
#include "silicon/memory/point.h"
#include "silicon/memory/stream.h"

enum { MEMORY_STREAM_CANDIDATES = 4 };

/* One thread's part: its own mapping, first touched by itself and so on its own NUMA node. */
struct memory_stream_part {
    struct region region; /* owned */
    double *a, *b, *c;    /* inside region; those that the op uses */
    uint64_t sum;         /* read: of the last repetition */
    size_t wrong;         /* elements (read: sums) that differed in the last check */
    struct err err;
};

struct memory_stream {
    struct point point;
    struct pool *pool;                /* owned */
    struct memory_stream_part *parts; /* one a thread; owned */
    int threads;
    size_t n;      /* elements of each array of a part */
    size_t passes; /* over the arrays in one repetition */
    const struct stream_variant *candidates[MEMORY_STREAM_CANDIDATES], *variant;
    uint64_t seed;
    double written; /* write: what the last repetition wrote; another value each time */
    bool verified;  /* the check before timing has been made */
};

extern const struct point_hooks memory_stream_hooks;

#endif
