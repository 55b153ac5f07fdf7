/* sparse_steps_sm80.cu - block-sparse attention in three steps for 8.0 and up. */
#include "kernels/attention/sparse_steps.cuh"

template <typename T>
static int choose(const struct sparse_device *d, const struct sparse_steps *w,
                  const struct sparse_args *a, gpu_stream s, struct err *e)
{
    return a->dim == 64 ? steps_launch<80, T, 64>(d, w, a, s, e)
                        : steps_launch<80, T, 128>(d, w, a, s, e);
}

int sparse_steps_sm80(const struct sparse_device *d, const struct sparse_steps *w,
                      const struct sparse_args *a, gpu_stream s, struct err *e)
{
    return a->dtype == DTYPE_BF16 ? choose<__nv_bfloat16>(d, w, a, s, e)
                                  : choose<__half>(d, w, a, s, e);
}
