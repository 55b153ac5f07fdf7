/* pool.h - threads that run one function together, each pinned to its CPU.
 *
 * The caller is thread 0; pool_run returns when all are done.  Workers spin for a short while
 * (about 50 us) before they sleep, so that back-to-back regions start within a microsecond or two.
 * One caller at a time. */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/err.h"

struct pool;

/* n threads; thread i is pinned to cpus[i] (cpus may be NULL: not pinned).  The calling thread is
 * pinned too, until pool_free, which puts its old mask back.  ERR_IO when a CPU is refused. */
int pool_new(struct pool **out, int n, const int *cpus, struct err *e);
void pool_free(struct pool *p);
int pool_size(const struct pool *p);

/* fn(arg, thread) on all threads, 0 <= thread < n. */
void pool_run(struct pool *p, void (*fn)(void *arg, int thread), void *arg);

/* Inside fn: wait until all threads of the pool are here. */
void pool_barrier(struct pool *p);

#endif
