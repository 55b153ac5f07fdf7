/* profile_figures.h - what profilers found, read from what they print: ncu's raw CSV and the counts
 * of perf.
 *
 * Both come from other programs, whose next version may print other things: what is not there is
 * NaN, and what is no such text at all is ERR_FORMAT. */
#ifndef COMMAND_PROFILE_FIGURES_H
#define COMMAND_PROFILE_FIGURES_H

#include <stddef.h>

#include "core/err.h"

/* All launches of one kernel; means are weighted by time. */
struct profile_kernel {
    char name[96]; /* without arguments and parameters */
    unsigned launches;
    double time_ns; /* their sum */
    /* % of what is possible; NaN: not measured.  warps: achieved occupancy. */
    double dram, l2, tensor, warps;
    double registers;
    char stall[32];       /* what a warp waits for most, in ncu's words; "" not known */
    double stall_percent; /* of the time that a warp is resident */
};
enum { PROFILE_KERNELS_MAX = 64 };
struct profile_kernels {
    int n;
    unsigned dropped; /* launches of kernels beyond the first PROFILE_KERNELS_MAX */
    struct profile_kernel kernel[PROFILE_KERNELS_MAX]; /* the longest first */
};

/* The page "raw" as CSV in base units; text is changed.  Lines before the table are skipped. */
int profile_kernels_read(char *text, struct profile_kernels *out, struct err *e);

struct profile_count {
    char event[32];
    double value; /* NaN: this machine does not count it */
    char unit[8]; /* "msec", or "" */
};
enum { PROFILE_COUNTS_MAX = 24 };

/* What `perf stat` prints with ';' between fields.  Gives how many; ERR_FORMAT where there are
 * none. */
int profile_counts_read(char *text, struct profile_count out[PROFILE_COUNTS_MAX], struct err *e);

#endif
