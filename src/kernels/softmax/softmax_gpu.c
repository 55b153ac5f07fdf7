/* softmax_gpu.c - the table of variants, and what a call must be like. */
#include "kernels/softmax/softmax_gpu.h"

#include <math.h>

#include "kernels/vector/row_gpu.h"

static const struct softmax_gpu_variant table[] = {
    { { "warp", 75, 0 }, softmax_cuda_warp },
    { { "block", 75, 0 }, softmax_cuda_block },
#if HAVE_SM90
    { { "cluster", 90, 0 }, softmax_cuda_cluster },
#endif
};

const struct softmax_gpu_variant *softmax_gpu_variants(int *n)
{
    *n = sizeof(table) / sizeof(table[0]);
    return table;
}

int softmax_gpu_check(const struct softmax_gpu_args *a, bool *whole, float *factor, struct err *e)
{
    struct row_array arrays[2];
    int n = 0, rc = 0;

    if (!a->y && !a->lse)
        return ERR(e, ERR_ARG, "softmax: no output is wanted");
    if (!(a->scale > 0) || !isfinite(a->scale))
        return ERR(e, ERR_ARG, "softmax: scale %g; expected a number above 0", (double)a->scale);
    if (a->y)
        arrays[n++] = (struct row_array){ a->y, a->y_stride };
    arrays[n++] = (struct row_array){ a->x, a->x_stride };
    TRY(row_check(&(struct row_check){ .what = "softmax",
                                       .dtype = a->dtype,
                                       .rows = a->rows,
                                       .n = a->n,
                                       .arrays = arrays,
                                       .n_arrays = n,
                                       .written = n - 1 },
                  e));
    *whole = row_whole(a->dtype, a->n, arrays, n);
    *factor = (float)((double)a->scale * 1.4426950408889634);
out:
    return rc;
}
