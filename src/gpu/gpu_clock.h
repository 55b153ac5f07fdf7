/* gpu_clock.h - the clock of a GPU's multiprocessors, seen on the device. */
#ifndef GPU_GPU_CLOCK_H
#define GPU_GPU_CLOCK_H

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one multiprocessor counted: cycles, and nanoseconds of the timer that all share, between two
 * ticks of that timer. */
struct gpu_clock_reading {
    unsigned long long cycles, ns;
};

/* Enqueue a reading of about 0.1 ms into *reading (memory that the device and the host see).  One
 * thread spins, so that the clock is still that of the work before it. */
int gpu_clock_enqueue(struct gpu_clock_reading *reading, gpu_stream stream, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
