/* tile_gpu.h - large arrays of random values in a GPU's memory.
 *
 * Making gigabytes of them would take longer than measuring: they are a tile of values, repeated.
 * Its length is prime, so that rows begin at different places of it. */
#ifndef KERNELS_VARIANT_TILE_GPU_H
#define KERNELS_VARIANT_TILE_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "gpu/gpu.h"
#include "kernels/dtype/dtype.h"

enum { TILE_VALUES = 1048573 };

struct tile {
    enum dtype dtype;
    float *x; /* n values that dtype holds; owned */
    size_t n;
};

/* For arrays of so many values: normal times `scale`, rounded to dtype (F32, F16, BF16). */
struct tile_want {
    enum dtype dtype;
    size_t values;
    uint64_t seed, stream;
    float scale;
};
int tile_make(struct tile *t, const struct tile_want *want, struct err *e);
void tile_free(struct tile *t);

/* The values from `first` on, n of them. */
void tile_values(const struct tile *t, size_t first, float *x, size_t n);

/* An array of so many values on the current device, owned by the caller; waits for the stream. */
int tile_to_device(const struct tile *t, size_t values, void **out, gpu_stream s, struct err *e);

#endif
