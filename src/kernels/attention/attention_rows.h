/* attention_rows.h - one row of the GPU's dense attention in F64, for its checks. */
#ifndef KERNELS_ATTENTION_ATTENTION_ROWS_H
#define KERNELS_ATTENTION_ATTENTION_ROWS_H

#include "core/err.h"
#include "kernels/dtype/dtype.h"

struct attention_row {
    const float *q; /* [dim]: what the values of `dtype` are */
    int dim, n;     /* n positions are seen, one at least */
    float scale;
    enum dtype dtype; /* DTYPE_F16 or DTYPE_BF16: of all that is read and written */
    /* K and V [dim] of the i-th of them, valid until the next call. */
    void (*kv)(void *self, int i, const float **k, const float **v);
    void *self;
};

/* out[dim], and how far any variant may be from it.
 *
 * With u = 2^-24: a score is a sum of dim products, each addition off by 2 u (tensor cores cut bits
 * off), then some u of the greatest score for scale, maximum and the argument of exp; an exp is off
 * by 4 u, and so is every rescaling, of which there is one for each 16 positions at most; a weight
 * is rounded to the type, by half a unit or half the smallest denormal of F16; values are added 16
 * positions at a time, 2 u each; the output is rounded.  Where weights are not known to a tenth,
 * all that is sure is the hull of V. */
void attention_rows_reference(const struct attention_row *r, double *out, double *tol);

#endif
