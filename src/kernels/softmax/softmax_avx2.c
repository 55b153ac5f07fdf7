/* softmax_avx2.c - softmax_body.h for AVX2 with FMA and F16C. */
#include "kernels/softmax/softmax_isa.h"

#include "kernels/softmax/softmax_body.h"

void softmax_avx2_run(const float *x, float scale, float *y, size_t n)
{
    softmax_body(x, scale, y, n);
}

double softmax_avx2_log_sum_exp(const float *x, size_t n)
{
    return softmax_body_log_sum_exp(x, n);
}
