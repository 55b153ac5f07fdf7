/* matmul_wgmma_gpu.c - how a shape is cut for Hopper's tensor cores, and its tensor maps.
 *
 * The cut with the least cycles by a simple model, whose constants were measured on an H200
 * (docs/notes/linear-gpu.md): a step of 64 columns costs what its tensor cores take or what it
 * loads, whichever is longer. */
#include "kernels/gemm/matmul_wgmma_gpu.h"

#include <stdio.h>

#include "core/mem.h"
#include "gpu/gpu_tensor_map.h"
#include "kernels/gemm/matmul_check_gpu.h"
#include "kernels/gemm/matmul_wgmma.h"

enum { WIDE = 8, SPLIT_MOST = 8, PART = 16 };

/* Bytes a cycle that a multiprocessor gets from the L2; all of them from memory. */
static const double L2_BYTES = 40, HBM_BYTES = 2400;
/* Cycles of a tile beside its steps, of a token's way out, and of meeting the rest of a cluster. */
static const double TILE_CYCLES = 1500, TOKEN_CYCLES = 8, CLUSTER_CYCLES = 2500;

struct self {
    struct matmul_gpu_args like;
    matmul_wgmma_run *run;
    int multiprocessors, n_ways, way;
    struct matmul_wgmma_plan ways[MATMUL_GPU_WAYS]; /* the best first */
    double cycles[MATMUL_GPU_WAYS];
    char name[64];
};

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

static size_t parts(size_t n, size_t of)
{
    return (n + of - 1) / of;
}

static double cycles(const struct matmul_gpu_args *a, int multiprocessors,
                     const struct matmul_wgmma_plan *p)
{
    size_t rows = parts(a->w.rows, MATMUL_WGMMA_ROWS), tokens = parts(a->tokens, (size_t)p->tokens);
    size_t steps = parts(parts(a->w.cols, MATMUL_WGMMA_STEP), (size_t)p->split);
    size_t blocks = rows * tokens * (size_t)p->split;
    /* Blocks that a multiprocessor has at a time, as the kernels' rings allow. */
    size_t beside = p->tokens <= 64 ? 2 : 1, room = (size_t)multiprocessors * beside;
    size_t rounds = parts(blocks, room);
    double busy = least((double)blocks, multiprocessors);
    double sharing = least((double)parts(blocks, (size_t)multiprocessors), (double)beside);
    double bytes = 128.0 * (MATMUL_WGMMA_ROWS + p->tokens);
    /* All tiles of a band read W once from memory, and X once for each band. */
    double from_memory = 128.0 * MATMUL_WGMMA_ROWS / (double)(tokens < 8 ? tokens : 8) * busy;
    double step = sharing * most(most(4.0 * p->tokens, bytes / L2_BYTES), from_memory / HBM_BYTES);
    double end = TILE_CYCLES + TOKEN_CYCLES * p->tokens;

    if (p->split > 1)
        end += CLUSTER_CYCLES + TOKEN_CYCLES * p->tokens;
    return (double)rounds * ((double)steps * step + end);
}

/* Among the best so far, in their order. */
static void consider(struct self *s, struct matmul_wgmma_plan p)
{
    double c = cycles(&s->like, s->multiprocessors, &p);
    int i = s->n_ways < MATMUL_GPU_WAYS ? s->n_ways++ : MATMUL_GPU_WAYS - 1;

    if (i == MATMUL_GPU_WAYS - 1 && s->cycles[i] > 0 && s->cycles[i] <= c)
        return;
    for (; i > 0 && s->cycles[i - 1] > c; i--) {
        s->cycles[i] = s->cycles[i - 1];
        s->ways[i] = s->ways[i - 1];
    }
    s->cycles[i] = c;
    s->ways[i] = p;
}

static void find_ways(struct self *s)
{
    size_t steps = parts(s->like.w.cols, MATMUL_WGMMA_STEP);

    for (int tokens = 16; tokens <= 256; tokens *= 2)
        for (int split = 1; split <= (tokens <= 128 ? SPLIT_MOST : 1); split++)
            if ((size_t)split <= steps)
                consider(s, (struct matmul_wgmma_plan){ .tokens = tokens,
                                                        .split = split,
                                                        .out = split > 1 ? PART
                                                               : tokens < MATMUL_WGMMA_OUT
                                                                   ? tokens
                                                                   : MATMUL_WGMMA_OUT });
}

