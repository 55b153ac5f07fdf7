/* fusion_cpu.c - chains of rows on one core: row by row, or operation by operation. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "host/cpu.h"
#include "kernels/activation/activation.h"
#include "kernels/dtype/act.h"
#include "kernels/fusion/fusion.h"
#include "kernels/fusion/fusion_isa.h"
#include "kernels/norm/norm.h"
#include "kernels/variant/row_bench.h"
#include "kernels/variant/variant.h"
#include "kernels/variant/variant_axis.h"

enum { ALIGN = 64 };

struct fusion_add_variant {
    const char *name;
    uint64_t needs;
    void (*add)(const float *x, const float *add, float *y, size_t n);
};

static const struct fusion_add_variant adds[] = {
    { "scalar", 0, fusion_scalar_add },
#if defined(__x86_64__)
    { "avx512", VARIANT_AVX512, fusion_avx512_add },
    { "avx2", VARIANT_AVX2, fusion_avx2_add },
#elif defined(__aarch64__)
    { "neon", VARIANT_NEON, fusion_neon_add },
#endif
};

struct state {
    struct fusion_point p;
    const struct norm_variant *norm;
    const struct activation_variant *activation;
    const struct fusion_add_variant *add;
    struct region block;   /* everything below */
    float *x, *other;      /* [rows][n]: what goes in */
    float *sum, *y;        /* [rows][n]: what comes out, or lies between two operations */
    float *g, *bias, *row; /* [n]; row: of y, where that goes no further */
    uint8_t *codes;        /* [rows][code_bytes] */
    size_t code_bytes;
    struct act *act; /* [rows], owned: what the codes are */
};

static void quantize(struct state *s, const float *y, size_t row)
{
    act_quantize(ACT_Q8_ROW, y, s->p.n, s->codes + row * s->code_bytes, &s->act[row]);
}

/* Each row through the whole chain. */
static void run_fused(struct state *s)
{
    const size_t n = s->p.n;

    for (size_t r = 0; r < s->p.rows; r++) {
        const float *x = s->x + r * n;
        float *sum = s->sum + r * n, *y = s->y + r * n;

        if (s->p.chain == FUSION_BIAS_GELU) {
            s->add->add(x, s->bias, y, n);
            s->activation->run(ACTIVATION_GELU_TANH, NULL, y, y, n);
            continue;
        }
        s->add->add(x, s->other + r * n, sum, n);
        if (s->p.chain == FUSION_ADD_NORM_QUANT)
            y = s->row;
        s->norm->rms(sum, s->g, fusion_eps, y, n);
        if (s->p.chain == FUSION_ADD_NORM_QUANT)
            quantize(s, y, r);
    }
}

/* Each operation over all rows. */
static void run_steps(struct state *s)
{
    const size_t n = s->p.n;

    if (s->p.chain == FUSION_BIAS_GELU) {
        for (size_t r = 0; r < s->p.rows; r++)
            s->add->add(s->x + r * n, s->bias, s->sum + r * n, n);
        for (size_t r = 0; r < s->p.rows; r++)
            s->activation->run(ACTIVATION_GELU_TANH, NULL, s->sum + r * n, s->y + r * n, n);
        return;
    }
    for (size_t r = 0; r < s->p.rows; r++)
        s->add->add(s->x + r * n, s->other + r * n, s->sum + r * n, n);
    for (size_t r = 0; r < s->p.rows; r++)
        s->norm->rms(s->sum + r * n, s->g, fusion_eps, s->y + r * n, n);
    for (size_t r = 0; s->p.chain == FUSION_ADD_NORM_QUANT && r < s->p.rows; r++)
        quantize(s, s->y + r * n, r);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    (void)e;
    if (s->p.fused)
        run_fused(s);
    else
        run_steps(s);
    return 0;
}

