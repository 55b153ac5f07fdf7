/* rope_gpu.c - the table of variants, and what a call must be like. */
#include "kernels/rope/rope_gpu.h"

#include "kernels/vector/row_gpu.h"

static const struct rope_gpu_variant table[] = { { { "flat", 75, 0 }, rope_cuda_flat } };

const struct rope_gpu_variant *rope_gpu_variants(int *n)
{
    *n = sizeof(table) / sizeof(table[0]);
    return table;
}

int rope_gpu_check(const struct rope_gpu_args *a, bool *whole, struct err *e)
{
    const size_t n = (size_t)a->heads * (size_t)a->head_dim, part = (size_t)a->rot / 2;
    const struct row_array arrays[] = { { a->y, a->y_stride }, { a->x, a->x_stride } };
    const struct row_array angles[] = { { a->cos, a->angle_stride }, { a->sin, a->angle_stride } };
    int rc = 0;

    if ((a->kind != ROPE_PAIR && a->kind != ROPE_HALF) || a->heads < 1 || a->head_dim < 2 ||
        a->rot < 2 || a->rot % 2 != 0 || a->rot > a->head_dim || !a->cos || !a->sin)
        return ERR(
            e, ERR_ARG,
            "rope: %d heads of %d values of which %d turn; expected pairs or halves, tables, "
            "and an even number from 2 on that a head has",
            a->heads, a->head_dim, a->rot);
    TRY(row_check(&(struct row_check){ .what = "rope",
                                       .dtype = a->dtype,
                                       .rows = a->rows,
                                       .n = n,
                                       .arrays = arrays,
                                       .n_arrays = 2,
                                       .written = 1 },
                  e));
    /* A vector lies within what turns or behind it, and within a half. */
    *whole = row_whole(a->dtype, (size_t)a->head_dim, arrays, 2) &&
             row_whole(a->dtype, part, arrays, 2) && row_whole(DTYPE_F32, part, angles, 2);
out:
    return rc;
}
