/* gpu_variant.h - which code path of an operation to run on a GPU, and how to take its time: what
 * the GPU halves of the benchmarks of kernels share.
 *
 * A table of GPU variants is an array of structs that begin with the members of struct gpu_variant,
 * in the order of preference; it stands in a file called *_gpu.c.  Its names are values of the
 * benchmark's own axis `variant`, beside those of the CPU. */
#ifndef KERNELS_VARIANT_GPU_VARIANT_H
#define KERNELS_VARIANT_GPU_VARIANT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/bench.h"
#include "core/pick.h"

struct gpu_variant {
    const char *name;
    int capability; /* the least compute capability: 75 for 7.5 */
    int family;     /* 0, or the generation whose code this is and no other's: 9 for sm_90a */
};

/* Can a GPU of this compute capability run it? */
bool gpu_variant_runs(const struct gpu_variant *v, int capability);

/* The axis `timing`, of a GPU's rows alone: "graph", "batched", "isolated-hot",
 * "isolated-cold" of gpu_timing.h; graph is the normal one. */
extern const char *const gpu_variant_timings[];
#define GPU_VARIANT_AXIS_TIMING                                                \
    {                                                                          \
        .name = "timing", .help = "how time is taken", .kind = AXIS_ENUM,      \
        .names = gpu_variant_timings, .normal = "graph", .devices = DEVICE_GPU \
    }

/* The timing_of hook for benchmarks with that axis. */
const char *gpu_variant_timing_of(const struct params *p, const struct device *d);

/* Has the table, n entries of `stride` bytes, an entry of the name that the axis `variant` says?
 * Value 0, "best": always. */
bool gpu_variant_exists(const struct params *p, const void *table, size_t stride, int n);

/* Entries to choose from by measurement (pick.h): the one asked for, or for "best" all that the GPU
 * runs.  Their number, or ERR_NOTSUP where it has not what is asked for. */
int gpu_variant_candidates(const struct params *p, const void *table, size_t stride, int n,
                           int capability, int out[PICK_MAX], struct err *e);

#endif
