/* ternary_bench_gpu.c - kernels.ternary on a GPU. */
#include "kernels/ternary/ternary_bench_gpu.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/pick.h"
#include "kernels/ternary/ternary_tiles.h"

static bool is_chain(const struct params *p)
{
    return params_get(p, "op") == TERNARY_CHAIN;
}

/* The table of the point's operation. */
static const void *table_of(const struct params *p, size_t *stride, int *n)
{
    if (is_chain(p)) {
        *stride = sizeof(struct ternary_chain_variant);
        return ternary_chain_variants(n);
    }
    *stride = sizeof(struct ternary_gpu_variant);
    return ternary_gpu_variants(n);
}

bool ternary_bench_gpu_exists(const struct params *p)
{
    size_t stride;
    int n;
    const void *table = table_of(p, &stride, &n);
    const int fused = (int)params_get(p, "fused");
    const bool mma = strcmp(params_text(p, "variant"), "mma") == 0;

    if (external_asked(p))
        return true; /* ternary_external_exists has said so */
    /* Another rounding is not what these kernels do; the tensor cores' start from q. */
    if (fused == TERNARY_STRICT || (mma && fused == TERNARY_FUSED))
        return false;
    return gpu_variant_exists(p, table, stride, n);
}

static gpu_stream stream_of(const struct ternary_bench_gpu *s)
{
    return gpu_stream_of(s->gpu);
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct ternary_bench_gpu *s = state;

    s->which = s->candidates[which];
    return ternary_bench_gpu_once(c, s, e);
}

/* Can it do this point? */
static bool fits(const struct ternary_bench_gpu *s, int which)
{
    int n;

    if (s->t.op == TERNARY_CHAIN)
        return ternary_chain_variants(&n)[which].has(&s->t.chain.shape);
    return s->norm != TERNARY_GPU_FUSED || ternary_gpu_variants(&n)[which].fuses;
}

static int choose(struct bench_ctx *c, struct ternary_bench_gpu *s, struct err *e)
{
    size_t stride;
    struct gpu_variant v;
    int n, found, left = 0, best, rc = 0;
    const void *table = table_of(c->params, &stride, &n);

    TRY(found = gpu_variant_candidates(c->params, table, stride, n,
                                       gpu_properties_of(s->gpu)->capability, s->candidates, e));
    for (int i = 0; i < found; i++)
        if (fits(s, s->candidates[i]))
            s->candidates[left++] = s->candidates[i];
    if (left == 0) {
        rc = ERR(e, ERR_NOTSUP, "the variant %s has no kernel for %s",
                 params_text(c->params, "variant"), params_text(c->params, "shape"));
        goto out;
    }
    TRY(pick_fastest(c, left, try_variant, s, &best, e));
    s->which = s->candidates[best];
    memcpy(&v, (const char *)table + (size_t)s->which * stride, sizeof(v));
    snprintf(c->variant, sizeof(c->variant), "%s", v.name);
out:
    return rc;
}

static int open_chain(struct ternary_bench_gpu *s, struct err *e)
{
    double weights = ternary_shape_weights(&s->t.chain.shape);
    int rc = 0;

    TRY(gpu_memory_need((size_t)(weights / 4 * 1.1), "the chain's weights", e));
    TRY(ternary_chain_gpu_open(&s->chain, &s->t.chain, s->t.x,
                               gpu_properties_of(s->gpu)->capability, stream_of(s), e));
out:
    return rc;
}

static int open_matvec(struct ternary_bench_gpu *s, struct err *e)
{
    const struct ternary_case *t = &s->t;
    int rc = 0;

    s->norm = t->fused == TERNARY_READY   ? TERNARY_GPU_READY
              : t->fused == TERNARY_APART ? TERNARY_GPU_APART
                                          : TERNARY_GPU_FUSED;
    TRY(ternary_gpu_open(&s->one, &t->m, t->tokens, t->g, t->eps, stream_of(s), e));
    TRY(gpu_to_device((void *)(uintptr_t)s->one.p.x, t->x, t->tokens * t->m.w.cols * sizeof(*t->x),
                      stream_of(s), e));
    TRY(ternary_product_quantize(&s->one.p, stream_of(s), e)); /* for those who find it ready */
out:
    return rc;
}

int ternary_bench_gpu_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct ternary_bench_gpu *s = state;
    int rc = 0;

    s->gpu = c->device_handle;
    TRY(gpu_enter(s->gpu, e));
    snprintf(c->inputs, sizeof(c->inputs), "weights -1, 0, 1, vectors normal, seed %llu",
             (unsigned long long)c->seed);
    TRY(ternary_case_make(&s->t, c, e));
    /* Quantised apart, a GPU has the same bits: only the CPU's other orders have not. */
    if (s->t.fused == TERNARY_APART)
        s->t.fused = TERNARY_FUSED;
    TRY(ternary_case_answer(&s->t, &s->answer, &s->n_answer, e));
    s->t.fused = (int)params_get(c->params, "fused");
    s->got = mem_calloc(s->n_answer, sizeof(*s->got));
    if (!s->got) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu outputs", s->n_answer);
        goto out;
    }
    if (s->t.op == TERNARY_CHAIN)
        TRY(open_chain(s, e));
    else
        TRY(open_matvec(s, e));
    if (external_asked(c->params)) {
        TRY(ternary_external_open(&s->external, external_asked(c->params), &s->t,
                                  gpu_index_of(s->gpu), 0, stream_of(s), e));
        external_name(&s->external.theirs, c->variant, sizeof(c->variant));
    } else {
        TRY(choose(c, s, e));
    }
out:
    return rc;
}

