/* matmul_form.h - a row of quantised weights as the matrix kernels see it: unsigned codes.
 *
 * weight[c] = scale[c / group] * (code[c] - offset) + min[c / group], the products of a block's
 * factors rounded once to F32.  The layouts are those of dtype.h. */
#ifndef KERNELS_GEMM_MATMUL_FORM_H
#define KERNELS_GEMM_MATMUL_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/dtype/dtype.h"

struct matmul_form {
    int group;  /* columns that share a scale: 16, 32, 64 or 256; 0: the type has no codes */
    int offset; /* codes are stored with it added */
    int max;    /* the largest code */
    bool mins;
};

const struct matmul_form *matmul_form(enum dtype t);

/* The codes of n columns, a multiple of the type's block. */
void matmul_codes(enum dtype t, const void *src, uint8_t *codes, size_t n);

/* Their scales, and mins where the form has them, one every `stride` floats. */
void matmul_scales(enum dtype t, const void *src, float *scale, float *min, size_t stride,
                   size_t n);

#endif
