/* matmul_mma.cu - Y = X W' for 7.5 and up, X in F16. */
#include "kernels/gemm/matmul_mma.cuh"

int matmul_mma(const struct matmul_mma_job *j, gpu_stream s, struct err *e)
{
    return mm_launch_f16<75>(j, s, e);
}
