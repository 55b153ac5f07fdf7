/* matmul_mma_gpu.c - Y = X W' by warps' matrix instructions: which code, and of which tiles. */
#include "kernels/gemm/matmul_mma_gpu.h"

#include "core/mem.h"
#include "kernels/gemm/matmul_check_gpu.h"
#include "kernels/gemm/matmul_mma.h"

struct self {
    struct matmul_gpu_args like;
    bool sm80, codes;
    enum matmul_mma_tile tiles[2]; /* the one that fills the GPU better first */
    int way;
};

static bool has(enum dtype t)
{
    return t != DTYPE_F32 && t != DTYPE_TQ1_0;
}

int matmul_mma_open(void **self, const struct gpu *g, const struct matmul_gpu_args *like,
                    struct err *e)
{
    const struct gpu_properties *p = gpu_properties_of(g);
    size_t large = ((like->tokens + 127) / 128) * ((like->w.rows + 127) / 128);
    struct self *s;
    int rc = 0;

    *self = NULL;
    TRY(matmul_check_args(like, e));
    if (!has(like->w.dtype))
        return ERR(e, ERR_NOTSUP, "no code for weights of %s", dtype_info(like->w.dtype)->name);
    if (like->dtype == DTYPE_BF16 && !(HAVE_SM80 && p->capability >= 80))
        return ERR(e, ERR_NOTSUP, "BF16 takes compute capability 8.0, and a build for it");
    s = mem_calloc(1, sizeof(*s));
    if (!s)
        return ERR(e, ERR_NOMEM, "no memory for the plan of a product");
    s->like = *like;
    s->sm80 = HAVE_SM80 && p->capability >= 80;
    s->codes = dtype_info(like->w.dtype)->block > 1;
    s->tiles[0] = s->codes || large >= (size_t)p->multiprocessors ? MATMUL_MMA_128 : MATMUL_MMA_64;
    s->tiles[1] = s->tiles[0] == MATMUL_MMA_128 ? MATMUL_MMA_64 : MATMUL_MMA_128;
    *self = s;
out:
    return rc;
}

int matmul_mma_run(void *self, const struct matmul_gpu_args *a, gpu_stream stream, struct err *e)
{
    const struct self *s = self;
    struct matmul_mma_job j = { .a = *a, .tile = s->tiles[s->way] };
    int rc = 0;

    TRY(matmul_check_same(a, &s->like, e));
    for (int i = 0; i < PLANES_MAX; i++)
        j.plane[i] = (const uint8_t *)a->w.d + a->w.at[i];
#if HAVE_SM80
    if (s->sm80)
        return matmul_mma_sm80(&j, stream, e);
#endif
    TRY(matmul_mma(&j, stream, e));
out:
    return rc;
}

int matmul_mma_ways(void *self)
{
    return ((struct self *)self)->codes ? 1 : 2;
}

void matmul_mma_choose(void *self, int way)
{
    ((struct self *)self)->way = way;
}

const char *matmul_mma_name_of_way(void *self)
{
    const struct self *s = self;

    return s->tiles[s->way] == MATMUL_MMA_128 ? "128 x 128" : "64 x 64";
}

void matmul_mma_close(void *self)
{
    mem_free(self);
}
