/* collective_point.h - what a row of silicon.collective asks for, and its bytes by NCCL's
 * definition (nccl-tests, PERFORMANCE.md): with S the bytes of a rank's larger buffer and n ranks,
 *
 *   algorithm bandwidth = S / time
 *   bus bandwidth       = algorithm bandwidth x 2 (n - 1) / n   all-reduce
 *                                             x (n - 1) / n     all-gather, all-to-all
 *
 * so that bus bandwidth compares with what a link carries, whatever n is. */
#ifndef SILICON_COLLECTIVE_COLLECTIVE_POINT_H
#define SILICON_COLLECTIVE_COLLECTIVE_POINT_H

#include <stddef.h>

#include "core/bench.h"
#include "core/device.h"

/* In the order of the axis's names. */
enum collective_op { COLLECTIVE_ALL_REDUCE, COLLECTIVE_ALL_GATHER, COLLECTIVE_ALL_TO_ALL };

enum { COLLECTIVE_RANKS_MAX = DEVICES_MAX - 1 };

struct collective_point {
    enum collective_op op;
    int ranks;
    size_t n; /* floats of the larger buffer, a multiple of ranks */
};

static inline struct collective_point collective_point_of(const struct params *p)
{
    int ranks = (int)params_get(p, "gpus");

    return (struct collective_point){
        .op = (enum collective_op)params_get(p, "op"),
        .ranks = ranks,
        .n = (size_t)params_get(p, "size") / sizeof(float) / (size_t)ranks * (size_t)ranks,
    };
}

static inline double collective_algorithm_bytes(struct collective_point p)
{
    return (double)p.n * sizeof(float);
}

static inline double collective_bus_factor(struct collective_point p)
{
    double part = (double)(p.ranks - 1) / p.ranks;

    return p.op == COLLECTIVE_ALL_REDUCE ? 2 * part : part;
}

#endif
