/* team.h - one loop on several cores at once: a pinned thread and data of its own for each. */
#ifndef SILICON_COMPUTE_TEAM_H
#define SILICON_COMPUTE_TEAM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bench.h"
#include "core/err.h"
#include "core/pool.h"
#include "core/result.h"
#include "silicon/compute/loop.h"

struct team {
    const struct loop *loop; /* borrowed */
    struct pool *pool;       /* owned */
    struct loop_io *io;      /* one per thread, inside block */
    void *block;             /* owned */
    int threads;
    uint64_t iterations; /* of a repetition */
    bool ran;            /* since the last check */
};

/* `threads` threads pinned to cpus[0 .. threads-1]; no loop yet.  ERR_NOMEM, ERR_IO. */
int team_open(struct team *t, int threads, const int *cpus, struct err *e);
void team_close(struct team *t); /* also of a zeroed or half-opened team */

/* Choose the loop and draw its data. */
void team_set(struct team *t, const struct loop *l, uint64_t seed);

/* Among the loops of this type that the CPU supports, the one that does the same multiply-adds on
 * all threads of the team in the least time (core/pick.h).  On CPUs that slow down for wide vectors
 * it is not always the widest.  ERR_NOTSUP when there is none, with the reason. */
int team_set_best(struct team *t, struct bench_ctx *c, enum compute_dtype dtype, struct err *e);

/* One repetition: loop->iterations on every thread. */
void team_run(struct team *t);

/* Check what the last repetition left behind on every thread (running one if there was none since
 * the last check), then spoil it, so that no result is checked twice.  ERR_MISMATCH. */
int team_check(struct team *t, struct check *c, struct err *e);

/* The clocks of all cores of the team added up, in Hz: on each the upper quartile of chains of
 * dependent additions that alternate with repetitions on all cores, so that the clocks are those of
 * the loop.  A chain that shares its core reads low; one after a pause, before the clock of wide
 * vectors is back, reads high; both are the fewer.
 * About 10 ms.  ERR_NOMEM. */
int team_clock_hz(struct team *t, double *sum_hz, struct err *e);

#endif
