/* activation_gpu.c - the table of variants, and what a call must be like. */
#include "kernels/activation/activation_gpu.h"

#include "kernels/vector/row_gpu.h"

static const struct activation_gpu_variant table[] = { { { "flat", 75, 0 },
                                                         activation_cuda_flat } };

const struct activation_gpu_variant *activation_gpu_variants(int *n)
{
    *n = sizeof(table) / sizeof(table[0]);
    return table;
}

int activation_gpu_check(const struct activation_gpu_args *a, bool *whole, struct err *e)
{
    const struct row_array arrays[] = { { a->y, a->y_stride },
                                        { a->up, a->up_stride },
                                        { a->gate, a->gate_stride } };
    const struct row_array bias = { a->bias, 0 };
    const int n = a->function == ACTIVATION_GELU_TANH ? 2 : 3;
    int rc = 0;

    if ((unsigned)a->function > ACTIVATION_RELU2)
        return ERR(e, ERR_ARG, "activation: function %d is not one", (int)a->function);
    TRY(row_check(&(struct row_check){ .what = "activation",
                                       .dtype = a->dtype,
                                       .rows = a->rows,
                                       .n = a->n,
                                       .arrays = arrays,
                                       .n_arrays = n,
                                       .written = 1 },
                  e));
    *whole = row_whole(a->dtype, a->n, arrays, n) && row_whole(DTYPE_F32, 4, &bias, 1);
out:
    return rc;
}
