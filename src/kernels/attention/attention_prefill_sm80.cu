/* attention_prefill_sm80.cu - dense attention of many tokens for 8.0 and up. */
#include "kernels/attention/attention_prefill.cuh"

template <typename T>
static int choose(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    return a->head_dim == 64   ? prefill_launch<flash_shape<80, T, 64, 2, 64>>(a, s, e)
           : a->head_dim == 96 ? prefill_launch<flash_shape<80, T, 96, 2, 32>>(a, s, e)
                               : prefill_launch<flash_shape<80, T, 128, 2, 32>>(a, s, e);
}

int attention_prefill_sm80(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    return a->dtype == DTYPE_BF16 ? choose<__nv_bfloat16>(a, s, e) : choose<__half>(a, s, e);
}
