/* attention_decode_sm80.cu - dense attention of few tokens for 8.0 and up. */
#include "kernels/attention/attention_decode.cuh"

template <typename T>
static int choose(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    return a->head_dim == 64   ? decode_choose<80, T, 64>(a, s, e)
           : a->head_dim == 96 ? decode_choose<80, T, 96>(a, s, e)
                               : decode_choose<80, T, 128>(a, s, e);
}

int attention_decode_sm80(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    return a->dtype == DTYPE_BF16 ? choose<__nv_bfloat16>(a, s, e) : choose<__half>(a, s, e);
}
