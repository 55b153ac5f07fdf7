/* fusion.c - kernels.fusion: what it buys to do operations that follow each other as one.
 *
 * Chains of a model's operations (fusion/fusion.h), with the same inputs and the same check, as one
 * step (fused=yes) and as one step an operation (fused=no).
 *
 * Work    the bytes that must be read and written once, however the chain is done: so the ratio of
 *         the two values is the gain.  What a form really moves, and its launches on a GPU, are
 *         properties.
 * Limit   copying those bytes (a matrix: reading), as silicon.memory did; on a GPU one launch. */
#include "kernels/fusion/fusion.h"

#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "kernels/variant/gpu_variant.h"
#include "kernels/variant/row_bench.h"

static const char *const chain_names[] = { "add_norm",    "add_norm_quant", "bias_gelu",
                                           "norm_matvec", "swiglu",         NULL };
enum { YES };
static const char *const fused_names[] = { "yes", "no", NULL };

static const struct axis axes[] = {
    { .name = "chain",
      .help =
          "which operations: residual and RMSNorm (and 8-bit codes), bias and GELU, RMSNorm and "
          "a matrix, gate and up with SiLU",
      .kind = AXIS_ENUM,
      .names = chain_names,
      .normal = "add_norm" },
    { .name = "fused",
      .help = "yes: as one step; no: one step an operation",
      .kind = AXIS_ENUM,
      .names = fused_names,
      .normal = "yes,no" },
    { .name = "n",
      .help = "values of a row, a multiple of 64",
      .kind = AXIS_INT,
      .lo = 64,
      .hi = 65536,
      .normal = "4096" },
    { .name = "rows",
      .help = "rows of a call",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1 << 24,
      .normal = "512" },
    { .name = "outputs",
      .help = "rows of the matrix",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1 << 20,
      .normal = "14336" },
    ROW_BENCH_AXIS_DTYPE,
    GPU_VARIANT_AXIS_TIMING,
};

#define ROWS "chain=add_norm,add_norm_quant,bias_gelu "

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_CPU, ROWS, 0.1 },
    { SUITE_FULL, DEVICE_CPU, ROWS "n=576,4096 rows=1,16,512,4096", 0.2 },
    { SUITE_STANDARD, DEVICE_GPU, ROWS "rows=65536", 0.1 },
    { SUITE_STANDARD, DEVICE_GPU, "chain=norm_matvec,swiglu", 0.1 },
    { SUITE_FULL, DEVICE_GPU, ROWS "n=4096 rows=1,512,65536", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "chain=norm_matvec,swiglu n=576 outputs=1536", 0.2 },
    { SUITE_FULL, DEVICE_GPU, "chain=norm_matvec,swiglu n=4096 outputs=14336", 0.2 },
};
#undef ROWS

struct fusion_point fusion_point_of(const struct params *p, const struct device *d)
{
    struct fusion_point out = { .chain = (enum fusion_chain)params_get(p, "chain"),
                                .fused = params_get(p, "fused") == YES,
                                .dtype = DTYPE_F32,
                                .n = (size_t)params_get(p, "n"),
                                .rows = 1,
                                .outputs = 1 };

    if (fusion_of_rows(out.chain))
        out.rows = (size_t)params_get(p, "rows");
    else
        out.outputs = (size_t)params_get(p, "outputs");
    if (d->kind == DEVICE_GPU) /* the axis' names are dtype.h's, so this cannot fail */
        dtype_parse(params_text(p, "dtype"), &out.dtype, NULL);
    return out;
}

/* On a CPU a matrix is all the traffic of a chain that has one, fused or not. */
static bool exists(const struct params *p, const struct device *d)
{
    const struct fusion_point at = fusion_point_of(p, d);
    const bool rows = fusion_of_rows(at.chain);

    return at.n % 64 == 0 && (rows || (d->kind == DEVICE_GPU && at.dtype != DTYPE_F32 &&
                                       at.n * 2 + 4096 <= 48 << 10));
}

static bool applies(const struct params *p, const struct axis *a)
{
    const bool rows = fusion_of_rows((enum fusion_chain)params_get(p, "chain"));

    if (strcmp(a->name, "rows") == 0)
        return rows;
    return strcmp(a->name, "outputs") != 0 || !rows;
}

struct state {
    const struct fusion_half *half;
    struct fusion_point p;
    void *own; /* owned: the half's state */
};

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = 0;

    s->half = &fusion_on_cpu;
#if HAVE_CUDA
    if (c->device->kind == DEVICE_GPU)
        s->half = &fusion_on_gpu;
#endif
    s->p = fusion_point_of(c->params, c->device);
    s->own = mem_calloc(1, s->half->state_size);
    if (!s->own)
        return ERR(e, ERR_NOMEM, "no memory for the chain");
    TRY(s->half->setup(c, s->own, e));
    result_property(c->result, "moved", 1e-6 * fusion_bytes_moved(&s->p), "MB");
    result_property(c->result, "needed", 1e-6 * fusion_bytes_needed(&s->p), "MB");
    if (c->device->kind == DEVICE_GPU)
        result_property(c->result, "launches", fusion_launches(&s->p), "");
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    return s->half->verify(c, s->own, e);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    return s->half->once(c, s->own, e);
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;

    w->bytes[s->half->memory(c, s->own)] = fusion_bytes_needed(&s->p);
    w->items = 1; /* a chain */
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    struct state *s = state;

    return s->half->limit(c, s->own, out, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    if (s->own)
        s->half->teardown(c, s->own);
    mem_free(s->own);
}

const struct bench bench_kernels_fusion = {
    .name = "kernels.fusion",
    .question = "What does it buy to do operations that follow each other as one?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = ROW_BENCH_METRIC,
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .exists = exists,
    .applies = applies,
    .timing_of = gpu_variant_timing_of,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
