/* matmul.h - Y = X Wᵀ for many rows of X: what a prompt does with every weight.
 *
 * y[t][r] = sum over c of W[r][c] x[t][c], in F32, as in gemv.h, for any number of tokens.  A panel
 * of rows of W is decoded into the caches once a call and used for all tokens.  The bits of an
 * output depend on its row of W and its token alone: not on the other tokens of the call, their
 * number, the threads or the panel.
 *
 * Floor: 2 * tokens * rows * cols operations at the rate of the path's arithmetic (int8, BF16 or
 * F32: silicon.compute), or the bytes of W and X at the memory's. */
#ifndef KERNELS_GEMM_MATMUL_H
#define KERNELS_GEMM_MATMUL_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"
#include "kernels/dtype/act.h"
#include "kernels/dtype/dtype.h"

struct matmul_variant {
    const char *name; /* "scalar", "avx2", "avx512vnni", "amx", "i8mm" */
    const char *math; /* the arithmetic, as silicon.compute calls its dtype: "int8", "bf16" ... */
    enum dtype dtype;
    enum act_kind act;
    uint64_t needs; /* bits 1 << enum cpu_feature, all of them */
    /* Relative error of a product from the rounding of its factors on this path, besides F32's; the
     * BF16 factors of tiles also count as 0 below 2^-126. */
    float factor_error;
    size_t rows; /* of a panel: row0 and, but for the last panel, row1 are multiples of it */
    /* Bytes of scratch of one thread, 64-byte aligned; nothing is kept in it between calls. */
    size_t (*scratch)(size_t cols, size_t tokens);
    /* Rows row0 .. row1 - 1 of w for `tokens` vectors x[t] of kind `act`.  Writes
     * y[t * ldy + r] for those rows, and nothing else. */
    void (*run)(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                size_t tokens, float *y, size_t ldy, void *scratch);
};

/* The table; scalar first, then in the order of preference, as in gemv.h. */
const struct matmul_variant *matmul_variants(int *n);
const struct matmul_variant *matmul_best(enum dtype t, const struct cpu_info *cpu,
                                         const char *name);

#endif
