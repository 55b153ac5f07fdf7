/* launch_kernels.h - the kernels behind silicon.launch and their launchers.
 *
 * Launchers enqueue and return: 0, ERR_CUDA, or ERR_NOTSUP where this build has no code for the
 * device.  Pointers are of device memory. */
#ifndef SILICON_LAUNCH_LAUNCH_KERNELS_H
#define SILICON_LAUNCH_LAUNCH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One thread adds one to *count: the smallest kernel that leaves a trace. */
int launch_kernel_count(unsigned *count, gpu_stream s, struct err *e);

enum launch_barrier {
    LAUNCH_BARRIER_ATOMIC,      /* one counter; arrive by a release, wait by acquiring loads */
    LAUNCH_BARRIER_COOPERATIVE, /* cooperative groups' grid.sync() */
    LAUNCH_BARRIER_CLUSTER,     /* barrier.cluster of LAUNCH_CLUSTER blocks; 9.0 and newer */
    LAUNCH_BARRIER_NONE         /* planted: the check must see that there is none */
};
enum { LAUNCH_CLUSTER = 8, LAUNCH_BARRIER_THREADS = 256 };

struct launch_barrier_args {
    unsigned *arrived; /* one, zeroed by the launcher in stream order */
    unsigned *passed;  /* a block: barriers that it has passed, added to at the end */
    unsigned *phase;   /* a block; only with check */
    unsigned *early;   /* one: blocks found behind the barrier that others had passed */
    int rounds;        /* barriers in the kernel */
};

/* One launch of `blocks` blocks, all resident, that meet `rounds` times.  With check each round
 * also publishes the block's phase before the barrier and looks at two others' after it; a block is
 * held up in turn, so that a barrier that lets through is seen. */
int launch_barrier_grid(enum launch_barrier kind, const struct launch_barrier_args *a, int blocks,
                        bool check, gpu_stream s, struct err *e);

/* Only where HAVE_SM90. */
int launch_barrier_cluster(const struct launch_barrier_args *a, int blocks, bool check,
                           gpu_stream s, struct err *e);

/* A kernel of `blocks` blocks that adds one to *count, which the kernel before it wrote. */
enum launch_dependent {
    LAUNCH_DEPENDENT_AFTER,  /* starts when the one before has ended */
    LAUNCH_DEPENDENT_EARLY,  /* programmatic dependent launch: starts early, then waits for it */
    LAUNCH_DEPENDENT_PLANTED /* starts early and does not wait: the check must see it */
};
/* Only where HAVE_SM90.  hold: it adds 2 us after it might, so that a next one that does not wait
 * is too early. */
int launch_dependent(enum launch_dependent how, unsigned *count, int blocks, bool hold,
                     gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
