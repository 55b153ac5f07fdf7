/* ternary_convert.c - public encodings to ours, weight by weight. */
#include "kernels/ternary/ternary_convert.h"

#include <math.h>
#include <string.h>

#include "kernels/gemm/matmul_form.h"

enum { VALUES_MAX = 256, I2S_BLOCK = 128, I2S_BYTES = 32 };

static int code_3(const char *what, size_t row, size_t col, struct err *e)
{
    return ERR(e, ERR_FORMAT, "%s: row %zu, column %zu has the code 3, which is no ternary weight",
               what, row, col);
}

/* ---- GGUF's blocks */

/* Which value is invalid? */
static int bad_block(const struct weight *w, const uint8_t *p, size_t row, size_t col,
                     struct err *e)
{
    const struct dtype_info *info = dtype_info(w->dtype);
    uint8_t code[VALUES_MAX];

    matmul_codes(w->dtype, p, code, (size_t)info->block);
    for (int i = 0; i < info->block; i++)
        if (code[i] == 3)
            return code_3(info->name, row, col + (size_t)i, e);
    return ERR(e, ERR_FORMAT, "%s: row %zu, column %zu: the block's scale is not finite",
               info->name, row, col);
}

/* A block at (row, col); *scale is the row's, 0 while there was none. */
static int put_block(struct ternary *t, const struct weight *w, const uint8_t *p, size_t row,
                     size_t col, float *scale, struct err *e)
{
    const struct dtype_info *info = dtype_info(w->dtype);
    float x[VALUES_MAX], d = 0;

    if (!dtype_valid(w->dtype, p, (size_t)info->block))
        return bad_block(w, p, row, col, e);
    dtype_to_f32(w->dtype, p, x, (size_t)info->block);
    for (int i = 0; i < info->block; i++)
        d = fabsf(x[i]) > d ? fabsf(x[i]) : d;
    if (d > 0 && *scale > 0 && d != *scale)
        return ERR(e, ERR_FORMAT,
                   "%s: row %zu has the scale %g and from column %zu on %g: one a row is wanted",
                   info->name, row, (double)*scale, col, (double)d);
    if (d > 0)
        *scale = d;
    for (int i = 0; i < info->block; i++)
        ternary_set(t, row, col + (size_t)i, (x[i] > 0) - (x[i] < 0));
    return 0;
}

int ternary_from_blocks(struct ternary *out, const struct weight *w, struct err *e)
{
    const struct dtype_info *info = dtype_info(w->dtype);
    int rc = 0;

    *out = (struct ternary){ .owned = NULL };
    if (!info->ternary || dtype_row_bytes(w->dtype, w->cols) == 0 ||
        w->row_bytes < dtype_row_bytes(w->dtype, w->cols))
        return ERR(e, ERR_ARG, "%s in rows of %zu is no matrix of ternary weights", info->name,
                   w->cols);
    TRY(ternary_make(out, w->rows, w->cols, e));
    for (size_t r = 0; r < w->rows; r++) {
        const uint8_t *p = (const uint8_t *)w->data + r * w->row_bytes;
        float scale = 0;

        for (size_t c = 0; c < w->cols; c += (size_t)info->block, p += info->bytes)
            TRY(put_block(out, w, p, r, c, &scale, e));
        out->scale[r] = scale > 0 ? scale : 1;
    }
out:
    if (rc < 0)
        ternary_release(out);
    return rc;
}

/* ---- whole tensors of 2-bit codes */

/* Where the code of a weight is. */
typedef unsigned code_fn(const uint8_t *data, size_t rows, size_t cols, size_t r, size_t c);

static unsigned i2s_code(const uint8_t *data, size_t rows, size_t cols, size_t r, size_t c)
{
    size_t in = c % I2S_BLOCK;

    (void)rows;
    return data[(r * cols + c - in) / 4 + in % I2S_BYTES] >> (6 - 2 * (in / I2S_BYTES)) & 3;
}

static unsigned packed_code(const uint8_t *data, size_t rows, size_t cols, size_t r, size_t c)
{
    return data[r % (rows / 4) * cols + c] >> 2 * (r / (rows / 4)) & 3;
}

static int from_codes(struct ternary *out, const char *what, size_t rows, size_t cols,
                      const uint8_t *data, code_fn *code, float scale, struct err *e)
{
    int rc = 0;

    if (!isfinite(scale))
        return ERR(e, ERR_FORMAT, "%s: the scale of the tensor is not finite", what);
    TRY(ternary_make(out, rows, cols, e));
    for (size_t r = 0; r < rows; r++) {
        out->scale[r] = scale;
        for (size_t c = 0; c < cols; c++) {
            unsigned v = code(data, rows, cols, r, c);

            if (v == 3) {
                rc = code_3(what, r, c, e);
                goto out;
            }
            ternary_set(out, r, c, (int)v - 1);
        }
    }
out:
    if (rc < 0)
        ternary_release(out);
    return rc;
}

/* Bytes of rows x cols codes and `more`; 0 where that is no number. */
static size_t bytes_wanted(size_t rows, size_t cols, size_t more)
{
    size_t n;

    if (__builtin_mul_overflow(rows, cols, &n) || n / 4 > SIZE_MAX - more)
        return 0;
    return n / 4 + more;
}

int ternary_from_i2s(struct ternary *out, size_t rows, size_t cols, const void *data, size_t bytes,
                     struct err *e)
{
    size_t want = bytes_wanted(rows, cols, sizeof(float));
    float scale;

    *out = (struct ternary){ .owned = NULL };
    if (rows == 0 || cols == 0 || cols % I2S_BLOCK != 0)
        return ERR(e, ERR_ARG, "I2_S: %zu columns are no multiple of %d", cols, I2S_BLOCK);
    if (want == 0 || bytes < want)
        return ERR(e, ERR_FORMAT, "I2_S: %zu bytes are not %zu x %zu codes and a scale", bytes,
                   rows, cols);
    memcpy(&scale, (const char *)data + want - sizeof(scale), sizeof(scale));
    return from_codes(out, "I2_S", rows, cols, data, i2s_code, scale, e);
}

int ternary_from_packed(struct ternary *out, size_t rows, size_t cols, const void *data,
                        size_t bytes, float scale, struct err *e)
{
    size_t want = bytes_wanted(rows, cols, 0);

    *out = (struct ternary){ .owned = NULL };
    if (rows == 0 || rows % 4 != 0)
        return ERR(e, ERR_ARG, "packed BitNet: %zu rows are no multiple of 4", rows);
    if (want == 0 || bytes < want)
        return ERR(e, ERR_FORMAT, "packed BitNet: %zu bytes are not %zu x %zu codes", bytes, rows,
                   cols);
    return from_codes(out, "packed BitNet", rows, cols, data, packed_code, scale, e);
}
