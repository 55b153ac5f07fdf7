/* sparse_steps.cu - block-sparse attention in three steps for 7.5 and up: F16. */
#include "kernels/attention/sparse_steps.cuh"

int sparse_steps(const struct sparse_device *d, const struct sparse_steps *w,
                 const struct sparse_args *a, gpu_stream s, struct err *e)
{
    return a->dim == 64 ? steps_launch<75, __half, 64>(d, w, a, s, e)
                        : steps_launch<75, __half, 128>(d, w, a, s, e);
}
