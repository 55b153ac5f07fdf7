/* ternary.h - products with weights of -1, 0, 1: BitNet b1.58's linear layer (Ma et al., 2024).
 *
 *   q[c] = round_half_even(x[c] g[c] * (127 / m)),  m = max |x g|       (int8, one scale a vector)
 *   acc  = sum over c of w[r][c] q[c]                                    (exact, in int32)
 *   y[r] = (acc * d) * scale[r],  d = m / 127 * (1 / sqrt(mean(x^2) + eps))
 *
 * which is RMSNorm, absmax quantisation and the product: dividing by the root mean square changes
 * neither the largest magnitude's place nor q, so no normalised vector is ever made.  Without g
 * (NULL) there is no norm: d = m / 127.  Everything but acc is F32, each operation rounded to
 * nearest, the sum of squares in the order of ternary_math.h; acc is an integer.  So all variants,
 * on every CPU and GPU, give the same bits.
 *
 * A weight is stored as the code w + 1 in 2 bits; the code 3 is invalid.  The canonical form is
 * DTYPE_TQ2_64 (dtype.h) with 1 as the scale of every block, so that the paths of gemv.h and
 * matmul.h serve it as it lies, and one F32 scale a row beside it.
 *
 * NaN or infinity in x or g makes all of y NaN; zeros (and m below 127 * 2^-119) give zeros. */
#ifndef KERNELS_TERNARY_TERNARY_H
#define KERNELS_TERNARY_TERNARY_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "host/cpu.h"
#include "kernels/dtype/act.h"
#include "kernels/gemv/gemv.h"

enum {
    TERNARY_BLOCK = 64,
    TERNARY_BLOCK_BYTES = 18,
    /* 127 times this is below 2^24: acc is exact as a float too, which is how the CPU has it. */
    TERNARY_COLS_MAX = 1 << 17
};

struct ternary {
    struct weight w; /* TQ2_64, every block's scale 1 */
    float *scale;    /* [w.rows] */
    void *owned;
};

/* All weights 0, all scales 1.  cols: a multiple of TERNARY_BLOCK.  ERR_ARG, ERR_NOMEM. */
int ternary_make(struct ternary *out, size_t rows, size_t cols, struct err *e);
void ternary_release(struct ternary *t); /* also of a zeroed one */

/* One weight, -1, 0 or 1. */
void ternary_set(struct ternary *t, size_t row, size_t col, int w);
int ternary_get(const struct ternary *t, size_t row, size_t col);

/* Is it as the header says?  ERR_FORMAT names the row and column of a code 3, the row of a scale
 * that is not finite. */
int ternary_check(const struct ternary *t, struct err *e);

/* ---- the vector */

enum ternary_order {
    TERNARY_FUSED, /* as above: one pass over x, and q */
    TERNARY_APART, /* norm.h, then act.h: a normalised vector is written and read again */
    TERNARY_STRICT /* the same with the normalised vector rounded to BF16, as models trained and
                    * run in BF16 have it: other bits */
};

/* Bytes that ternary_quantize needs, a multiple of 64. */
size_t ternary_vector_bytes(size_t cols);

/* x [cols] and g [cols] (or NULL) to q and d, in `buffer` (64-byte aligned). */
void ternary_quantize(const float *x, const float *g, float eps, enum ternary_order how,
                      size_t cols, void *buffer, struct act *out);

/* ---- the product */

struct ternary_variant {
    const char *name;
    uint64_t needs; /* bits 1 << enum cpu_feature, all of them */
    size_t rows;    /* row0 is a multiple of it, and row1 but for the last */
    /* Rows for up to GEMV_TOKENS vectors, as gemv.h says; NULL: `many` does it. */
    void (*few)(const struct weight *w, size_t row0, size_t row1, const struct act *x, int n,
                float *y, size_t ldy);
    /* For any number, as matmul.h says; its scratch in bytes, 64-byte aligned. */
    size_t (*scratch)(size_t cols, size_t tokens);
    void (*many)(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                 size_t tokens, float *y, size_t ldy, void *scratch);
};

/* Scalar first, then in the order of preference; "lookup" is there to be compared with. */
const struct ternary_variant *ternary_variants(int *n);

/* The preferred one for so many vectors, or the one called `name`; NULL where this CPU has not what
 * it needs. */
const struct ternary_variant *ternary_best(const struct cpu_info *cpu, const char *name,
                                           size_t tokens);

size_t ternary_scratch(const struct ternary_variant *v, size_t cols, size_t tokens);

/* y[t * ldy + r] for rows row0 .. row1 - 1 and `tokens` vectors; nothing else is written. */
void ternary_run(const struct ternary_variant *v, const struct ternary *t, size_t row0, size_t row1,
                 const struct act *x, size_t tokens, float *y, size_t ldy, void *scratch);

/* ---- the reference, another way: plain loops over single weights, F64 */

int32_t ternary_reference_acc(const struct ternary *t, size_t row, const int8_t *q);

/* How far q [cols] and d are from the contract in F64 with x and g, in units of what F32 explains:
 * a value of q may be the other neighbour of a tie that F32 sees elsewhere (half a unit and the
 * error of two roundings), d has one rounding an operation and those of the sum of squares.  At
 * most 1 is right.  HUGE_VAL where NaN is missing or does not belong. */
double ternary_reference_error(const float *x, const float *g, float eps, const struct act *a);

#endif
