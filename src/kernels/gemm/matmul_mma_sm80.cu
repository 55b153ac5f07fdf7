/* matmul_mma_sm80.cu - Y = X W' for 8.0 and up: asynchronous copies, and BF16. */
#include "kernels/gemm/matmul_mma.cuh"

int matmul_mma_sm80(const struct matmul_mma_job *j, gpu_stream s, struct err *e)
{
    return j->a.dtype == DTYPE_BF16 ? mm_launch_floats<80, __nv_bfloat16>(j, s, e)
                                    : mm_launch_f16<80>(j, s, e);
}
