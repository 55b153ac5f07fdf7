/* fusion_gpu.c - chains on a GPU: as one kernel, or as one an operation. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "kernels/activation/activation_gpu.h"
#include "kernels/fusion/fusion.h"
#include "kernels/fusion/fusion_steps_gpu.h"
#include "kernels/norm/norm_gpu.h"
#include "kernels/variant/copy_limit_gpu.h"
#include "kernels/variant/row_bench.h"
#include "kernels/variant/tile_gpu.h"

enum { CHECKED_ROWS = 3, CHECKED_OUTPUTS = 64 };

struct state {
    struct fusion_point p;
    struct gpu *gpu; /* borrowed */
    struct tile x, add, w, u;
    void *d_x, *d_add, *d_w, *d_u;     /* owned: what goes in */
    void *d_sum, *d_y, *d_gate, *d_up; /* owned: what comes out, or lies between two kernels */
    int8_t *d_q;
    float *d_scale, *d_g, *d_bias;
    float *g, *bias; /* owned: [n], the host's */
    bool verified;
};

static gpu_stream stream_of(const struct state *s)
{
    return gpu_stream_of(s->gpu);
}

static const struct norm_gpu_variant *norm_of(const struct state *s)
{
    return norm_gpu_best(s->p.dtype, s->p.n);
}

/* RMSNorm of `x`, with the addition where `add` is, and to codes. */
static int norm(struct state *s, const void *x, const void *add, bool codes, struct err *e)
{
    const size_t n = s->p.n;
    const struct norm_gpu_args a = { .kind = NORM_RMS,
                                     .dtype = s->p.dtype,
                                     .rows = s->p.rows,
                                     .n = n,
                                     .eps = fusion_eps,
                                     .x = x,
                                     .add = add,
                                     .sum = add ? s->d_sum : NULL,
                                     .y = codes ? NULL : s->d_y,
                                     .q = codes ? s->d_q : NULL,
                                     .q_scale = s->d_scale,
                                     .x_stride = n,
                                     .add_stride = n,
                                     .sum_stride = n,
                                     .y_stride = n,
                                     .g = s->d_g };

    return norm_of(s)->run(&a, stream_of(s), e);
}

static int gelu(struct state *s, const void *x, const float *bias, struct err *e)
{
    int n;

    return activation_gpu_variants(&n)->run(
        &(struct activation_gpu_args){ .function = ACTIVATION_GELU_TANH,
                                       .dtype = s->p.dtype,
                                       .rows = s->p.rows,
                                       .n = s->p.n,
                                       .up = x,
                                       .bias = bias,
                                       .y = s->d_y,
                                       .up_stride = s->p.n,
                                       .y_stride = s->p.n },
        stream_of(s), e);
}

static int add(struct state *s, const void *other, const float *bias, struct err *e)
{
    return fusion_add(&(struct fusion_add){ .dtype = s->p.dtype,
                                            .rows = s->p.rows,
                                            .n = s->p.n,
                                            .x = s->d_x,
                                            .add = other,
                                            .bias = bias,
                                            .y = s->d_sum },
                      stream_of(s), e);
}

static struct fusion_matvec matvec(const struct state *s)
{
    return (struct fusion_matvec){ .dtype = s->p.dtype,
                                   .n = s->p.n,
                                   .outputs = s->p.outputs,
                                   .w = s->d_w,
                                   .x = s->d_x,
                                   .eps = fusion_eps,
                                   .y = s->d_y,
                                   .multiprocessors = gpu_properties_of(s->gpu)->multiprocessors };
}

static int run_fused(struct state *s, struct err *e)
{
    struct fusion_matvec m = matvec(s);

    switch (s->p.chain) {
    case FUSION_ADD_NORM: return norm(s, s->d_x, s->d_add, false, e);
    case FUSION_ADD_NORM_QUANT: return norm(s, s->d_x, s->d_add, true, e);
    case FUSION_BIAS_GELU: return gelu(s, s->d_x, s->d_bias, e);
    case FUSION_NORM_MATVEC: m.g = s->d_g; break;
    case FUSION_SWIGLU: m.u = s->d_u; break;
    }
    return fusion_matvec(&m, stream_of(s), e);
}

