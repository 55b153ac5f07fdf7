/* softmax_scalar.c - softmax_body.h in plain C. */
#define KERNELS_VECTOR_SCALAR
#include "kernels/softmax/softmax_isa.h"

#include "kernels/softmax/softmax_body.h"

void softmax_scalar_run(const float *x, float scale, float *y, size_t n)
{
    softmax_body(x, scale, y, n);
}

double softmax_scalar_log_sum_exp(const float *x, size_t n)
{
    return softmax_body_log_sum_exp(x, n);
}