static size_t pad(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* One array of the block; the first call, without a block, only counts. */
static void *part(struct state *s, size_t bytes, size_t *used)
{
    char *p = s->block.p;
    const size_t at = *used;

    *used += pad(bytes);
    return p ? p + at : NULL;
}

static size_t lay_out(struct state *s)
{
    const size_t row = s->p.n * sizeof(float), all = s->p.rows * row;
    size_t used = 0;

    s->x = part(s, all, &used);
    s->other = part(s, all, &used);
    s->sum = part(s, all, &used);
    s->y = part(s, all, &used);
    s->g = part(s, row, &used);
    s->bias = part(s, row, &used);
    s->row = part(s, row, &used);
    s->codes = part(s, s->p.rows * s->code_bytes, &used);
    return used;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct cpu_info *cpu = cpu_here();
    int rc = 0;

    s->p = fusion_point_of(c->params, c->device);
    s->code_bytes = act_bytes(ACT_Q8_ROW, s->p.n);
    s->norm = norm_best(cpu, NULL);
    s->activation = activation_best(cpu, NULL);
    s->add = &adds[variant_best(adds, sizeof(adds[0]), sizeof(adds) / sizeof(adds[0]), cpu, NULL)];
    s->act = mem_calloc(s->p.rows, sizeof(*s->act));
    if (!s->act)
        return ERR(e, ERR_NOMEM, "no memory for %zu rows", s->p.rows);
    TRY(region_map(&s->block, lay_out(s), e));
    lay_out(s);
    row_bench_fill(s->x, s->p.rows * s->p.n, c->seed, 0);
    row_bench_fill(s->other, s->p.rows * s->p.n, c->seed, 1);
    row_bench_fill(s->g, s->p.n, c->seed, 2);
    row_bench_fill(s->bias, s->p.n, c->seed, 3);
    snprintf(c->variant, sizeof(c->variant), "%s, %s", s->norm->name,
             s->p.fused ? "row by row" : "operation by operation");
    snprintf(c->inputs, sizeof(c->inputs), "normal, seed %llu", (unsigned long long)c->seed);
out:
    return rc;
}

/* The first row, the last, and one between. */
static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const size_t rows[] = { 0, s->p.rows / 2, s->p.rows - 1 }, n = s->p.n;
    double *work = mem_calloc(2 * n, sizeof(*work));

    if (!work)
        return ERR(e, ERR_NOMEM, "no memory for a reference of %zu values", n);
    memset(s->y, 0xff, s->p.rows * n * sizeof(float));
    memset(s->codes, 0x55, s->p.rows * s->code_bytes);
    memset(s->act, 0, s->p.rows * sizeof(*s->act));
    once(c, s, e);
    snprintf(c->check.reference, sizeof(c->check.reference),
             "the formulas in F64; error over the bound derived from F32's rounding");
    c->check.error = 0;
    c->check.tolerance = 1;
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        const size_t at = rows[k] * n;
        struct fusion_row row = { .x = s->x + at,
                                  .add = s->other + at,
                                  .g = s->g,
                                  .bias = s->bias,
                                  .sum = s->sum + at,
                                  .y = s->y + at };

        if (s->p.chain == FUSION_ADD_NORM_QUANT) {
            row.q = s->act[rows[k]].q;
            row.q_scale = s->act[rows[k]].d[0];
        }
        c->check.error = fmax(c->check.error, fusion_check_row(&s->p, &row, work));
    }
    mem_free(work);
    if (!(c->check.error <= c->check.tolerance))
        return ERR(e, ERR_MISMATCH, "%s is off by %.3g times what rounding explains", c->variant,
                   c->check.error);
    return 0;
}

/* That of what has to be moved, for both forms: the limit bounds the one as the other. */
static const char *level_of(const struct state *s)
{
    return variant_axis_level(fusion_bytes_needed(&s->p), 1);
}

static enum work_memory memory(const struct bench_ctx *c, const void *state)
{
    (void)c;
    return strcmp(level_of(state), "dram") == 0 ? WORK_DRAM : WORK_CACHE;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    char settings[64];

    snprintf(settings, sizeof(settings), "op=copy level=%s threads=one", level_of(s));
    return limit_measured(c, out, "silicon.memory", settings, 1, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    region_unmap(&s->block);
    mem_free(s->act);
}

const struct fusion_half fusion_on_cpu = { .state_size = sizeof(struct state),
                                           .setup = setup,
                                           .verify = verify,
                                           .once = once,
                                           .limit = limit,
                                           .memory = memory,
                                           .teardown = teardown };
