/* device.h - the devices of this machine, and the CPU as one of them. */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include "core/bench.h"

enum { DEVICES_MAX = 17 }; /* the CPU and 16 GPUs */

/* Timed by clock_now_ns: mode "wall". */
extern const struct device_ops device_cpu_ops;

/* The CPU itself: for a GPU's row that is bounded by what the host reaches. */
extern const struct device device_cpu;

/* List the devices of each kind in `ops` (NULL-terminated), at most DEVICES_MAX.  why: the reason
 * of the last kind that has none.  Gives the count. */
int device_list(const struct device_ops *const *ops, struct device *out, char *why, size_t why_cap);

/* The device called `name`, or NULL. */
const struct device *device_find(const struct device *devices, int n, const char *name);

/* How time is taken at this point: the device's own way, or the other one that the benchmark names.
 * A name that the device does not have is our bug. */
struct device_timing device_timing_of(const struct bench *b, const struct device *d,
                                      const struct params *p);

#endif
