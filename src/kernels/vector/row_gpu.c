/* row_gpu.c - what the operations on rows in a GPU's memory share on the host's side. */
#include "kernels/vector/row_gpu.h"

#include <limits.h>
#include <stdint.h>

enum { VECTOR = 16 };

int row_check(const struct row_check *c, struct err *e)
{
    if (c->dtype != DTYPE_F32 && c->dtype != DTYPE_F16 && c->dtype != DTYPE_BF16)
        return ERR(e, ERR_ARG, "%s: rows of %s; expected F32, F16 or BF16", c->what,
                   (unsigned)c->dtype < DTYPES ? dtype_info(c->dtype)->name : "an unknown type");
    if (c->rows == 0 || c->n == 0 || c->rows > INT_MAX || c->n > INT_MAX)
        return ERR(e, ERR_ARG, "%s: %zu rows of %zu values; expected 1 to %d of each", c->what,
                   c->rows, c->n, INT_MAX);
    for (int i = 0; i < c->n_arrays; i++) {
        const struct row_array *a = &c->arrays[i];

        if (!a->p)
            return ERR(e, ERR_ARG, "%s: array %d is not there", c->what, i);
        if (c->rows > 1 && a->stride < c->n && (i < c->written || a->stride > 0))
            return ERR(e, ERR_ARG, "%s: rows of %zu values, %zu apart in array %d", c->what, c->n,
                       a->stride, i);
    }
    return 0;
}

bool row_whole(enum dtype dtype, size_t n, const struct row_array *arrays, int n_arrays)
{
    const size_t values = VECTOR / (size_t)dtype_info(dtype)->bytes;
    bool whole = n % values == 0;

    for (int i = 0; i < n_arrays; i++)
        whole &= (uintptr_t)arrays[i].p % VECTOR == 0 && arrays[i].stride % values == 0;
    return whole;
}
