/* matmul_lt_gpu.c - Y = X W' by cuBLASLt: what the vendor's library makes of the same call.
 *
 * To the library, whose matrices are columns, Y is W' X of [rows][tokens]: both factors lie along
 * K.  Its ways are what its heuristics propose, in their order. */
#include "kernels/gemm/matmul_lt_gpu.h"

#include <stdio.h>

#include "core/mem.h"
#include "gpu/gpu_wait.h"
#include "gpu/vendor/cublaslt_api.h"
#include "kernels/gemm/matmul_check_gpu.h"

enum { WORKSPACE_BYTES = 64 << 20 };

struct self {
    struct matmul_gpu_args like;
    struct cublaslt lt;
    lt_handle handle;
    lt_matmul_desc desc;
    lt_layout w, x, y;
    lt_heuristic found[MATMUL_GPU_WAYS];
    int n_ways, way;
    void *d_workspace;
    char name[64];
};

static int lt_ok(const struct self *s, unsigned status, const char *what, struct err *e)
{
    if (status == LT_SUCCESS)
        return 0;
    return ERR(e, status == LT_NOT_SUPPORTED ? ERR_NOTSUP : ERR_CUDA, "cuBLASLt: %s: %s", what,
               s->lt.status_string(status));
}

static int check(const struct matmul_gpu_args *a, struct err *e)
{
    int rc = 0;

    TRY(matmul_check_args(a, e));
    if (a->w.dtype != a->dtype)
        return ERR(e, ERR_NOTSUP, "the library has no %s", dtype_info(a->w.dtype)->name);
    if (a->d_bias || a->d_residual || a->f != MATMUL_GPU_NONE)
        return ERR(e, ERR_NOTSUP, "the library is measured without a bias, residual or function");
out:
    return rc;
}

static int describe(struct self *s, struct err *e)
{
    const struct matmul_gpu_args *a = &s->like;
    unsigned type = a->dtype == DTYPE_F16 ? LT_R_16F : LT_R_16BF;
    int32_t along_k = LT_OP_T;
    int rc = 0;

    TRY(lt_ok(s, s->lt.desc_create(&s->desc, LT_COMPUTE_32F, LT_R_32F), "a description", e));
    TRY(lt_ok(s, s->lt.desc_set(s->desc, LT_DESC_TRANSA, &along_k, sizeof(along_k)), "a transpose",
              e));
    TRY(lt_ok(s,
              s->lt.layout_create(&s->w, type, a->w.cols, a->w.rows, (int64_t)(a->w.row_bytes / 2)),
              "a layout", e));
    TRY(lt_ok(s, s->lt.layout_create(&s->x, type, a->w.cols, a->tokens, (int64_t)a->ldx),
              "a layout", e));
    TRY(lt_ok(s, s->lt.layout_create(&s->y, type, a->w.rows, a->tokens, (int64_t)a->ldy),
              "a layout", e));
out:
    return rc;
}

static int ask(struct self *s, struct err *e)
{
    const size_t workspace = WORKSPACE_BYTES;
    const uint32_t in_f32 = 1 | 2; /* parts of K summed in place or in the compute type, not Y's */
    lt_preference preference = NULL;
    lt_heuristic found[MATMUL_GPU_WAYS];
    unsigned status;
    int given = 0, rc = 0;

    TRY(lt_ok(s, s->lt.preference_create(&preference), "a preference", e));
    TRY(lt_ok(s,
              s->lt.preference_set(preference, LT_PREF_MAX_WORKSPACE_BYTES, &workspace,
                                   sizeof(workspace)),
              "a preference", e));
    TRY(lt_ok(
        s, s->lt.preference_set(preference, LT_PREF_REDUCTION_SCHEME_MASK, &in_f32, sizeof(in_f32)),
        "a preference", e));
    status = s->lt.heuristic(s->handle, s->desc, s->w, s->x, s->y, s->y, preference,
                             MATMUL_GPU_WAYS, found, &given);
    if (status != LT_NOT_SUPPORTED)
        TRY(lt_ok(s, status, "cublasLtMatmulAlgoGetHeuristic", e));
    for (int i = 0; i < given; i++)
        if (found[i].state == LT_SUCCESS)
            s->found[s->n_ways++] = found[i];
    if (s->n_ways == 0)
        rc = ERR(e, ERR_NOTSUP, "cuBLASLt has no algorithm for %zu x %zu x %zu", s->like.tokens,
                 s->like.w.rows, s->like.w.cols);
out:
    if (preference)
        s->lt.preference_destroy(preference);
    return rc;
}

int matmul_lt_open(void **self, const struct gpu *g, const struct matmul_gpu_args *like,
                   struct err *e)
{
    struct self *s = NULL;
    int rc = 0;

    (void)g;
    *self = NULL;
    TRY(check(like, e));
    s = mem_calloc(1, sizeof(*s));
    if (!s)
        return ERR(e, ERR_NOMEM, "no memory for the plan of a product");
    s->like = *like;
    TRY(cublaslt_api_open(&s->lt, e));
    TRY(lt_ok(s, s->lt.create(&s->handle), "cublasLtCreate", e));
    TRY(gpu_alloc(&s->d_workspace, WORKSPACE_BYTES, e));
    TRY(describe(s, e));
    TRY(ask(s, e));
    *self = s;
    s = NULL;
out:
    matmul_lt_close(s);
    return rc;
}

int matmul_lt_run(void *self, const struct matmul_gpu_args *a, gpu_stream stream, struct err *e)
{
    const float one = 1, zero = 0;
    struct self *s = self;
    int rc = 0;

    TRY(matmul_check_same(a, &s->like, e));
    TRY(lt_ok(s,
              s->lt.matmul(s->handle, s->desc, &one, a->w.d, s->w, a->d_x, s->x, &zero, a->d_y,
                           s->y, a->d_y, s->y, &s->found[s->way].algo, s->d_workspace,
                           WORKSPACE_BYTES, stream),
              "cublasLtMatmul", e));
out:
    return rc;
}

int matmul_lt_ways(void *self)
{
    return ((struct self *)self)->n_ways;
}

void matmul_lt_choose(void *self, int way)
{
    ((struct self *)self)->way = way;
}

static int config(const struct self *s, unsigned attribute)
{
    int32_t value = -1;
    size_t written;

    if (s->lt.algo_config_get(&s->found[s->way].algo, attribute, &value, sizeof(value), &written) !=
        LT_SUCCESS)
        return -1;
    return value;
}

const char *matmul_lt_name_of_way(void *self)
{
    struct self *s = self;
    unsigned v = (unsigned)s->lt.version % 1000000;

    snprintf(s->name, sizeof(s->name), "%u.%u.%u, algorithm %d, tile %d, split %d", v / 10000,
             v / 100 % 100, v % 100, config(s, LT_ALGO_ID), config(s, LT_ALGO_TILE_ID),
             config(s, LT_ALGO_SPLITK_NUM));
    return s->name;
}

void matmul_lt_close(void *self)
{
    struct self *s = self;

    if (!s)
        return;
    if (s->desc)
        s->lt.desc_destroy(s->desc);
    if (s->w)
        s->lt.layout_destroy(s->w);
    if (s->x)
        s->lt.layout_destroy(s->x);
    if (s->y)
        s->lt.layout_destroy(s->y);
    if (s->handle && !gpu_wait_gave_up())
        s->lt.destroy(s->handle);
    library_close(&s->lt.dl);
    gpu_free(s->d_workspace);
    mem_free(s);
}
