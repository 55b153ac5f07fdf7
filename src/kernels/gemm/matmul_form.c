/* matmul_form.c - the forms of codes, and how they are had on any CPU. */
#include "kernels/gemm/matmul_form.h"

#include "kernels/gemm/matmul_unpack.h"

static const struct matmul_form forms[DTYPES] = {
    [DTYPE_Q4_0] = { 32, 8, 15, false },    [DTYPE_Q4_1] = { 32, 0, 15, true },
    [DTYPE_Q5_0] = { 32, 16, 31, false },   [DTYPE_Q5_1] = { 32, 0, 31, true },
    [DTYPE_Q8_0] = { 32, 128, 255, false }, [DTYPE_Q4_K] = { 32, 0, 15, true },
    [DTYPE_Q5_K] = { 32, 0, 31, true },     [DTYPE_Q6_K] = { 16, 32, 63, false },
    [DTYPE_TQ1_0] = { 256, 1, 2, false },   [DTYPE_TQ2_0] = { 256, 1, 3, false },
    [DTYPE_TQ2_64] = { 64, 1, 3, false },
};

const struct matmul_form *matmul_form(enum dtype t)
{
    return &forms[t];
}

void matmul_codes(enum dtype t, const void *src, uint8_t *codes, size_t n)
{
    unpack_codes(t, src, codes, n);
}

void matmul_scales(enum dtype t, const void *src, float *scale, float *min, size_t stride, size_t n)
{
    unpack_scales(t, src, scale, min, stride, n);
}
