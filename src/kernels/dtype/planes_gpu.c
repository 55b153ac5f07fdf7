/* planes_gpu.c - where the fields of a format's blocks lie, as planes of a whole matrix. */
#include "kernels/dtype/planes_gpu.h"

#include <limits.h>

enum { ROW_ALIGN = 16 };

static const struct planes_layout table[DTYPES] = {
    [DTYPE_Q4_0] = { 2, { { 2, 16 }, { 0, 2 } } },
    [DTYPE_Q4_1] = { 2, { { 4, 16 }, { 0, 4 } } },
    [DTYPE_Q5_0] = { 3, { { 6, 16 }, { 2, 4 }, { 0, 2 } } },
    [DTYPE_Q5_1] = { 3, { { 8, 16 }, { 4, 4 }, { 0, 4 } } },
    [DTYPE_Q8_0] = { 2, { { 2, 32 }, { 0, 2 } } },
    [DTYPE_Q4_K] = { 2, { { 16, 128 }, { 0, 16 } } },
    [DTYPE_Q5_K] = { 3, { { 48, 128 }, { 16, 32 }, { 0, 16 } } },
    [DTYPE_Q6_K] = { 4, { { 0, 128 }, { 128, 64 }, { 192, 16 }, { 208, 2 } } },
    [DTYPE_TQ1_0] = { 3, { { 0, 48 }, { 48, 4 }, { 52, 2 } } },
    [DTYPE_TQ2_0] = { 2, { { 0, 64 }, { 64, 2 } } },
    [DTYPE_TQ2_64] = { 2, { { 0, 16 }, { 16, 2 } } },
};

const struct planes_layout *planes_layout(enum dtype t)
{
    BUG_ON((unsigned)t >= DTYPES);
    return table[t].n > 0 ? &table[t] : NULL;
}

static size_t padded(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

int planes_describe(enum dtype t, size_t rows, size_t cols, struct planes *out, struct err *e)
{
    const struct planes_layout *l = planes_layout(t);
    const struct dtype_info *info = dtype_info(t);
    size_t blocks = cols / (size_t)info->block;

    if (rows == 0 || cols == 0 || cols % (size_t)info->block != 0)
        return ERR(e, ERR_ARG, "%zu rows of %zu columns: %s is in blocks of %d columns", rows, cols,
                   info->name, info->block);
    if (rows > INT_MAX / blocks)
        return ERR(e, ERR_ARG, "%zu rows of %zu columns are more than 2^31 blocks of %s", rows,
                   cols, info->name);
    *out = (struct planes){ .dtype = t, .rows = rows, .cols = cols };
    if (!l) {
        out->row_bytes = padded(cols * (size_t)info->bytes, ROW_ALIGN);
        out->bytes = padded(rows * out->row_bytes, PLANES_ALIGN);
        return 0;
    }
    for (int i = 0; i < l->n; i++) {
        out->at[i] = out->bytes;
        out->bytes += padded(rows * blocks * l->field[i].bytes, PLANES_ALIGN);
    }
    return 0;
}
