/* act_gpu.h - activations to int8 with scales (act.h) on a GPU, with the same bits. */
#ifndef KERNELS_DTYPE_ACT_GPU_H
#define KERNELS_DTYPE_ACT_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"
#include "kernels/dtype/act.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Vectors of one kind, one after the other, each act_bytes() long and laid out as act.h says: where
 * the parts of vector t begin. */
struct act_gpu {
    enum act_kind kind;
    size_t cols;
    size_t stride;       /* bytes from vector to vector */
    size_t d_at, sum_at; /* bytes into a vector */
    uint8_t *d;          /* borrowed, 64-byte aligned; act_gpu_bytes() */
};

/* Of n vectors. */
size_t act_gpu_bytes(enum act_kind k, size_t cols, size_t n);

/* Where things lie; d is the caller's to set. */
struct act_gpu act_gpu_describe(enum act_kind k, size_t cols);

/* Enqueue: n vectors x + t * ldx (floats, on the device, 16-byte aligned: ldx a multiple of 4) to
 * `to`, whose kind is an int8 one.  ERR_ARG. */
int act_gpu_quantize(const struct act_gpu *to, const float *d_x, size_t ldx, int n, gpu_stream s,
                     struct err *e);

#ifdef __cplusplus
}
#endif

#endif