static int run_swiglu(struct state *s, struct err *e)
{
    struct fusion_matvec m = matvec(s);
    int n, rc = 0;

    m.y = s->d_gate;
    TRY(fusion_matvec(&m, stream_of(s), e));
    m.w = s->d_u;
    m.y = s->d_up;
    TRY(fusion_matvec(&m, stream_of(s), e));
    TRY(activation_gpu_variants(&n)->run(&(struct activation_gpu_args){ .function = ACTIVATION_SILU,
                                                                        .dtype = s->p.dtype,
                                                                        .rows = 1,
                                                                        .n = s->p.outputs,
                                                                        .gate = s->d_gate,
                                                                        .up = s->d_up,
                                                                        .y = s->d_y },
                                         stream_of(s), e));
out:
    return rc;
}

static int run_steps(struct state *s, struct err *e)
{
    struct fusion_matvec m = matvec(s);
    int rc = 0;

    switch (s->p.chain) {
    case FUSION_ADD_NORM:
        TRY(add(s, s->d_add, NULL, e));
        TRY(norm(s, s->d_sum, NULL, false, e));
        break;
    case FUSION_ADD_NORM_QUANT:
        TRY(add(s, s->d_add, NULL, e));
        TRY(norm(s, s->d_sum, NULL, false, e));
        TRY(fusion_quantize(&(struct fusion_quantize){ .dtype = s->p.dtype,
                                                       .rows = s->p.rows,
                                                       .n = s->p.n,
                                                       .x = s->d_y,
                                                       .q = s->d_q,
                                                       .scale = s->d_scale },
                            stream_of(s), e));
        break;
    case FUSION_BIAS_GELU:
        TRY(add(s, NULL, s->d_bias, e));
        TRY(gelu(s, s->d_sum, NULL, e));
        break;
    case FUSION_NORM_MATVEC: /* d_y has room for the norm, then for the outputs */
        TRY(norm(s, s->d_x, NULL, false, e));
        m.x = s->d_y;
        m.y = s->d_gate;
        TRY(fusion_matvec(&m, stream_of(s), e));
        break;
    case FUSION_SWIGLU: return run_swiglu(s, e);
    }
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    return s->p.fused ? run_fused(s, e) : run_steps(s, e);
}

/* ---- what goes in and what comes out */

static int make_input(struct state *s, struct tile *t, void **out, const struct tile_want *want,
                      struct err *e)
{
    int rc = 0;

    TRY(tile_make(t, want, e));
    TRY(tile_to_device(t, want->values, out, stream_of(s), e));
out:
    return rc;
}

static int make_inputs(struct state *s, uint64_t seed, struct err *e)
{
    const bool rows = fusion_of_rows(s->p.chain);
    struct tile_want want = {
        .dtype = s->p.dtype, .values = s->p.rows * s->p.n, .seed = seed, .scale = 1
    };
    int rc = 0;

    TRY(make_input(s, &s->x, &s->d_x, &want, e));
    want.stream = 1;
    if (rows && s->p.chain != FUSION_BIAS_GELU)
        TRY(make_input(s, &s->add, &s->d_add, &want, e));
    want.values = s->p.outputs * s->p.n;
    want.scale = 1 / sqrtf((float)s->p.n); /* so that products are normal too */
    want.stream = 4;
    if (!rows)
        TRY(make_input(s, &s->w, &s->d_w, &want, e));
    want.stream = 5;
    if (s->p.chain == FUSION_SWIGLU)
        TRY(make_input(s, &s->u, &s->d_u, &want, e));
out:
    return rc;
}

static int make_floats(struct state *s, float **host, float **device, uint64_t seed, uint64_t which,
                       struct err *e)
{
    void *d = NULL;
    int rc = 0;

    *host = mem_calloc(s->p.n, sizeof(float));
    if (!*host)
        return ERR(e, ERR_NOMEM, "no memory for %zu values", s->p.n);
    row_bench_fill(*host, s->p.n, seed, which);
    TRY(gpu_alloc(&d, s->p.n * sizeof(float), e));
    *device = d;
    TRY(gpu_to_device(d, *host, s->p.n * sizeof(float), stream_of(s), e));
out:
    return rc;
}

