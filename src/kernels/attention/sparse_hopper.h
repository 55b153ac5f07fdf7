/* sparse_hopper.h - what the host and the kernel of the Hopper variant agree on. */
#ifndef KERNELS_ATTENTION_SPARSE_HOPPER_H
#define KERNELS_ATTENTION_SPARSE_HOPPER_H

#if HAVE_CUDA
#include <cuda.h>
#include <stdbool.h>

#include "gpu/gpu.h"
#include "kernels/attention/sparse_hopper_items.h"

enum {
    SPARSE_HOPPER_DIM = 64,
    SPARSE_HOPPER_PAIRS = 2,     /* workers that share a multiprocessor */
    SPARSE_HOPPER_WORKERS = 320, /* at most */
    SPARSE_HOPPER_WARPS = 8,     /* that write a partial result */
    /* floats of a partial result: O, and of each position the maximum and the sum */
    SPARSE_HOPPER_SLOT = SPARSE_BLOCK * (SPARSE_HOPPER_DIM + 2)
};

/* What stays the same from run to run.  All pointers are the device's. */
struct sparse_hopper_work {
    const struct sparse_hopper_item *items;
    const void *masks;
    const int32_t *empty; /* lists */
    float *slots;         /* partial results, SPARSE_HOPPER_SLOT floats each */
    unsigned *ready;      /* a slot and warp: its part is there; zero between the runs */
    int n_empty;
    int q_len, rows;
    int workers;
    int begin[SPARSE_HOPPER_WORKERS + 1]; /* worker w has items begin[w] .. begin[w + 1] - 1 */
};

struct sparse_hopper_args {
    CUtensorMap q, k, v; /* boxes of SPARSE_BLOCK positions and 128 bytes */
    struct sparse_hopper_work work;
    void *o;
    float *lse;               /* or NULL */
    float scale_log2, margin; /* margin: 8 / scale_log2 */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Before the first launch on a device. */
int sparse_hopper_ready(bool bf16, struct err *e);
int sparse_hopper(const struct sparse_hopper_args *a, bool bf16, gpu_stream s, struct err *e);

#ifdef __cplusplus
}
#endif

#endif

#endif
