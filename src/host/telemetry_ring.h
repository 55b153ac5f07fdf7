/* telemetry_ring.h - the readings of the background sampler, and what can be asked of them.
 *
 * A row holds one reading of every channel: those of the machine (telemetry_source.h) first, then
 * those of the device that was watched at that moment (core/monitor.h).  A channel is asked for by
 * its place in the row; a device's is asked for together with the device, because readings of
 * another one are none of its own.  Not thread-safe: the sampler holds its lock. */
#ifndef HOST_TELEMETRY_RING_H
#define HOST_TELEMETRY_RING_H

#include <stdint.h>

#include "core/monitor.h"
#include "core/result.h"
#include "host/telemetry_source.h"

/* At 10 Hz it holds 13 minutes: longer than any row may take. */
enum { TELEMETRY_RING = 8192, TELEMETRY_VALUES = CHANNELS + MONITOR_CHANNELS_MAX };

struct telemetry_row {
    uint64_t t_ns;
    int device;                     /* whose readings follow the machine's; -1: none */
    unsigned breaks, device_breaks; /* of energy counters, until then */
    double v[TELEMETRY_VALUES];
};

struct telemetry_ring {
    struct telemetry_row *rows; /* TELEMETRY_RING of them; owned */
    uint64_t n;                 /* readings ever made */
    double *time, *value;       /* points collected last; owned */
};

/* Where a value is in a row, and of which device (-1: the machine's). */
struct telemetry_place {
    int value, device;
};

int telemetry_ring_init(struct telemetry_ring *r, struct err *e); /* ERR_NOMEM */
void telemetry_ring_release(struct telemetry_ring *r);

/* The row of the next reading, all NaN; it counts from telemetry_ring_push() on. */
struct telemetry_row *telemetry_ring_next(struct telemetry_ring *r);
void telemetry_ring_push(struct telemetry_ring *r);
uint64_t telemetry_ring_last_ns(const struct telemetry_ring *r); /* 0: nothing was read */

/* A counter at time t_ns, on the line between the readings around it; NaN outside of them. */
double telemetry_ring_counter(const struct telemetry_ring *r, struct telemetry_place p,
                              uint64_t t_ns);

/* When a channel was first read at or after from_ns; UINT64_MAX: never. */
uint64_t telemetry_ring_reading(const struct telemetry_ring *r, struct telemetry_place p,
                                uint64_t from_ns);

/* Energy counters that broke between the readings around the window; device -1: the machine's. */
unsigned telemetry_ring_breaks(const struct telemetry_ring *r, int device, uint64_t t0_ns,
                               uint64_t t1_ns);

/* The points of a channel in [t0, t1] into r->time (seconds since t0) and r->value; counters become
 * rates.  Gives the count. */
size_t telemetry_ring_collect(struct telemetry_ring *r, struct telemetry_place p,
                              const struct channel *c, uint64_t t0_ns, uint64_t t1_ns);

/* Put the `n` points collected last into at most `points` bins of `out`. */
void telemetry_ring_bins(const struct telemetry_ring *r, size_t n, size_t points, bool lowest,
                         struct series *out);

#endif
