/* matmul_reference.h - the contract of matmul.h in F64, and how far a code path may be off. */
#ifndef KERNELS_GEMM_MATMUL_REFERENCE_H
#define KERNELS_GEMM_MATMUL_REFERENCE_H

#include <stddef.h>

#include "kernels/dtype/act.h"
#include "kernels/dtype/dtype.h"

/* Value c of an activation as the kernels are given it: act.h answers for its rounding. */
double matmul_given(const struct act *x, size_t c);

/* Row `row` of w times `tokens` activations: want[t], and in bound[t] the error that a path with
 * this factor_error (matmul.h) may have.  Each of the cols terms, and where a type has mins each of
 * its two parts, is rounded when it is made of its factors (at most 4 times) and when it is added
 * (at most cols times), by 2^-24 each (Higham 2002, 3.1); what is below 2^-149 is lost, before it
 * is multiplied by codes of up to 2^14.  Where factors are rounded, those below 2^-126 may be lost.
 * buffer: [cols], ours to use. */
void matmul_reference(const struct weight *w, size_t row, const struct act *x, size_t tokens,
                      float factor_error, double *want, double *bound, float *buffer);

#endif
