/* telemetry_source.h - what the background sampler reads, and how.
 *
 * Files are opened once and read again with pread(); a reading allocates nothing.  Everything that
 * could grow with the machine is bounded: at most 8 cores' clocks, 8 sensors, 16 packages.
 * Not thread-safe: the sampler holds its lock around a reading. */
#ifndef HOST_TELEMETRY_SOURCE_H
#define HOST_TELEMETRY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/monitor.h"

enum telemetry_channel {
    CHANNEL_CLOCK_MEAN,
    CHANNEL_CLOCK_MIN,
    CHANNEL_TEMPERATURE,
    CHANNEL_PACKAGE_ENERGY,
    CHANNEL_DRAM_ENERGY,
    CHANNEL_CPU_SECONDS,
    CHANNEL_RSS,
    CHANNEL_SWITCHES_VOLUNTARY,
    CHANNEL_SWITCHES_FORCED,
    CHANNEL_FAULTS_MINOR,
    CHANNEL_FAULTS_MAJOR,
    CHANNEL_LOAD,
    CHANNEL_RUNNABLE,
    CHANNEL_OTHERS_CPU,
    CHANNEL_STEAL,
    CHANNEL_MEMORY_AVAILABLE,
    CHANNEL_THROTTLED,
    CHANNELS
};

const struct channel *telemetry_source_info(enum telemetry_channel ch);

enum { TELEMETRY_CLOCKS = 8, TELEMETRY_SENSORS = 8, TELEMETRY_PACKAGES = 16, TELEMETRY_WHY = 96 };

struct telemetry_rapl {
    int fd;
    int64_t last_uj, range_uj;
};

/* A group of RAPL domains of one kind, added up. */
struct telemetry_energy {
    struct telemetry_rapl domain[TELEMETRY_PACKAGES];
    int n;
    bool partial;   /* one of them cannot be read: no sum is to be had */
    double total_j; /* since opening */
};

struct telemetry_self {
    double cpu_s, voluntary, forced, minor, major;
};

struct telemetry_sources {
    int clock_fd[TELEMETRY_CLOCKS], n_clocks;
    int sensor_fd[TELEMETRY_SENSORS], n_sensors;
    int cpuinfo_fd, stat_fd, loadavg_fd, meminfo_fd, statm_fd, throttle_fd;
    struct telemetry_energy package, dram;
    unsigned breaks; /* how often an energy counter stepped back */
    uint64_t energy_ns;
    struct telemetry_self sampler; /* of the sampling thread alone: not the benchmark's */
    struct telemetry_self others;  /* of the process without it, at its highest */
    double busy_s, steal_s, own_s; /* at the last look at /proc/stat */
    uint64_t stat_ns;
    char *text;                        /* reading buffer; owned */
    char why[CHANNELS][TELEMETRY_WHY]; /* why a channel gives nothing; "" it does */
};

/* Absent sources are no error: they have their reason in `why`.  ERR_NOMEM only. */
int telemetry_source_open(struct telemetry_sources *s, const char *root, struct err *e);
void telemetry_source_close(struct telemetry_sources *s);

/* Beside MONITOR_SLOW (whole machine, sensors): the caller is the sampling thread itself. */
enum { TELEMETRY_IN_SAMPLER = 2 };

/* One reading of all channels into v[CHANNELS] (NaN: none now) at time now_ns. */
void telemetry_source_read(struct telemetry_sources *s, unsigned flags, uint64_t now_ns, double *v);

#endif
