/* matmul_gpu.h - Y = X W' on a GPU for many rows of X: matmul.h's contract on a device.
 *
 * y[t][r] = f(sum over c of W[r][c] x[t][c] + bias[r]) + residual[t][r], X and Y in F16 or BF16,
 * sums in F32, rounded once.  W is planes (planes_gpu.h): of the type of X, or quantised (X is F16
 * then), decoded to F16 on its way to the tensor cores.  The bits of an output depend on the shapes
 * of the call, its row of W and its token, and are the same in every run.
 *
 * Floor: 2 * tokens * rows * cols operations at the rate of the tensor cores, or the bytes of W, X
 * and Y at the memory's.
 *
 * What a shape needs is made once by `open`; `run` only enqueues: it allocates nothing, waits for
 * nothing, may be recorded into a graph. */
#ifndef KERNELS_GEMM_MATMUL_GPU_H
#define KERNELS_GEMM_MATMUL_GPU_H

#include <stdbool.h>
#include <stddef.h>

#include "gpu/gpu.h"
#include "kernels/dtype/planes_gpu.h"
#include "kernels/variant/gpu_variant.h"

#ifdef __cplusplus
extern "C" {
#endif

/* f: x, x / (1 + exp(-x)), or x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. */
enum matmul_gpu_f { MATMUL_GPU_NONE, MATMUL_GPU_SILU, MATMUL_GPU_GELU };

struct matmul_gpu_args {
    struct planes w;
    enum dtype dtype; /* of X, Y, bias and residual: F16 or BF16 */
    size_t tokens;
    const void *d_x; /* [tokens][ldx], 16-byte aligned, ldx a multiple of 8 */
    size_t ldx;
    /* [tokens][ldy], likewise.  What is between rows and the next multiple of 8 may be overwritten
     * (TMA writes 16 bytes), nothing else outside of [tokens][rows]. */
    void *d_y;
    size_t ldy;
    const void *d_bias;     /* [rows], or NULL */
    const void *d_residual; /* [tokens][ldy], or NULL; may be d_y itself */
    enum matmul_gpu_f f;
};

enum { MATMUL_GPU_WAYS = 16 };

struct matmul_gpu_variant {
    struct gpu_variant is;
    /* For calls of this shape (w without data, dtype, tokens, ldx, ldy, f, whether there is a bias
     * or a residual; other pointers are not looked at), on the device of g.  *self is owned.
     * ERR_NOTSUP where the variant has not what is wanted. */
    int (*open)(void **self, const struct gpu *g, const struct matmul_gpu_args *like,
                struct err *e);
    /* Enqueue.  One run at a time of a self. */
    int (*run)(void *self, const struct matmul_gpu_args *a, gpu_stream s, struct err *e);
    /* Ways to do it that are worth trying, at least 1 and at most MATMUL_GPU_WAYS; way 0 is taken
     * until another is chosen, and is what is expected to be fastest. */
    int (*ways)(void *self);
    void (*choose)(void *self, int way);
    const char *(*name_of_way)(void *self); /* "128 x 256, pairs": the one chosen */
    void (*close)(void *self);              /* NULL is fine */
};

/* In the order of preference:
 *   "wgmma"     Hopper: TMA, warpgroup multiplies, warp specialisation, persistent or split along K
 *   "mma"       any GPU from 7.5 on
 *   "cublaslt"  the vendor's library, where it is; weights of the type of X only */
const struct matmul_gpu_variant *matmul_gpu_variants(int *n);

#ifdef __cplusplus
}
#endif

#endif