int ternary_bench_gpu_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct ternary_bench_gpu *s = state;
    int n;

    (void)c;
    if (s->external.handle)
        return ternary_external_run(&s->external, s->one.p.x, s->one.p.y, s->t.tokens, stream_of(s),
                                    e);
    if (s->t.op == TERNARY_CHAIN)
        return ternary_chain_variants(&n)[s->which].run(&s->chain, stream_of(s), e);
    return ternary_gpu_run(&s->one, &ternary_gpu_variants(&n)[s->which], s->norm, stream_of(s), e);
}

int ternary_bench_gpu_verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct ternary_bench_gpu *s = state;
    size_t bytes = s->n_answer * sizeof(*s->got);
    int rc = 0;

    if (s->t.op == TERNARY_CHAIN) {
        TRY(ternary_chain_gpu_poison(&s->chain, stream_of(s), e));
        TRY(ternary_bench_gpu_once(c, s, e));
        TRY(ternary_chain_gpu_result(&s->chain, s->got, s->got + s->t.chain.shape.dim, stream_of(s),
                                     e));
    } else {
        TRY(gpu_fill(s->one.p.y, 0xff, bytes, stream_of(s), e));
        TRY(ternary_bench_gpu_once(c, s, e));
        TRY(gpu_to_host(s->got, s->one.p.y, bytes, stream_of(s), e));
    }
    if (s->external.handle)
        return ternary_external_check(&s->t, s->got, s->answer, &c->check, e);
    TRY(ternary_case_same(s->got, s->answer, s->n_answer, &c->check, e));
out:
    return rc;
}

static double weight_bytes(const struct ternary_case *t)
{
    double bytes = 0;

    if (t->op == TERNARY_MATVEC)
        return (double)ternary_tiles_bytes(t->m.w.rows, t->m.w.cols);
    for (int p = 0; p < TERNARY_PHASES; p++)
        bytes +=
            (double)ternary_tiles_bytes(ternary_shape_rows(&t->chain.shape, (enum ternary_phase)p),
                                        ternary_shape_cols(&t->chain.shape, (enum ternary_phase)p));
    return bytes * t->chain.shape.layers;
}

static double bytes_of(const struct ternary_case *t)
{
    if (t->op == TERNARY_CHAIN)
        return weight_bytes(t);
    return weight_bytes(t) +
           (double)t->tokens * (double)(t->m.w.rows + t->m.w.cols) * (double)sizeof(float);
}

/* Do the weights stay in the L2 from one repetition to the next? */
static bool in_l2(const struct ternary_bench_gpu *s)
{
    return weight_bytes(&s->t) < 0.8 * (double)gpu_properties_of(s->gpu)->l2_bytes;
}

void ternary_bench_gpu_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct ternary_bench_gpu *s = state;

    (void)c;
    w->flops = 2 * ternary_case_macs(&s->t);
    w->bytes[in_l2(s) ? WORK_CACHE : WORK_DRAM] = bytes_of(&s->t);
    w->items = (double)s->t.tokens;
}

/* What the dependent steps cost, in microseconds: a chain's, or of single kernels. */
static struct limit_row latency_of(const struct ternary_bench_gpu *s)
{
    int n;
    struct limit_row row = { .bench = "silicon.launch", .factor = 1, .phases = 1 };

    if (s->t.op == TERNARY_MATVEC) {
        row.settings = "what=graph_node";
        row.phases = s->norm == TERNARY_GPU_APART ? 2 : 1;
        row.over = ternary_case_macs(&s->t) * 1e-3; /* GMAC/s */
        return row;
    }
    row.phases = TERNARY_PHASES * s->t.chain.shape.layers;
    if (ternary_chain_variants(&n)[s->which].l2) { /* a store that a load elsewhere has to find */
        row.bench = "silicon.memory";
        row.settings = "op=latency level=l2 threads=one";
        row.factor = 1e-3; /* it is in ns */
    } else if (strcmp(ternary_chain_variants(&n)[s->which].is.name, "graph") == 0) {
        row.settings =
            HAVE_SM90 && s->chain.capability >= 90 ? "what=dependent_early" : "what=graph_node";
    } else {
        row.settings = "what=barrier_cluster";
    }
    return row;
}

int ternary_bench_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct ternary_bench_gpu *s = state;
    const bool chain = s->t.op == TERNARY_CHAIN;
    double macs = ternary_case_macs(&s->t), bytes = bytes_of(&s->t);
    struct limit_row latency = latency_of(s);
    struct limit_row memory = { .device = c->device,
                                .bench = "silicon.memory",
                                .settings = in_l2(s) ? "op=read level=l2 threads=all"
                                                     : "op=read level=hbm threads=all",
                                .factor = chain ? 1 : macs / bytes,
                                .over = chain ? bytes * 1e-3 : 0 };
    struct limit_row compute = { .device = c->device,
                                 .bench = "silicon.compute",
                                 .settings = "dtype=int8 path=loop",
                                 .factor = chain ? 1 : 0.5,
                                 .over = chain ? 2 * macs * 1e-3 : 0 };
    int rc = 0;

    latency.device = c->device;
    TRY(limit_measured_on(c, out, &latency, e));
    TRY(limit_measured_on(c, out, &memory, e));
    TRY(limit_measured_on(c, out, &compute, e));
out:
    return rc;
}

void ternary_bench_gpu_teardown(struct bench_ctx *c, void *state)
{
    struct ternary_bench_gpu *s = state;

    (void)c;
    ternary_external_close(&s->external);
    ternary_gpu_close(&s->one);
    ternary_chain_gpu_close(&s->chain);
    ternary_case_release(&s->t);
    mem_free(s->answer);
    mem_free(s->got);
}
