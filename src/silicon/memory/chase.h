/* chase.h - load latency: a walk over a random cycle of cache lines, each load's address the value
 * of the one before, so that nothing can be fetched ahead. */
#ifndef SILICON_MEMORY_CHASE_H
#define SILICON_MEMORY_CHASE_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { CHASE_LINE = 64, CHASE_UNROLL = 16 };

/* Link the n = bytes / CHASE_LINE lines at p (aligned to a line) into one random cycle (Sattolo
 * 1986).  ERR_NOMEM for the 4 n bytes it needs meanwhile; ERR_ARG for n < 2 or n >= 2^32. */
int chase_link(void *p, size_t bytes, uint64_t seed, struct err *e);

/* `steps` loads, a multiple of CHASE_UNROLL; gives the place after them. */
void *chase_walk(void *at, size_t steps);

/* 0 when the links form one cycle that visits every line exactly once; ERR_MISMATCH says what is
 * wrong; ERR_NOMEM. */
int chase_check(const void *p, size_t bytes, struct err *e);

#endif
