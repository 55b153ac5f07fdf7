/* monitor.h - what a kind of device tells about itself while it is measured: a table of channels
 * and how to read them.
 *
 * The background sampler (host/sampler.h) finds it in device_ops and reads it; gpu/ has one over
 * NVML.  One thread at a time uses a handle. */
#ifndef CORE_MONITOR_H
#define CORE_MONITOR_H

#include <stdint.h>

#include "core/err.h"

struct device;

enum channel_kind {
    CHANNEL_LEVEL,  /* shown as it is; bins keep the mean */
    CHANNEL_LOWEST, /* a level whose bins keep the minimum */
    CHANNEL_COUNTER /* only grows; shown as its rate per second */
};

/* What the sampler makes of a channel besides its series. */
enum channel_role {
    ROLE_SERIES,
    ROLE_ENERGY,   /* counter, J: result_run.energy_j */
    ROLE_CLOCK,    /* level, MHz: clock_hz_* where the benchmark does not see its own */
    ROLE_THROTTLE, /* counter, seconds for which `cause` held the clock down */
    ROLE_FAULTS,   /* level: how many `cause` there were; any more in a window are named */
    ROLE_TENANTS   /* level: how many `cause` there are; the most in a window are named */
};

struct channel {
    const char *name, *unit; /* of the series: a counter's are its rate's */
    enum channel_kind kind;
    enum channel_role role;
    double scale;      /* series = scale x reading (or x rate) */
    const char *cause; /* "power cap"; "uncorrected ECC errors" */
};

enum { MONITOR_CHANNELS_MAX = 30, MONITOR_WHY = 96 };

enum { MONITOR_SLOW = 1 }; /* also what is dear to read, or changes seldom */

struct monitor_ops {
    const char *source;             /* "NVML" */
    const struct channel *channels; /* n_channels <= MONITOR_CHANNELS_MAX */
    int n_channels;
    double energy_window_min_s; /* shorter ones hold too few steps of the energy counter */
    const char *energy_rule;    /* why, in words: "its counter moves every 0.1 s" */

    /* ERR_NOTSUP with the reason where the device cannot be watched. */
    int (*open)(const struct device *d, void **handle, struct err *e);
    void (*close)(void *handle);
    /* One reading of all channels into v[n_channels] (NaN: none now) at time now_ns.  Gives how
     * often an energy counter broke (stepped back, could not be read) until now. */
    unsigned (*read)(void *handle, unsigned flags, uint64_t now_ns, double *v);
    /* Why a channel gives nothing; "" it does.  Of ROLE_FAULTS: the last one ("XID 79"), or "". */
    const char *(*why)(const void *handle, int channel);
};

#endif
