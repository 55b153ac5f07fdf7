/* softmax_avx512.c - softmax_body.h for AVX-512. */
#include "kernels/softmax/softmax_isa.h"

#include "kernels/softmax/softmax_body.h"

void softmax_avx512_run(const float *x, float scale, float *y, size_t n)
{
    softmax_body(x, scale, y, n);
}

double softmax_avx512_log_sum_exp(const float *x, size_t n)
{
    return softmax_body_log_sum_exp(x, n);
}
