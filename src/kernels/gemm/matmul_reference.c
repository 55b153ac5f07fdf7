/* matmul_reference.c - W X in F64, from decoded weights. */
#include "kernels/gemm/matmul_reference.h"

#include <math.h>
#include <stdint.h>

#include "kernels/gemm/matmul_form.h"

static size_t columns_of_scale(const struct act *x)
{
    switch (x->kind) {
    case ACT_Q8_32: return 32;
    case ACT_Q8_256: return 256;
    case ACT_Q8_ROW:
    case ACT_F32: break;
    }
    return x->cols;
}

double matmul_given(const struct act *x, size_t c)
{
    if (x->kind == ACT_F32)
        return (double)x->x[c];
    return (double)x->d[c / columns_of_scale(x)] * x->q[c];
}

/* What the kernels add up in place of the sum of one block's weights times x is larger where a
 * scale's part and a min cancel: |w| + 2 |min| at most.  Summed over the block's columns. */
static double mins_of_block(const struct weight *w, const uint8_t *block, const struct act *x,
                            size_t c0)
{
    const struct matmul_form *f = matmul_form(w->dtype);
    float scale[16], min[16];
    double sum = 0;
    size_t n = (size_t)dtype_info(w->dtype)->block;

    matmul_scales(w->dtype, block, scale, min, 1, n);
    for (size_t c = 0; c < n; c++)
        sum += 2 * fabs((double)min[c / (size_t)f->group] * matmul_given(x, c0 + c));
    return sum;
}

void matmul_reference(const struct weight *w, size_t row, const struct act *x, size_t tokens,
                      float factor_error, double *want, double *bound, float *buffer)
{
    const struct dtype_info *info = dtype_info(w->dtype);
    const uint8_t *src = (const uint8_t *)w->data + row * w->row_bytes;
    double relative = ((double)w->cols + 4) * 0x1.02p-24 + (double)factor_error;

    dtype_to_f32(w->dtype, src, buffer, w->cols);
    for (size_t t = 0; t < tokens; t++) {
        double sum = 0, size = 0, lost = (double)w->cols * 0x1p-135;

        for (size_t c = 0; c < w->cols; c++) {
            double given = matmul_given(&x[t], c), term = (double)buffer[c] * given;

            sum += term;
            size += fabs(term);
            if (factor_error > 0)
                lost += (fabs((double)buffer[c]) + fabs(given)) * 0x1p-126;
        }
        if (matmul_form(w->dtype)->mins)
            for (size_t b = 0; b < w->cols / (size_t)info->block; b++)
                size +=
                    mins_of_block(w, src + b * (size_t)info->bytes, &x[t], b * (size_t)info->block);
        want[t] = sum;
        bound[t] = relative * size + lost;
    }
}
