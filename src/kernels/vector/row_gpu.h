/* row_gpu.h - what the operations on rows in a GPU's memory share on the host's side.
 *
 * Values are F32, F16 or BF16, in row-major arrays of device memory; strides count values from one
 * row to the next.  Arithmetic is in F32 whatever the type, and each output is rounded once. */
#ifndef KERNELS_VECTOR_ROW_GPU_H
#define KERNELS_VECTOR_ROW_GPU_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One array of a call. */
struct row_array {
    const void *p; /* NULL: not there */
    size_t stride; /* values */
};

/* Is the type one of the three, and is there at least a row of at least a value, no more rows than
 * a grid has blocks, and no two rows of one array that overlap (but stride 0 among what is only
 * read)?  ERR_ARG names `what` and what is wrong. */
struct row_check {
    const char *what;
    enum dtype dtype;
    size_t rows, n;
    const struct row_array *arrays; /* the first `written` of them are written */
    int n_arrays, written;
};
int row_check(const struct row_check *c, struct err *e);

/* Do all arrays begin at 16 bytes, with strides and n of whole 16-byte vectors? */
bool row_whole(enum dtype dtype, size_t n, const struct row_array *arrays, int n_arrays);

#ifdef __cplusplus
}
#endif

#endif
