/* gemv_variants_gpu.c - the code paths of y = W x on a GPU, and what they ask of a call. */
#include "kernels/gemv/gemv_job_gpu.h"

enum { FUSED_UNITS = 512 }; /* lanes of a block: gemv_stream.cuh */

static gemv_cuda_run *const runs[DTYPES] = {
    [DTYPE_F32] = gemv_cuda_f32,       [DTYPE_F16] = gemv_cuda_f16,
    [DTYPE_BF16] = gemv_cuda_bf16,     [DTYPE_Q4_0] = gemv_cuda_q4_0,
    [DTYPE_Q4_1] = gemv_cuda_q4_1,     [DTYPE_Q5_0] = gemv_cuda_q5_0,
    [DTYPE_Q5_1] = gemv_cuda_q5_1,     [DTYPE_Q8_0] = gemv_cuda_q8_0,
    [DTYPE_Q4_K] = gemv_cuda_q4_k,     [DTYPE_Q5_K] = gemv_cuda_q5_k,
    [DTYPE_Q6_K] = gemv_cuda_q6_k,     [DTYPE_TQ2_0] = gemv_cuda_tq2_0,
    [DTYPE_TQ2_64] = gemv_cuda_tq2_64,
};

bool gemv_gpu_has(enum dtype t)
{
    BUG_ON((unsigned)t >= DTYPES);
    return runs[t] != NULL;
}

bool gemv_gpu_fuses(enum dtype t, size_t cols)
{
    const struct dtype_info *info = dtype_info(t);
    enum act_kind kind = act_kind_of(t);

    if (!gemv_gpu_has(t) || t == DTYPE_Q8_0 || (kind != ACT_Q8_32 && kind != ACT_Q8_256))
        return false;
    /* 16 bytes of codes are a lane's: the only ones of a block of 32, eighths of one of 256. */
    return cols / (size_t)info->block * (info->block == 32 ? 1 : 8) <= FUSED_UNITS;
}

static int check_x(const struct gemv_gpu_args *a, struct err *e)
{
    enum act_kind kind = act_kind_of(a->w.dtype);

    if (a->quantize && !gemv_gpu_fuses(a->w.dtype, a->w.cols))
        return ERR(e, ERR_NOTSUP, "%s of %zu columns takes vectors that are int8 already",
                   dtype_info(a->w.dtype)->name, a->w.cols);
    if (kind == ACT_F32 || a->quantize) {
        if ((uintptr_t)a->d_x % 16 != 0 || a->ldx % 4 != 0 || a->ldx < a->w.cols)
            return ERR(e, ERR_ARG, "vectors of floats that do not begin at a multiple of 16 bytes");
        return 0;
    }
    if (a->act.kind != kind || a->act.cols != a->w.cols)
        return ERR(e, ERR_ARG, "%s of %zu columns takes %s, not %s of %zu",
                   dtype_info(a->w.dtype)->name, a->w.cols, act_kind_name(kind),
                   act_kind_name(a->act.kind), a->act.cols);
    return 0;
}

static int run(const struct gemv_gpu_args *a, bool early, gpu_stream s, struct err *e)
{
    const struct dtype_info *info = dtype_info(a->w.dtype);
    struct gemv_job j = { .a = *a, .w.rows = (int)a->w.rows };
    int rc = 0;

    if (!gemv_gpu_has(a->w.dtype))
        return ERR(e, ERR_NOTSUP, "no GPU code for %s", info->name);
    if (a->n < 1 || a->n > GEMV_TOKENS)
        return ERR(e, ERR_ARG, "%d vectors: 1 to %d go together", a->n, GEMV_TOKENS);
    TRY(check_x(a, e));
    j.w.blocks = (int)(a->w.row_bytes > 0 ? a->w.row_bytes / 16 : a->w.cols / (size_t)info->block);
    for (int i = 0; i < PLANES_MAX; i++)
        j.w.plane[i] = (const uint8_t *)a->w.d + a->w.at[i];
    TRY(runs[a->w.dtype](&j, early, s, e));
out:
    return rc;
}

#if HAVE_SM90
/* Not of code for older generations, which does not wait for the grid before it. */
static int run_early(const struct gemv_gpu_args *a, gpu_stream s, struct err *e)
{
    return run(a, true, s, e);
}
#endif

static int run_planes(const struct gemv_gpu_args *a, gpu_stream s, struct err *e)
{
    return run(a, false, s, e);
}

static const struct gemv_gpu_variant table[] = {
#if HAVE_SM90
    { { "early", 90, 0 }, run_early },
#endif
    { { "planes", 75, 0 }, run_planes },
};

const struct gemv_gpu_variant *gemv_gpu_variants(int *n)
{
    *n = (int)(sizeof(table) / sizeof(table[0]));
    return table;
}
