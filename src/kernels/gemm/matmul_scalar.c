/* matmul_scalar.c - plain C, one row and one token at a time: complete, and the other paths'
 * yardstick.
 *
 * Codes: a group's products add up in int32, exactly (at most 256 x 128 x 127); groups times their
 * scales add up in F32 within what shares an activation's scale, and these in F32. */
#include "kernels/gemm/matmul_form.h"
#include "kernels/gemm/matmul_paths.h"

static size_t pad(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

/* A row's codes, its scales and its mins: no group is smaller than 16. */
size_t matmul_codes_scalar_scratch(size_t cols, size_t tokens)
{
    (void)tokens;
    return pad(cols) + 2 * pad(cols / 16 * sizeof(float));
}

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

static float dot_codes(const struct matmul_form *f, const uint8_t *codes, const float *scale,
                       const float *min, const struct act *x)
{
    size_t group = (size_t)f->group, span = columns_of_scale(x);
    float y = 0;

    for (size_t c0 = 0; c0 < x->cols; c0 += span) {
        float part = 0;

        for (size_t c = c0; c < c0 + span; c += group) {
            int32_t dot = 0, sum = 0;

            for (size_t i = c; i < c + group; i++) {
                dot += (codes[i] - f->offset) * x->q[i];
                sum += x->q[i];
            }
            part += scale[c / group] * (float)dot;
            if (f->mins)
                part += min[c / group] * (float)sum;
        }
        y += part * x->d[c0 / span];
    }
    return y;
}

void matmul_codes_scalar(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                         size_t tokens, float *y, size_t ldy, void *scratch)
{
    const struct matmul_form *f = matmul_form(w->dtype);
    uint8_t *codes = scratch;
    float *scale = (float *)(void *)(codes + pad(w->cols));
    float *min = scale + pad(w->cols / 16 * sizeof(float)) / sizeof(float);

    for (size_t r = row0; r < row1; r++) {
        const uint8_t *row = (const uint8_t *)w->data + r * w->row_bytes;

        matmul_codes(w->dtype, row, codes, w->cols);
        matmul_scales(w->dtype, row, scale, min, 1, w->cols);
        for (size_t t = 0; t < tokens; t++)
            y[t * ldy + r] = dot_codes(f, codes, scale, min, &x[t]);
    }
}

size_t matmul_floats_scalar_scratch(size_t cols, size_t tokens)
{
    (void)tokens;
    return pad(cols * sizeof(float));
}

void matmul_floats_scalar(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                          size_t tokens, float *y, size_t ldy, void *scratch)
{
    float *row = scratch;

    for (size_t r = row0; r < row1; r++) {
        dtype_to_f32(w->dtype, (const uint8_t *)w->data + r * w->row_bytes, row, w->cols);
        for (size_t t = 0; t < tokens; t++) {
            float sum = 0;

            for (size_t c = 0; c < w->cols; c++)
                sum += row[c] * x[t].x[c];
            y[t * ldy + r] = sum;
        }
    }
}
