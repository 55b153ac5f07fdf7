/* point.h - what a row of silicon.memory asks for, and the hooks that answer it: on a CPU streams
 * and a pointer chase; on a GPU streams, loops inside its caches, a pointer chase, and copies over
 * a link.  memory.c picks by device, op and level. */
#ifndef SILICON_MEMORY_POINT_H
#define SILICON_MEMORY_POINT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"

/* In the order of the axes' names in memory.c. */
enum point_op {
    POINT_READ,
    POINT_WRITE,
    POINT_COPY,
    POINT_TRIAD,
    POINT_LATENCY,
    POINT_H2D,
    POINT_D2H,
    POINT_BIDIRECTIONAL
};
enum point_level {
    POINT_L1,
    POINT_L2,
    POINT_L3,
    POINT_DRAM,
    POINT_HBM,
    POINT_HOST, /* the host's memory, seen from a GPU */
    POINT_PEER  /* another GPU's */
};
enum point_memory { POINT_PINNED, POINT_PAGEABLE, POINT_MANAGED };

/* What does not apply at a point is as if it had the axis's first value. */
struct point {
    enum point_op op;
    enum point_level level;
    bool all; /* threads=all */
    enum point_memory memory;
    int peer;     /* number of the other GPU */
    size_t bytes; /* of one copy over a link */
};

/* Copies that pass between a GPU and a link's other end, whoever makes them. */
static inline bool point_is_copy(struct point p)
{
    return p.op == POINT_H2D || p.op == POINT_D2H || p.op == POINT_BIDIRECTIONAL ||
           (p.level == POINT_PEER && (p.op == POINT_READ || p.op == POINT_WRITE));
}

static inline int64_t point_param(const struct params *p, const char *axis)
{
    return params_has(p, axis) ? params_get(p, axis) : 0;
}

static inline struct point point_of(const struct params *p)
{
    return (struct point){
        .op = (enum point_op)params_get(p, "op"),
        .level = (enum point_level)point_param(p, "level"),
        .all = point_param(p, "threads") == 1,
        .memory = (enum point_memory)point_param(p, "memory"),
        .peer = (int)point_param(p, "peer"),
        .bytes = (size_t)point_param(p, "size"),
    };
}

/* As the hooks of struct bench. */
struct point_hooks {
    int (*setup)(struct bench_ctx *c, void *state, struct err *e);
    int (*verify)(struct bench_ctx *c, void *state, struct err *e);
    int (*prepare)(struct bench_ctx *c, void *state, struct err *e); /* may be NULL */
    int (*once)(struct bench_ctx *c, void *state, struct err *e);
    void (*work)(const struct bench_ctx *c, const void *state, struct work *w);
    int (*limit)(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
    void (*teardown)(struct bench_ctx *c, void *state);
};

/* Bytes that a stream uses per element of 8, as STREAM counts them: what the loop reads plus what
 * it writes, without the line that an ordinary store reads first (write-allocate). */
static inline double point_bytes(enum point_op op)
{
    return op == POINT_TRIAD ? 24 : op == POINT_COPY ? 16 : 8;
}

static inline int point_arrays(enum point_op op)
{
    return op == POINT_TRIAD ? 3 : op == POINT_COPY ? 2 : 1;
}

/* What the arrays hold: integers 0 .. 1023, a different sequence for each stream.  Sums and
 * 3 * value stay exact in FP64, so that every check is for equality. */
enum { POINT_FACTOR = 3 };

static inline double point_value(uint64_t seed, int stream, uint64_t i)
{
    uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u + (seed + (uint64_t)stream) * 0xbf58476d1ce4e5b9u;

    return (double)((x ^ (x >> 32)) >> 22 & 1023);
}

/* The 64-bit word that read sums. */
static inline uint64_t point_bits(double x)
{
    uint64_t w;

    memcpy(&w, &x, sizeof(w));
    return w;
}

#endif
