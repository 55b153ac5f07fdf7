/* working_set.h - how many bytes to walk so that a given level of the memory answers.
 *
 *   l1    half of one core's L1d              l2  half of one core's L2
 *   l3    twice the L2 of the cores used, together: the least that L2 cannot hold.  What a virtual
 *         machine calls its L3 is shared with its neighbours, often in fixed parts, so that half of
 *         it may well lie in memory
 *   dram  four times all L3 of the machine, at least 256 MiB, all arrays together */
#ifndef SILICON_MEMORY_WORKING_SET_H
#define SILICON_MEMORY_WORKING_SET_H

#include <stddef.h>

#include "core/err.h"
#include "silicon/memory/point.h"

/* Bytes; 0 where a cache is not there or not known. */
struct working_set_caches {
    size_t l1d, l2;   /* of one core, divided by the cores used that share it */
    size_t l3;        /* of the instances that the cores used reach, together */
    size_t l3_all;    /* of the machine */
    size_t available; /* memory that may be taken */
    int threads;      /* cores used */
};

/* Bytes for each thread.  ERR_NOTSUP, with the numbers, when the level is not there, cannot be told
 * from the one before, or does not fit. */
int working_set_bytes(enum point_level level, const struct working_set_caches *w, size_t *out,
                      struct err *e);

#endif
