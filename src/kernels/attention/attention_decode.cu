/* attention_decode.cu - dense attention of few tokens for 7.5 and up: F16. */
#include "kernels/attention/attention_decode.cuh"

int attention_decode(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    return a->head_dim == 64   ? decode_choose<75, __half, 64>(a, s, e)
           : a->head_dim == 96 ? decode_choose<75, __half, 96>(a, s, e)
                               : decode_choose<75, __half, 128>(a, s, e);
}
