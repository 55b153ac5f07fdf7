/* planes_gpu.h - weights as kernels on a GPU read them: made once from how they lie in a file.
 *
 * A block of a format (dtype.h) is codes and a few bytes of scales, 18 or 34 or 210 together: no
 * address that a GPU could load 16 bytes from.  So the fields of all blocks are sorted into planes:
 * first the codes of all blocks of all rows, then all scales and so on; block b of row r is element
 * r * (cols / block) + b of every plane.  It is as many bytes as in the file, and each plane
 * begins at a multiple of PLANES_ALIGN.
 * F32, F16 and BF16 are one plane, whose rows are padded with zeros to a multiple of 16 bytes. */
#ifndef KERNELS_DTYPE_PLANES_GPU_H
#define KERNELS_DTYPE_PLANES_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"
#include "kernels/dtype/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLANES_MAX = 4, PLANES_ALIGN = 256 };

/* Fields of a block, in the order of their planes. */
struct planes_layout {
    int n;
    struct {
        uint16_t at, bytes; /* in the block, contiguous */
    } field[PLANES_MAX];
};

/* NULL for F32, F16 and BF16. */
const struct planes_layout *planes_layout(enum dtype t);

/* A matrix on the device.  Plane i begins at d + at[i]. */
struct planes {
    enum dtype dtype;
    size_t rows, cols;
    size_t row_bytes; /* of F32, F16 and BF16: padded; else 0 */
    size_t at[PLANES_MAX];
    size_t bytes;  /* of all planes, a multiple of PLANES_ALIGN */
    const void *d; /* borrowed, aligned to PLANES_ALIGN */
};

/* Where everything lies; d is the caller's to set.  ERR_ARG where cols is no multiple of the
 * type's block, or a side is 0 or too long to be counted in 31 bits of blocks. */
int planes_describe(enum dtype t, size_t rows, size_t cols, struct planes *out, struct err *e);

/* Enqueue: d_file, the matrix as it lies in a file, row after row (any alignment), to d_planes
 * (out->bytes, what d is to be). */
int planes_make(const struct planes *p, const void *d_file, void *d_planes, gpu_stream s,
                struct err *e);

#ifdef __cplusplus
}
#endif

#endif
