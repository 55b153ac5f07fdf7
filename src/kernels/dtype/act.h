/* act.h - activations as the matrix kernels read them: F32, or int8 with one scale a group.
 *
 * A vector x of `cols` floats becomes, group by group, q = round_half_even(x * (127 / absmax)) and
 * d = absmax / 127 (F32; 0 and q = 0 for a group of zeros), so |q| <= 127, with the sum of q over
 * every 16 values beside it.  All CPUs give the same bits.  NaN or infinity anywhere in a group
 * makes its d NaN (and its q 0), so that no output hides it.  A group whose d would be below 2^-119
 * counts as zeros.
 *
 * The group is 32 values for the types in blocks of 32, 256 for the K types, the whole vector for
 * ternary ones (as BitNet b1.58 was trained). */
#ifndef KERNELS_DTYPE_ACT_H
#define KERNELS_DTYPE_ACT_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

enum act_kind { ACT_F32, ACT_Q8_32, ACT_Q8_256, ACT_Q8_ROW };

const char *act_kind_name(enum act_kind k); /* "f32", "int8 per 32", ... */

/* What kernels for weights of this type read.  F16, BF16 and F32 weights: ACT_F32. */
enum act_kind act_kind_of(enum dtype weight);

/* One vector.  The pointers lie in one buffer of act_bytes(), 64-byte aligned: q at its start. */
struct act {
    enum act_kind kind;
    size_t cols;
    const float *x;     /* ACT_F32: the values (borrowed), all others NULL */
    const int8_t *q;    /* [cols] */
    const float *d;     /* [groups] */
    const int16_t *sum; /* [cols / 16] */
};

/* Bytes of the buffer, a multiple of 64; 0 for ACT_F32, which borrows x.  cols is a multiple of 32
 * (64 for ACT_Q8_ROW, 256 for ACT_Q8_256): dtype_row_bytes has seen to that. */
size_t act_bytes(enum act_kind k, size_t cols);

/* Fill `buffer` (act_bytes, 64-byte aligned) from x and describe it in *out. */
void act_quantize(enum act_kind k, const float *x, size_t cols, void *buffer, struct act *out);

#ifdef __cplusplus
}
#endif

#endif
