/* sparse_mma_sm80.cu - block-sparse attention for 8.0 and up: asynchronous copies, and BF16. */
#include "kernels/attention/sparse_mma.cuh"

/* Positions a tile: as many as the registers hold scores for, beside sums of the head dimension. */
enum { BN_64 = 64, BN_128 = 32 };

template <typename T>
static int choose(const struct sparse_device *d, const struct sparse_args *a,
                  enum sparse_mma_tile tile, gpu_stream s, struct err *e)
{
    if (a->dim == 64)
        return tile == SPARSE_MMA_64
                   ? sparse_mma_launch<flash_shape<80, T, 64, 1, BN_64>>(d, a, s, e)
                   : sparse_mma_launch<flash_shape<80, T, 64, 2, BN_64>>(d, a, s, e);
    return tile == SPARSE_MMA_64
               ? sparse_mma_launch<flash_shape<80, T, 128, 1, BN_128>>(d, a, s, e)
               : sparse_mma_launch<flash_shape<80, T, 128, 2, BN_128>>(d, a, s, e);
}

int sparse_mma_sm80(const struct sparse_device *d, const struct sparse_args *a,
                    enum sparse_mma_tile tile, gpu_stream s, struct err *e)
{
    return a->dtype == DTYPE_BF16 ? choose<__nv_bfloat16>(d, a, tile, s, e)
                                  : choose<__half>(d, a, tile, s, e);
}
