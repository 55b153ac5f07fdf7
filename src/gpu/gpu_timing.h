/* gpu_timing.h - the ways to take a GPU's time that a benchmark may name (bench.timing_of), beside
 * "batched": repetitions enqueued one after the other between two events.
 *
 *   "graph"          repetitions recorded once into a CUDA graph; a sample is a replay.  What the
 *                    host does for each launch is left out.
 *   "isolated-hot"   one repetition a sample, with the caches as the one before left them
 *   "isolated-cold"  one repetition a sample, after the L2 has been flushed by reading a clean
 *                    buffer of at least twice its size; a probe proves at the start of each row's
 *                    process that this works, else the row is skipped
 *
 *   "wall"           the host's clock; nothing is asked of the device, which may be idle
 *
 * In the first three a gate holds the stream back until everything is enqueued, so that the
 * events stand next to the work.  A repetition must not wait for the device itself: the gate gives
 * up after 1 s, and the row fails and says so. */
#ifndef GPU_GPU_TIMING_H
#define GPU_GPU_TIMING_H

#include "core/bench.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bound of one graph: recording more takes longer than it helps. */
enum { GPU_TIMING_GRAPH_MAX = 2000 };

#if HAVE_CUDA
extern const struct device_timing *const gpu_timings[]; /* NULL-terminated */

/* Give back what the handle holds for them. */
void gpu_timing_close(struct gpu *g);

/* What the probe of the flush saw: latencies in cycles of lines that were in the L2, and of the
 * same lines after a flush. */
struct gpu_timing_proof {
    double hot_cycles, hot_p95_cycles, cold_cycles; /* medians, and the 95th percentile */
    double slower_share; /* of the cold lines, slower than hot_p95_cycles; proven from 0.95 on */
    size_t flushed_bytes;
};

/* Flush (or not) and probe, for tests and for whoever wants to see the figures.  Of a handle that
 * isolated-cold has been made ready for. */
int gpu_timing_probe(struct gpu *g, bool flush, struct gpu_timing_proof *out, struct err *e);
#endif

#ifdef __cplusplus
}
#endif

#endif
