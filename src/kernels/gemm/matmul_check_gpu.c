/* matmul_check_gpu.c - what all variants ask of a call of matmul_gpu.h. */
#include "kernels/gemm/matmul_check_gpu.h"

enum { SIDE_MOST = 1 << 30, LANES = 8 };

int matmul_check_args(const struct matmul_gpu_args *a, struct err *e)
{
    const struct dtype_info *w = dtype_info(a->w.dtype);

    if (a->dtype != DTYPE_F16 && a->dtype != DTYPE_BF16)
        return ERR(e, ERR_NOTSUP, "X in %s: F16 or BF16", dtype_info(a->dtype)->name);
    if (a->w.dtype != a->dtype && (w->block == 1 || a->dtype != DTYPE_F16))
        return ERR(e, ERR_NOTSUP, "weights of %s for X of %s", w->name, dtype_info(a->dtype)->name);
    if (a->tokens == 0 || a->tokens > SIDE_MOST || a->w.rows > SIDE_MOST)
        return ERR(e, ERR_ARG, "%zu tokens of %zu outputs", a->tokens, a->w.rows);
    if (a->ldx % LANES != 0 || a->ldy % LANES != 0 || a->ldx < a->w.cols || a->ldy < a->w.rows)
        return ERR(e, ERR_ARG, "tokens %zu and %zu values apart: a multiple of %d", a->ldx, a->ldy,
                   LANES);
    return 0;
}

int matmul_check_same(const struct matmul_gpu_args *a, const struct matmul_gpu_args *like,
                      struct err *e)
{
    if (a->tokens != like->tokens || a->w.rows != like->w.rows || a->w.cols != like->w.cols ||
        a->w.dtype != like->w.dtype || a->dtype != like->dtype)
        return ERR(e, ERR_ARG, "another shape than the plan's");
    if ((uintptr_t)a->d_x % 16 != 0 || (uintptr_t)a->d_y % 16 != 0)
        return ERR(e, ERR_ARG, "X or Y does not begin at a multiple of 16 bytes");
    return matmul_check_args(a, e);
}
