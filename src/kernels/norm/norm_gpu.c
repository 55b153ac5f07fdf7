/* norm_gpu.c - the table of variants, and what a call must be like. */
#include "kernels/norm/norm_gpu.h"

#include "kernels/vector/row_gpu.h"

/* Longer rows do not fit in a warp's registers. */
enum { WARP_VECTORS = 32 * 8 };

static const struct norm_gpu_variant table[] = {
    { { "warp", 75, 0 }, norm_cuda_warp },
    { { "block", 75, 0 }, norm_cuda_block },
};

const struct norm_gpu_variant *norm_gpu_variants(int *n)
{
    *n = sizeof(table) / sizeof(table[0]);
    return table;
}

const struct norm_gpu_variant *norm_gpu_best(enum dtype dtype, size_t n)
{
    return &table[n * (size_t)dtype_info(dtype)->bytes > 16 * WARP_VECTORS];
}

int norm_gpu_check(const struct norm_gpu_args *a, bool *whole, struct err *e)
{
    struct row_array arrays[4], parameters[] = { { a->g, 0 }, { a->b, 0 } };
    int n = 0, written, rc = 0;

    if (!a->y && !a->q)
        return ERR(e, ERR_ARG, "norm: no output is wanted");
    if (!a->g || (a->kind == NORM_LAYER && !a->b))
        return ERR(e, ERR_ARG, "norm: %s is not there", a->g ? "b" : "g");
    if (a->q && (!a->q_scale || a->kind != NORM_RMS))
        return ERR(e, ERR_ARG, "norm: 8-bit codes need q_scale, and RMSNorm");
    if (a->y)
        arrays[n++] = (struct row_array){ a->y, a->y_stride };
    if (a->add)
        arrays[n++] = (struct row_array){ a->sum, a->sum_stride };
    written = n;
    if (a->add)
        arrays[n++] = (struct row_array){ a->add, a->add_stride };
    arrays[n++] = (struct row_array){ a->x, a->x_stride };
    TRY(row_check(&(struct row_check){ .what = "norm",
                                       .dtype = a->dtype,
                                       .rows = a->rows,
                                       .n = a->n,
                                       .arrays = arrays,
                                       .n_arrays = n,
                                       .written = written },
                  e));
    *whole = row_whole(a->dtype, a->n, arrays, n) &&
             row_whole(DTYPE_F32, 4, parameters, a->kind == NORM_LAYER ? 2 : 1) &&
             (uintptr_t)a->q % 8 == 0;
out:
    return rc;
}
