/* sparse_mma.cu - block-sparse attention for 7.5 and up: F16, in tiles of 64 rows for its registers
 * and its 64 KiB of shared memory. */
#include "kernels/attention/sparse_mma.cuh"

int sparse_mma(const struct sparse_device *d, const struct sparse_args *a, gpu_stream s,
               struct err *e)
{
    return a->dim == 64 ? sparse_mma_launch<flash_shape<75, __half, 64, 1, 64>>(d, a, s, e)
                        : sparse_mma_launch<flash_shape<75, __half, 128, 1, 32>>(d, a, s, e);
}
