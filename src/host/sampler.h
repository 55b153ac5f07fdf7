/* sampler.h - the background sampler: what the machine did while a row was measured.
 *
 * One thread of its own reads counters every 100 ms into a ring made at opening; a window copies
 * what fell into [t0, t1] out of it.  It backs off by itself: dear sources are read once a second,
 * and the period doubles (to 1.6 s at most) while the thread takes more than 0.5 % of one CPU, 2 %
 * while a device is watched.
 *
 * Series (core/result.h): cpu.clock_mean, cpu.clock_min [MHz] of up to 8 cores spread over the
 * allowed ones; cpu.temperature [C], the hottest sensor; cpu.power, dram.power [W] from RAPL;
 * process.cpu [% of one CPU], process.rss [MB], process.switches_*, process.faults_* [1/s], the
 * sampler's own part taken off; system.load_1m, system.runnable [tasks], system.others_cpu,
 * system.steal [% of one CPU], system.memory_available [GB]; cpu.throttled [% of the time].  The
 * channels of the device in focus follow, where it can be watched (core/monitor.h). */
#ifndef HOST_SAMPLER_H
#define HOST_SAMPLER_H

#include <stdint.h>

#include "core/bench.h"
#include "core/err.h"
#include "core/result.h"

enum { SAMPLER_PERIOD_MS = 100, SAMPLER_POINTS_MAX = 240 };

/* The worker's service (core/worker.h): *handle is a struct sampler. */
int sampler_open(void **handle, struct err *e);
void sampler_close(void *handle);

/* From now on `d` (borrowed until sampler_close) is measured: what it tells about itself is read
 * too.  Takes a reading; the first time for a device it opens its library, which may take a second
 * or two. */
void sampler_focus(void *handle, const struct device *d);

/* The warm-up is over: a reading of a watched device's counters now (some ms), so that its energy
 * counts from here.  Nothing on the CPU, whose counters are read often. */
void sampler_mark(void *handle);

/* Fill what lies in the window into *run, of which the first run->sampling.warmup_s seconds are
 * warm-up.  Of the whole window: telemetry (owned by the run; every channel, those without a point
 * with n = 0 and the reason; at most 240 points each).  Of the part after the warm-up: cpu_seconds,
 * context_switches, page_faults; of the device in focus energy (by counter, with the interval that
 * its parts give; NaN with energy_reason when absent, broken, or when the window is too short for
 * the counter), throttled_fraction with the causes, and for a watched device its clock and faults.
 * idle_w is NaN: a window does not show the idle machine.  Counters are interpolated between
 * readings; a window that the ring does not cover gives NaN.  Takes a reading itself when the last
 * one is older than t1, so it costs about 0.1 ms (a GPU: some ms).  Any thread. */
void sampler_window(void *handle, uint64_t t0_ns, uint64_t t1_ns, struct result_run *run);

/* As sampler_open, over a tree below `root`, with a period of its own.  period_ms 0: no thread;
 * readings are made by sampler_window and sampler_sample only (tests). */
int sampler_open_at(void **handle, const char *root, unsigned period_ms, struct err *e);

/* One reading now, of everything. */
void sampler_sample(void *handle);

/* CPU time of the sampling thread / time since opening, and readings so far (samples may be
 * NULL). */
double sampler_cost(void *handle, uint64_t *samples);

#endif