/* Room for rows, and for the outputs of a matrix. */
static int make_outputs(struct state *s, struct err *e)
{
    const size_t size = (size_t)dtype_info(s->p.dtype)->bytes;
    const size_t rows = s->p.rows * s->p.n * size, outputs = s->p.outputs * size;
    const bool codes = s->p.chain == FUSION_ADD_NORM_QUANT;
    void *d = NULL;
    int rc = 0;

    TRY(gpu_alloc(&s->d_sum, rows, e));
    TRY(gpu_alloc(&s->d_y, rows > outputs ? rows : outputs, e));
    TRY(gpu_alloc(&s->d_gate, outputs, e));
    TRY(gpu_alloc(&s->d_up, outputs, e));
    if (codes) {
        TRY(gpu_alloc(&d, s->p.rows * s->p.n, e));
        s->d_q = d;
        TRY(gpu_alloc(&d, s->p.rows * sizeof(float), e));
        s->d_scale = d;
    }
out:
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = 0;

    s->p = fusion_point_of(c->params, c->device);
    s->gpu = c->device_handle;
    TRY(gpu_enter(s->gpu, e));
    TRY(gpu_memory_need((size_t)fusion_bytes_moved(&s->p), "the chain", e));
    TRY(make_inputs(s, c->seed, e));
    TRY(make_floats(s, &s->g, &s->d_g, c->seed, 2, e));
    TRY(make_floats(s, &s->bias, &s->d_bias, c->seed, 3, e));
    TRY(make_outputs(s, e));
    snprintf(c->variant, sizeof(c->variant), "%s", s->p.fused ? "one kernel" : "a kernel a step");
    snprintf(c->inputs, sizeof(c->inputs), "normal, %d values repeated, seed %llu", TILE_VALUES,
             (unsigned long long)c->seed);
out:
    return rc;
}

/* n values of an array, from value `first` on. */
static int fetch(struct state *s, const void *from, size_t first, float *x, size_t n, struct err *e)
{
    const size_t size = (size_t)dtype_info(s->p.dtype)->bytes;
    void *typed = mem_calloc(n, size);
    int rc = 0;

    if (!typed)
        return ERR(e, ERR_NOMEM, "no memory to check %zu values", n);
    TRY(gpu_to_host(typed, (const char *)from + first * size, n * size, stream_of(s), e));
    dtype_to_f32(s->p.dtype, typed, x, n);
out:
    mem_free(typed);
    return rc;
}

static int check_row(struct state *s, size_t row, float *values, double *work, double *worst,
                     struct err *e)
{
    const size_t n = s->p.n, at = row * n;
    float *x = values, *other = x + n, *sum = other + n, *y = sum + n;
    struct fusion_row r = { .x = x, .add = other, .g = s->g, .bias = s->bias, .sum = sum, .y = y };
    int8_t *q = mem_calloc(n, 1);
    int rc = 0;

    if (!q)
        return ERR(e, ERR_NOMEM, "no memory to check %zu values", n);
    tile_values(&s->x, at, x, n);
    if (s->d_add) {
        tile_values(&s->add, at, other, n);
        TRY(fetch(s, s->d_sum, at, sum, n, e));
    }
    if (s->d_q) {
        TRY(gpu_to_host(q, s->d_q + at, n, stream_of(s), e));
        TRY(gpu_to_host(&r.q_scale, s->d_scale + row, sizeof(float), stream_of(s), e));
        r.q = q;
    } else {
        TRY(fetch(s, s->d_y, at, y, n, e));
    }
    *worst = fmax(*worst, fusion_check_row(&s->p, &r, work));
out:
    mem_free(q);
    return rc;
}

static int check_output(struct state *s, size_t row, float *values, double *work, double *worst,
                        struct err *e)
{
    const size_t n = s->p.n;
    float *x = values, *w = x + n, *u = w + n;
    struct fusion_output o = { .x = x, .g = s->g, .w = w, .u = u };
    const bool apart = s->p.chain == FUSION_NORM_MATVEC && !s->p.fused;
    int rc = 0;

    tile_values(&s->x, 0, x, n);
    tile_values(&s->w, row * n, w, n);
    if (s->d_u)
        tile_values(&s->u, row * n, u, n);
    TRY(fetch(s, apart ? s->d_gate : s->d_y, row, &o.y, 1, e));
    *worst = fmax(*worst, fusion_check_output(&s->p, &o, work));
out:
    return rc;
}

