/* collective_data.h - what ranks send, and what must have arrived, made on the device.
 *
 * Element i of rank r is an integer of 0 .. 1023; sums over COLLECTIVE_RANKS_MAX of them are exact
 * in FP32, in any order.  Enqueued; nothing waits. */
#ifndef SILICON_COLLECTIVE_COLLECTIVE_DATA_H
#define SILICON_COLLECTIVE_COLLECTIVE_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x[i] = value(seed, rank, i), i < n. */
int collective_data_make(float *x, size_t n, uint64_t seed, int rank, gpu_stream s, struct err *e);

/* Element i of what arrived at `rank` should be:
 *   reduced    the sum over all ranks r of value(r, i)
 *   gathered   value(i / chunk, i % chunk)
 *   exchanged  value(i / chunk, rank * chunk + i % chunk)       with chunk = n / ranks */
enum collective_data_want {
    COLLECTIVE_DATA_REDUCED,
    COLLECTIVE_DATA_GATHERED,
    COLLECTIVE_DATA_EXCHANGED
};
struct collective_data_check {
    const float *x;
    size_t n;
    uint64_t seed;
    int rank, ranks;
    enum collective_data_want want;
    unsigned long long *wrong; /* += elements that differ; device memory */
};
int collective_data_check(const struct collective_data_check *c, gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
