/* attention_prefill.cu - dense attention of many tokens for 7.5 and up: F16, in tiles for its
 * registers and its 64 KiB of shared memory. */
#include "kernels/attention/attention_prefill.cuh"

int attention_prefill(const struct attention_gpu_args *a, gpu_stream s, struct err *e)
{
    return a->head_dim == 64   ? prefill_launch<flash_shape<75, __half, 64, 1, 64>>(a, s, e)
           : a->head_dim == 96 ? prefill_launch<flash_shape<75, __half, 96, 1, 32>>(a, s, e)
                               : prefill_launch<flash_shape<75, __half, 128, 1, 32>>(a, s, e);
}