static int check(const struct matmul_gpu_args *a, struct err *e)
{
    int rc = matmul_check_args(a, e);

    if (rc == 0 && a->w.dtype != a->dtype)
        rc = ERR(e, ERR_NOTSUP, "weights of %s for X of %s", dtype_info(a->w.dtype)->name,
                 dtype_info(a->dtype)->name);
    return rc;
}

int matmul_wgmma_open(void **self, const struct gpu *g, const struct matmul_gpu_args *like,
                      struct err *e)
{
    struct self *s;
    int rc = 0;

    *self = NULL;
    TRY(check(like, e));
    s = mem_calloc(1, sizeof(*s));
    if (!s)
        return ERR(e, ERR_NOMEM, "no memory for the plan of a product");
    s->like = *like;
    s->multiprocessors = gpu_properties_of(g)->multiprocessors;
#if HAVE_SM90A
    s->run = like->dtype == DTYPE_F16 ? matmul_wgmma_f16 : matmul_wgmma_bf16;
#endif
    find_ways(s);
    *self = s;
out:
    return rc;
}

int matmul_wgmma_ways(void *self)
{
    return ((struct self *)self)->n_ways;
}

void matmul_wgmma_choose(void *self, int way)
{
    ((struct self *)self)->way = way;
}

const char *matmul_wgmma_name_of_way(void *self)
{
    struct self *s = self;
    const struct matmul_wgmma_plan *p = &s->ways[s->way];
    int n = snprintf(s->name, sizeof(s->name), "%d x %d", MATMUL_WGMMA_ROWS, p->tokens);

    if (p->split > 1)
        snprintf(s->name + n, sizeof(s->name) - (size_t)n, ", K in %d", p->split);
    return s->name;
}

static int map(CUtensorMap *out, const struct matmul_gpu_args *a, const void *d, size_t cols,
               size_t rows, size_t ld, int box_rows, struct err *e)
{
    const struct gpu_tensor_map_want want = {
        .d = d,
        .type = a->dtype == DTYPE_F16 ? CU_TENSOR_MAP_DATA_TYPE_FLOAT16
                                      : CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
        .cols = cols,
        .rows = rows,
        .row_bytes = ld * 2,
        .box_cols = MATMUL_WGMMA_STEP,
        .box_rows = box_rows,
    };

    return gpu_tensor_map(out, &want, e);
}

int matmul_wgmma_run_args(void *self, const struct matmul_gpu_args *a, gpu_stream stream,
                          struct err *e)
{
    const struct self *s = self;
    const struct matmul_wgmma_plan *p = &s->ways[s->way];
    struct matmul_wgmma_job j = { .plan = *p, .multiprocessors = s->multiprocessors };
    int rc = 0;

    TRY(matmul_check_same(a, &s->like, e));
    if (!s->run)
        return ERR(e, ERR_NOTSUP, "this build has no code for compute capability 9.0a");
    j.tiles = (struct matmul_wgmma_tiles){ .rows = (int)parts(a->w.rows, MATMUL_WGMMA_ROWS),
                                           .tokens = (int)parts(a->tokens, (size_t)p->tokens),
                                           .steps = (int)parts(a->w.cols, MATMUL_WGMMA_STEP),
                                           .wide = WIDE,
                                           .split = p->split };
    j.end = (struct matmul_wgmma_end){ .bias = a->d_bias,
                                       .residual = a->d_residual,
                                       .ldy = (int64_t)a->ldy,
                                       .rows = (int)a->w.rows,
                                       .tokens = (int)a->tokens,
                                       .f = a->f };
    TRY(map(&j.w, a, a->w.d, a->w.cols, a->w.rows, a->w.row_bytes / 2, MATMUL_WGMMA_ROWS, e));
    TRY(map(&j.x, a, a->d_x, a->w.cols, a->tokens, a->ldx, p->tokens, e));
    TRY(map(&j.y, a, a->d_y, a->w.rows, a->tokens, a->ldy, p->out, e));
    TRY(s->run(&j, stream, e));
out:
    return rc;
}

void matmul_wgmma_close(void *self)
{
    mem_free(self);
}
