/* gemv_reference.c - the contract of gemv.h in F64. */
#include "kernels/gemv/gemv.h"

enum { PART = 256 }; /* values decoded at a time: a multiple of every block */

static double dot(const struct weight *w, size_t row, const float *x)
{
    const uint8_t *p = (const uint8_t *)w->data + row * w->row_bytes;
    float decoded[PART];
    double sum = 0;

    for (size_t c = 0; c < w->cols; c += PART) {
        size_t n = w->cols - c < PART ? w->cols - c : PART;

        dtype_to_f32(w->dtype, p, decoded, n);
        for (size_t i = 0; i < n; i++)
            sum += (double)decoded[i] * (double)x[c + i];
        p += dtype_row_bytes(w->dtype, n);
    }
    return sum;
}

void gemv_reference(const struct weight *w, const float *x, int n, double *y, size_t ldy)
{
    for (int t = 0; t < n; t++)
        for (size_t r = 0; r < w->rows; r++)
            y[(size_t)t * ldy + r] = dot(w, r, x + (size_t)t * w->cols);
}
