/* gpu_tensor_map.h - matrices in device memory as Hopper's copies see them (gpu/tma.cuh). */
#ifndef GPU_GPU_TENSOR_MAP_H
#define GPU_GPU_TENSOR_MAP_H

#include <stddef.h>

#include "core/err.h"

#ifdef __cplusplus
extern "C" {
#endif

#if HAVE_CUDA
#include <cuda.h>

/* rows of cols elements, copied in boxes; lines of 128 bytes lie swizzled in shared memory. */
struct gpu_tensor_map_want {
    const void *d; /* 16-byte aligned */
    CUtensorMapDataType type;
    int element_bytes;
    size_t cols, rows;
    size_t row_bytes;       /* from row to row, a multiple of 16 */
    int box_cols, box_rows; /* box_cols elements are 128 bytes; box_rows at most 256 */
};

/* What lies outside is read as zeros and not written.  The host alone is asked.  ERR_NOTSUP where
 * the driver is too old, ERR_ARG where an address or a stride is not aligned. */
int gpu_tensor_map(CUtensorMap *out, const struct gpu_tensor_map_want *want, struct err *e);
#endif

#ifdef __cplusplus
}
#endif

#endif