/* What a check could take for a result goes before the first one; later it sees what the timed
 * repetitions left. */
static int poison(struct state *s, struct err *e)
{
    const size_t size = (size_t)dtype_info(s->p.dtype)->bytes;
    const size_t rows = s->p.rows * s->p.n * size, outputs = s->p.outputs * size;
    int rc = 0;

    TRY(gpu_fill(s->d_sum, 0xff, rows, stream_of(s), e));
    TRY(gpu_fill(s->d_y, 0xff, rows > outputs ? rows : outputs, stream_of(s), e));
    TRY(gpu_fill(s->d_gate, 0xff, outputs, stream_of(s), e));
    if (s->d_q)
        TRY(gpu_fill(s->d_q, 0x55, s->p.rows * s->p.n, stream_of(s), e));
    TRY(once(NULL, s, e));
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const bool rows = fusion_of_rows(s->p.chain);
    const size_t of = rows ? s->p.rows : s->p.outputs, most = rows ? CHECKED_ROWS : CHECKED_OUTPUTS;
    double *work = mem_calloc(2 * s->p.n, sizeof(*work));
    float *values = mem_calloc(4 * s->p.n, sizeof(*values));
    int rc = 0;

    if (!work || !values) {
        rc = ERR(e, ERR_NOMEM, "no memory for a reference of %zu values", s->p.n);
        goto out;
    }
    snprintf(c->check.reference, sizeof(c->check.reference),
             "the formulas in F64; error over the bound derived from the roundings");
    c->check.error = 0;
    c->check.tolerance = 1;
    TRY(gpu_enter(s->gpu, e));
    if (!s->verified)
        TRY(poison(s, e));
    s->verified = true;
    for (size_t k = 0; k < most; k++)
        TRY((rows ? check_row : check_output)(s, (of - 1) * k / (most - 1), values, work,
                                              &c->check.error, e));
    if (!(c->check.error <= c->check.tolerance))
        rc = ERR(e, ERR_MISMATCH, "%s is off by %.3g times what rounding explains", c->variant,
                 c->check.error);
out:
    mem_free(work);
    mem_free(values);
    return rc;
}

/* What bounds a mix of reads and writes: copying, or where reads are the more, reading, which is
 * what memory does fastest. */
static const char *op_of(enum fusion_chain chain)
{
    if (!fusion_of_rows(chain))
        return "read";
    return chain == FUSION_ADD_NORM_QUANT ? "read" : "copy";
}

static struct copy_limit limit_of(const struct bench_ctx *c, const struct state *s)
{
    const char *timing = params_text(c->params, "timing");

    return (struct copy_limit){ .gpu = s->gpu,
                                .op = op_of(s->p.chain),
                                .bytes = fusion_bytes_needed(&s->p),
                                .cold = strcmp(timing, "isolated-cold") == 0,
                                .launches = strcmp(timing, "graph") == 0 };
}

static enum work_memory memory(const struct bench_ctx *c, const void *state)
{
    const struct copy_limit l = limit_of(c, state);

    return copy_limit_memory(&l);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct copy_limit l = limit_of(c, state);

    return copy_limit_add(c, &l, out, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;
    struct err ignored = { 0 };

    (void)c;
    tile_free(&s->x);
    tile_free(&s->add);
    tile_free(&s->w);
    tile_free(&s->u);
    mem_free(s->g);
    mem_free(s->bias);
    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    gpu_free(s->d_x);
    gpu_free(s->d_add);
    gpu_free(s->d_w);
    gpu_free(s->d_u);
    gpu_free(s->d_sum);
    gpu_free(s->d_y);
    gpu_free(s->d_gate);
    gpu_free(s->d_up);
    gpu_free(s->d_q);
    gpu_free(s->d_scale);
    gpu_free(s->d_g);
    gpu_free(s->d_bias);
}

const struct fusion_half fusion_on_gpu = { .state_size = sizeof(struct state),
                                           .setup = setup,
                                           .verify = verify,
                                           .once = once,
                                           .limit = limit,
                                           .memory = memory,
                                           .teardown = teardown };
