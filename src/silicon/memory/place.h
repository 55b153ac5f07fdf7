/* place.h - where a row of silicon.memory runs on this machine's CPUs, how many bytes it walks
 * there, and what the makers of the CPU say bounds it. */
#ifndef SILICON_MEMORY_PLACE_H
#define SILICON_MEMORY_PLACE_H

#include <stddef.h>

#include "core/limits.h"
#include "host/cpu.h"
#include "silicon/memory/point.h"

struct place {
    const int *cpus; /* threads of them, borrowed from the CPU's description */
    int threads;     /* one a physical core */
    size_t bytes;    /* for each thread, all arrays together */
};

/* The errors of working_set_bytes(). */
int place_find(struct place *out, const struct cpu_info *cpu, struct point point, struct err *e);

/* Add the paper bound of a stream in GB/s, or of a load's latency in ns, or why there is none.
 * clock_hz: of a core; NaN when it is not known. */
void place_limit(struct limits *out, const struct cpu_info *cpu, struct point point, int threads,
                 double clock_hz);

#endif
