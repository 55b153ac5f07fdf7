/* act_gpu.c - where the parts of a quantised vector lie. */
#include "kernels/dtype/act_gpu.h"

enum { ALIGN = 64 };

static size_t padded(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

size_t act_gpu_bytes(enum act_kind k, size_t cols, size_t n)
{
    return n * act_bytes(k, cols);
}

struct act_gpu act_gpu_describe(enum act_kind k, size_t cols)
{
    size_t groups = k == ACT_Q8_32 ? cols / 32 : k == ACT_Q8_256 ? cols / 256 : 1;

    return (struct act_gpu){ .kind = k,
                             .cols = cols,
                             .stride = act_bytes(k, cols),
                             .d_at = padded(cols),
                             .sum_at = padded(cols) + padded(groups * sizeof(float)) };
}
