/* sparse_mma_sm80.cu - block-sparse attention for 8.0 and up: asynchronous copies, and BF16. */
#include "kernels/attention/sparse_mma.cuh"

template <typename T, int MT>
static int choose(const struct sparse_device *d, const struct sparse_args *a, gpu_stream s,
                  struct err *e)
{
    return a->dim == 64 ? sparse_mma_launch<flash_shape<80, T, 64, MT, 64>>(d, a, s, e)
                        : sparse_mma_launch<flash_shape<80, T, 128, MT, 32>>(d, a, s, e);
}

int sparse_mma_sm80(const struct sparse_device *d, const struct sparse_args *a,
                    enum sparse_mma_tile tile, gpu_stream s, struct err *e)
{
    if (a->dtype == DTYPE_BF16)
        return tile == SPARSE_MMA_64 ? choose<__nv_bfloat16, 1>(d, a, s, e)
                                     : choose<__nv_bfloat16, 2>(d, a, s, e);
    return tile == SPARSE_MMA_64 ? choose<__half, 1>(d, a, s, e) : choose<__half, 2>(d, a, s, e);
}
