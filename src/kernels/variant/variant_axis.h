/* variant_axis.h - what benchmarks of kernels share: the axes `variant` and `threads`. */
#ifndef KERNELS_VARIANT_VARIANT_AXIS_H
#define KERNELS_VARIANT_VARIANT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/bench.h"
#include "core/pick.h"

/* "best", then a name for every instruction set that any table here has; NULL-terminated. */
extern const char *const variant_axis_names[];

/* "one", "all": one thread a physical core.  What is asked for of the CPUs of this machine. */
extern const char *const variant_axis_threads[];
int variant_axis_cpus(const struct params *p, const int **cpus);

/* The nearest memory that holds `bytes` of so many threads, as silicon.memory calls it: "l1" ..
 * "dram". */
const char *variant_axis_level(double bytes, int threads);

/* Has the table (variant.h), n entries of `stride` bytes, an entry of the name that `variant` says?
 * "best": always. */
bool variant_axis_exists(const struct params *p, const void *table, size_t stride, int n);

/* Entries to choose from by measurement: the one asked for, or for "best" all that the CPU runs,
 * scalar only where it is alone.  Their number, or ERR_NOTSUP where the CPU lacks what is asked
 * for. */
int variant_axis_candidates(const struct params *p, const void *table, size_t stride, int n,
                            int out[PICK_MAX], struct err *e);

#endif
