/* sparse_gpu.h - block-sparse attention on a GPU: the table of variants.
 *
 * A pattern is taken to the device once, with the plan that a variant makes of it, and run as often
 * as wanted: `run` allocates nothing, waits for nothing and may be recorded into a graph. */
#ifndef KERNELS_ATTENTION_SPARSE_GPU_H
#define KERNELS_ATTENTION_SPARSE_GPU_H

#include <stdbool.h>

#include "gpu/gpu.h"
#include "kernels/attention/sparse.h"
#include "kernels/variant/gpu_variant.h"

/* What is fixed when a pattern is taken to the device. */
struct sparse_gpu_want {
    enum dtype dtype;
    int dim;
    /* An output's bits depend on its own list, Q, K and V alone, not on what else is in the call.
     * Otherwise they depend on the whole pattern.  Either way every run gives the same ones. */
    bool invariant;
};

struct sparse_gpu_variant {
    struct gpu_variant is;
    /* Take the pattern, which has passed sparse_check, to the current device.  *self is owned.
     * ERR_NOTSUP where the variant has not what is wanted; ERR_NOMEM. */
    int (*open)(void **self, const struct sparse_pattern *p, const struct sparse_gpu_want *want,
                gpu_stream s, struct err *e);
    /* Enqueue.  a: device pointers, of the dtype and dim opened for.  One run at a time of a self:
     * it has a workspace. */
    int (*run)(void *self, const struct sparse_args *a, gpu_stream s, struct err *e);
    void (*close)(void *self); /* NULL is fine */
};

/* In the order of preference. */
const struct sparse_gpu_variant *sparse_gpu_variants(int *n);

#endif
