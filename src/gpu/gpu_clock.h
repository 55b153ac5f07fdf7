/* gpu_clock.h - the clock that a GPU's multiprocessors had under a load, seen on the device.
 *
 * A probe after the load reads high: tensor cores lower the clock by up to a tenth while they work,
 * and it is back within microseconds.  So cycles are counted across the load. */
#ifndef GPU_GPU_CLOCK_H
#define GPU_GPU_CLOCK_H

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one multiprocessor's counter and the timer that all share read at the same time. */
struct gpu_clock_stamp {
    unsigned long long cycles, ns;
};

/* Enqueue a stamp of each multiprocessor i < n into d_stamps[i]; one that no block reaches keeps
 * its old stamp. */
int gpu_clock_stamp(struct gpu_clock_stamp *d_stamps, int n, gpu_stream stream, struct err *e);

/* Hz between two stamps: the median of the multiprocessors that have both; NaN where none has. */
double gpu_clock_between(const struct gpu_clock_stamp *from, const struct gpu_clock_stamp *to,
                         int n);

#ifdef __cplusplus
}
#endif

#endif
