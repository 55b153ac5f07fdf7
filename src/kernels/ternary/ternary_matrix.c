/* ternary_matrix.c - the canonical form of ternary weights. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "kernels/ternary/ternary.h"

enum { SCALE_AT = 16, ONE_F16 = 0x3c00, ZERO_CODES = 0x55 };

int ternary_make(struct ternary *out, size_t rows, size_t cols, struct err *e)
{
    size_t row_bytes = cols / TERNARY_BLOCK * TERNARY_BLOCK_BYTES;
    const uint16_t one = ONE_F16;
    uint8_t *p;

    *out = (struct ternary){ .owned = NULL };
    if (rows == 0 || cols == 0 || cols % TERNARY_BLOCK != 0 || cols > TERNARY_COLS_MAX)
        return ERR(e, ERR_ARG,
                   "a ternary matrix has rows and a multiple of %d columns up to %d, not %zu x %zu",
                   TERNARY_BLOCK, TERNARY_COLS_MAX, rows, cols);
    p = mem_calloc(rows, row_bytes + sizeof(float));
    if (!p)
        return ERR(e, ERR_NOMEM, "no memory for %zu x %zu ternary weights", rows, cols);
    out->owned = p;
    out->scale = (float *)(void *)p;
    for (size_t r = 0; r < rows; r++)
        out->scale[r] = 1;
    p += rows * sizeof(float);
    out->w = (struct weight){
        .dtype = DTYPE_TQ2_64, .rows = rows, .cols = cols, .row_bytes = row_bytes, .data = p
    };
    for (size_t b = 0; b < rows * (cols / TERNARY_BLOCK); b++, p += TERNARY_BLOCK_BYTES) {
        memset(p, ZERO_CODES, SCALE_AT);
        memcpy(p + SCALE_AT, &one, sizeof(one));
    }
    return 0;
}

void ternary_release(struct ternary *t)
{
    mem_free(t->owned);
    *t = (struct ternary){ .owned = NULL };
}

/* Where the code of a weight is: its byte, counted from the scales, and its first bit. */
static size_t byte_of(const struct ternary *t, size_t row, size_t col, int *shift)
{
    size_t in = col % TERNARY_BLOCK;

    *shift = 2 * (int)(in / SCALE_AT);
    return t->w.rows * sizeof(float) + row * t->w.row_bytes +
           col / TERNARY_BLOCK * TERNARY_BLOCK_BYTES + in % SCALE_AT;
}

void ternary_set(struct ternary *t, size_t row, size_t col, int w)
{
    int shift;
    uint8_t *p = (uint8_t *)t->owned + byte_of(t, row, col, &shift);

    *p = (uint8_t)((*p & ~(3 << shift)) | (w + 1) << shift);
}

int ternary_get(const struct ternary *t, size_t row, size_t col)
{
    int shift;
    size_t at = byte_of(t, row, col, &shift);

    return (((const uint8_t *)t->owned)[at] >> shift & 3) - 1;
}

static int code_3(const struct ternary *t, size_t row, struct err *e)
{
    for (size_t c = 0; c < t->w.cols; c++)
        if (ternary_get(t, row, c) == 2)
            return ERR(e, ERR_FORMAT, "row %zu, column %zu has the code 3: no ternary weight", row,
                       c);
    return ERR(e, ERR_FORMAT, "row %zu has a block whose scale is not 1", row);
}

int ternary_check(const struct ternary *t, struct err *e)
{
    const uint8_t *p = t->w.data;

    for (size_t r = 0; r < t->w.rows; r++) {
        if (!isfinite(t->scale[r]))
            return ERR(e, ERR_FORMAT, "the scale of row %zu is not finite", r);
        for (size_t b = 0; b < t->w.cols / TERNARY_BLOCK; b++, p += TERNARY_BLOCK_BYTES) {
            uint16_t d;

            memcpy(&d, p + SCALE_AT, sizeof(d));
            if (d != ONE_F16 || !dtype_valid(DTYPE_TQ2_64, p, TERNARY_BLOCK))
                return code_3(t, r, e);
        }
    }
    return 0;
}

int32_t ternary_reference_acc(const struct ternary *t, size_t row, const int8_t *q)
{
    int32_t acc = 0;

    for (size_t c = 0; c < t->w.cols; c++)
        acc += ternary_get(t, row, c) * q[c];
    return acc;
}
