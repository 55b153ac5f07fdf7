/* attention_gpu.c - the table of dense attention's variants on a GPU, and what a call must be. */
#include "kernels/attention/attention_gpu.h"

#include "kernels/attention/attention_decode.h"
#include "kernels/attention/attention_launch.h"

size_t attention_gpu_workspace(const struct attention_gpu_args *shape)
{
    return shape->tokens <= ATTENTION_GPU_DECODE ? attention_decode_space(shape).bytes : 0;
}

static int check_sizes(const struct attention_gpu_args *a, struct err *e)
{
    /* What a grid of thread blocks can be. */
    enum { GRID = 65535 };

    if (a->sequences < 1 || a->sequences > GRID || a->tokens < 1 || a->tokens > a->context)
        return ERR(e, ERR_ARG, "%d sequences of %d tokens, with %d positions", a->sequences,
                   a->tokens, a->context);
    if (a->kv_heads < 1 || a->heads < 1 || a->heads % a->kv_heads != 0)
        return ERR(e, ERR_ARG, "%d query heads cannot share %d KV heads evenly", a->heads,
                   a->kv_heads);
    if ((int64_t)a->tokens * (a->heads / a->kv_heads) > (int64_t)GRID * 64)
        return ERR(e, ERR_ARG, "%d tokens are too many for one call", a->tokens);
    if (a->ldq % 8 != 0 || a->ldo % 8 != 0 || a->page_bytes % 16 != 0 || a->k_offset % 16 != 0 ||
        a->v_offset % 16 != 0 || a->head_bytes % 16 != 0)
        return ERR(e, ERR_ARG, "rows and pages of attention are not multiples of 16 bytes");
    if (!(a->scale > 0)) /* maxima are taken before scaling */
        return ERR(e, ERR_ARG, "scale %g is not above 0", (double)a->scale);
    return 0;
}

int attention_gpu_check(const struct attention_gpu_args *a, int capability, struct err *e)
{
    int rc = 0;

    TRY(check_sizes(a, e));
    if (a->head_dim != 64 && a->head_dim != 96 && a->head_dim != 128)
        return ERR(e, ERR_NOTSUP, "no code for a head dimension of %d, only 64, 96 and 128",
                   a->head_dim);
    if (a->dtype != DTYPE_F16 && a->dtype != DTYPE_BF16)
        return ERR(e, ERR_NOTSUP, "no code for %s, only F16 and BF16", dtype_names[a->dtype]);
    if (a->dtype == DTYPE_BF16 && !(HAVE_SM80 && capability >= 80))
        rc = ERR(e, ERR_NOTSUP,
                 "BF16 needs compute capability 8.0 and a build for it; this is %d.%d",
                 capability / 10, capability % 10);
out:
    return rc;
}

static int run_mma(const struct attention_gpu_args *a, int capability, gpu_stream s, struct err *e)
{
    const bool decode = a->tokens <= ATTENTION_GPU_DECODE;

#if HAVE_SM80
    if (capability >= 80)
        return decode ? attention_decode_sm80(a, s, e) : attention_prefill_sm80(a, s, e);
#else
    (void)capability;
#endif
    return decode ? attention_decode(a, s, e) : attention_prefill(a, s, e);
}

static const struct attention_gpu_variant table[] = {
    { { "mma", 75, 0 }, run_mma },
};

const struct attention_gpu_variant *attention_gpu_variants(int *n)
{
    *n = sizeof(table) / sizeof(table[0]);
    return table;
}
