/* telemetry_window.h - what the readings of a window say about the run that lay in it. */
#ifndef HOST_TELEMETRY_WINDOW_H
#define HOST_TELEMETRY_WINDOW_H

#include <stdint.h>

#include "core/result.h"
#include "host/telemetry_ring.h"

/* The device that is measured, where it can be watched. */
struct telemetry_watch {
    const struct device *device; /* NULL: the CPU */
    const struct monitor_ops *monitor;
    void *handle; /* NULL: it cannot be watched, and why[] says why */
    char why[TELEMETRY_WHY];
};

/* Fill the fields of *run that sampler_window() promises, from the readings of
 * [t0, t1] of which what is after `kept` was sampled, before it was warm-up.  device: the watched
 * one's place in rows, with its watch; -1 with NULL on the CPU. */
void telemetry_window_fill(struct telemetry_ring *ring, const struct telemetry_sources *sources,
                           int device, const struct telemetry_watch *watch, uint64_t t0_ns,
                           uint64_t kept_ns, uint64_t t1_ns, struct result_run *run);

#endif
