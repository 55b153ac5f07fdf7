/* gemv_gpu.h - y = W x on a GPU for one to a few vectors x: gemv.h's contract on a device.
 *
 * y[t][r] = sum over c of W[r][c] x[t][c], in F32.  W is planes (planes_gpu.h, made once at load),
 * x is what act.h makes of it: F32 for F16, BF16 and F32 weights, else int8 (act_gpu.h).  Integer
 * parts are exact; the order in which the groups of an output are added depends on the shape of W
 * only, so that a vector in a batch has the bits that it has alone.
 *
 * Floor: every weight is read once a call, so bytes of W / bandwidth; GEMV_TOKENS vectors share it.
 *
 * A run only enqueues: it allocates nothing, waits for nothing, may be recorded into a graph. */
#ifndef KERNELS_GEMV_GEMV_GPU_H
#define KERNELS_GEMV_GEMV_GPU_H

#include <stdbool.h>
#include <stddef.h>

#include "gpu/gpu.h"
#include "kernels/dtype/act_gpu.h"
#include "kernels/dtype/planes_gpu.h"
#include "kernels/gemv/gemv.h"
#include "kernels/variant/gpu_variant.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gemv_gpu_args {
    struct planes w;
    /* n vectors, 1 <= n <= GEMV_TOKENS, w.cols long.  For float weights: x + t * ldx, 16-byte
     * aligned, ldx a multiple of 4.  Else act, of the kind act_kind_of(w.dtype). */
    int n;
    const float *d_x;
    size_t ldx;
    struct act_gpu act;
    /* x are floats for quantised weights too, and the kernel itself makes int8 of them, with the
     * same bits: where gemv_gpu_fuses says that it can. */
    bool quantize;
    float *d_y; /* out: y[t * ldy + r]; nothing else is written */
    size_t ldy;
    int multiprocessors; /* of the device: what decides how many warps share a row */
};

struct gemv_gpu_variant {
    struct gpu_variant is;
    /* ERR_ARG for what the contract does not allow. */
    int (*run)(const struct gemv_gpu_args *a, gpu_stream s, struct err *e);
};

/* In the order of preference:
 *   "early"   as "planes"; the grid begins while the one before it ends, and its first weights are
 *             on their way before its vectors are there (programmatic dependent launch)
 *   "planes"  a warp or a block a row, 16-byte loads of W */
const struct gemv_gpu_variant *gemv_gpu_variants(int *n);

/* Is there code for this type of weights?  For quantize, with rows of so many columns? */
bool gemv_gpu_has(enum dtype t);
bool gemv_gpu_fuses(enum dtype t, size_t cols);

#ifdef __cplusplus
}
#endif

#endif
