/* gemv_bench_gpu.c - kernels.gemv on a GPU.
 *
 * With weights=large the copies of the matrix that a repetition goes through are four times what
 * the L2 holds.  Encoding a large matrix would take longer than measuring it: its rows are
 * `distinct` ones, again and again, a prime number of them so that a row taken for another one is
 * seen. */
#include "kernels/gemv/gemv_bench_gpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "kernels/gemm/matmul_reference.h"

enum { LARGE, RESIDENT };
enum { DISTINCT = 127, SAMPLES = 256, TIMES_L2 = 4, LAUNCHES_MOST = 1024, PASSES_RESIDENT = 16 };
enum { GRAPH_NODES = 2000 };

bool gemv_bench_gpu_exists(const struct params *p)
{
    enum dtype t = (enum dtype)params_get(p, "dtype");
    int n;
    const struct gemv_gpu_variant *v = gemv_gpu_variants(&n);

    return gemv_gpu_has(t) && gpu_variant_exists(p, v, sizeof(*v), n) &&
           (params_get(p, "act") == GEMV_BENCH_READY ||
            (params_get(p, "act") == GEMV_BENCH_SEPARATE && act_kind_of(t) != ACT_F32) ||
            gemv_gpu_fuses(t, (size_t)params_get(p, "cols")));
}

static size_t file_bytes(const struct gemv_bench_gpu *s)
{
    return s->w.rows * s->w.row_bytes;
}

static int choose_copies(struct bench_ctx *c, struct gemv_bench_gpu *s, struct err *e)
{
    size_t l2 = gpu_properties_of(s->gpu)->l2_bytes, one = s->args.w.bytes;

    s->copies = 1;
    s->passes = PASSES_RESIDENT;
    if (params_get(c->params, "weights") == LARGE) {
        if (l2 == 0)
            return ERR(e, ERR_NOTSUP, "the size of this GPU's L2 is not known");
        s->copies = (TIMES_L2 * l2 + one - 1) / one;
        s->passes = 1;
    }
    if (s->copies > LAUNCHES_MOST)
        return ERR(e, ERR_NOTSUP,
                   "a matrix of %zu KiB would need %zu copies to leave the L2 behind: weights="
                   "resident measures it",
                   one >> 10, s->copies);
    c->max_reps = GRAPH_NODES / (s->copies * s->passes * (s->quantize ? 2 : 1));
    c->max_reps = c->max_reps > 0 ? c->max_reps : 1;
    return gpu_memory_need(s->copies * one + file_bytes(s), "the matrix and its copies", e);
}

static int make_distinct(struct bench_ctx *c, struct gemv_bench_gpu *s, struct err *e)
{
    float *row = mem_calloc(s->w.cols, sizeof(*row));
    uint8_t *p = mem_calloc(s->distinct, s->w.row_bytes);
    bool ternary = dtype_info(s->w.dtype)->ternary;
    double scale = 1 / sqrt((double)s->w.cols);
    struct rng rng;

    s->w.data = p;
    if (!row || !p) {
        mem_free(row);
        return ERR(e, ERR_NOMEM, "no memory for %zu rows of %zu values", s->distinct, s->w.cols);
    }
    rng_init(&rng, c->seed, 0);
    for (size_t r = 0; r < s->distinct; r++) {
        for (size_t i = 0; i < s->w.cols; i++)
            row[i] = (float)(ternary ? (double)rng_below(&rng, 3) - 1 : rng_normal(&rng) * scale);
        dtype_from_f32(s->w.dtype, row, p + r * s->w.row_bytes, s->w.cols);
    }
    mem_free(row);
    return 0;
}

static int make_weights(struct bench_ctx *c, struct gemv_bench_gpu *s, struct err *e)
{
    gpu_stream stream = gpu_stream_of(s->gpu);
    size_t one = s->args.w.bytes;
    uint8_t *d_file = NULL;
    void *d = NULL;
    int rc = 0;

    TRY(make_distinct(c, s, e));
    TRY(gpu_alloc(&s->d_w, s->copies * one, e));
    TRY(gpu_alloc(&d, file_bytes(s), e));
    d_file = d;
    for (size_t r = 0; r < s->w.rows; r += s->distinct) {
        size_t rows = s->w.rows - r < s->distinct ? s->w.rows - r : s->distinct;

        TRY(gpu_to_device(d_file + r * s->w.row_bytes, s->w.data, rows * s->w.row_bytes, stream,
                          e));
    }
    TRY(gpu_fill(s->d_w, 0, one, stream, e));
    TRY(planes_make(&s->args.w, d_file, s->d_w, stream, e));
    for (size_t i = 1; i < s->copies; i++)
        TRY(gpu_copy((uint8_t *)s->d_w + i * one, s->d_w, one, stream, e));
    TRY(gpu_sync(stream, e));
out:
    gpu_free(d);
    return rc;
}

static int make_vectors(struct bench_ctx *c, struct gemv_bench_gpu *s, struct err *e)
{
    enum act_kind kind = act_kind_of(s->w.dtype);
    struct act_gpu act = act_gpu_describe(kind, s->w.cols);
    gpu_stream stream = gpu_stream_of(s->gpu);
    size_t n = (size_t)s->args.n, ldx = s->args.ldx, coded = act_gpu_bytes(kind, s->w.cols, n);
    struct rng rng;
    float *x;
    uint8_t *p;
    int rc = 0;

    TRY(region_map(&s->host, coded + n * ldx * sizeof(float), e));
    p = s->host.p;
    x = (float *)(void *)(p + coded);
    rng_init(&rng, c->seed, 1);
    for (size_t t = 0; t < n; t++, x += ldx) {
        for (size_t i = 0; i < s->w.cols; i++)
            x[i] = (float)rng_normal(&rng);
        act_quantize(kind, x, s->w.cols, p + t * act.stride, &s->act[t]);
    }
    TRY(gpu_alloc(&s->d_x, n * ldx * sizeof(float), e));
    TRY(gpu_to_device(s->d_x, p + coded, n * ldx * sizeof(float), stream, e));
    s->args.d_x = s->d_x;
    TRY(gpu_alloc(&s->d_act, coded + 1, e));
    act.d = s->d_act;
    s->args.act = act;
    if (kind != ACT_F32)
        TRY(act_gpu_quantize(&act, s->args.d_x, ldx, s->args.n, stream, e));
    TRY(gpu_alloc(&s->d_y, s->copies * n * s->w.rows * sizeof(float), e));
    s->args.d_y = s->d_y;
    s->args.ldy = s->w.rows;
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct gemv_bench_gpu *s = state;
    gpu_stream stream = gpu_stream_of(s->gpu);
    int rc = 0;

    (void)c;
    for (size_t pass = 0; pass < s->passes; pass++)
        for (size_t copy = 0; copy < s->copies; copy++) {
            struct gemv_gpu_args a = s->args;

            a.w.d = (const uint8_t *)s->d_w + copy * a.w.bytes;
            a.d_y += copy * (size_t)a.n * a.ldy;
            if (s->quantize)
                TRY(act_gpu_quantize(&a.act, a.d_x, a.ldx, a.n, stream, e));
            TRY(s->v->run(&a, stream, e));
        }
out:
    return rc;
}

struct tries {
    struct gemv_bench_gpu *s;
    int which[PICK_MAX];
};

static int try_one(struct bench_ctx *c, void *self, int i, struct err *e)
{
    struct tries *t = self;

    int n;

    t->s->v = &gemv_gpu_variants(&n)[t->which[i]];
    return once(c, t->s, e);
}

static int choose_variant(struct bench_ctx *c, struct gemv_bench_gpu *s, struct err *e)
{
    int capability = gpu_properties_of(s->gpu)->capability, n, best = 0, rc = 0;
    const struct gemv_gpu_variant *v = gemv_gpu_variants(&n);
    struct tries t = { .s = s };

    TRY(n = gpu_variant_candidates(c->params, v, sizeof(*v), n, capability, t.which, e));
    TRY(pick_fastest(c, n, try_one, &t, &best, e));
    s->v = &v[t.which[best]];
    snprintf(c->variant, sizeof(c->variant), "%s, %s", s->v->is.name,
             act_kind_name(act_kind_of(s->w.dtype)));
out:
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct gemv_bench_gpu *s = state;
    enum dtype t = (enum dtype)params_get(c->params, "dtype");
    size_t rows = (size_t)params_get(c->params, "rows"), cols;
    int rc = 0;

    s->gpu = c->device_handle;
    cols = (size_t)params_get(c->params, "cols");
    s->w = (struct weight){ t, rows, cols, dtype_row_bytes(t, cols), NULL };
    s->distinct = rows < DISTINCT ? rows : DISTINCT;
    s->args.n = (int)params_get(c->params, "tokens");
    s->args.ldx = (cols + 3) / 4 * 4;
    s->args.multiprocessors = gpu_properties_of(s->gpu)->multiprocessors;
    s->quantize = params_get(c->params, "act") == GEMV_BENCH_SEPARATE;
    s->args.quantize = params_get(c->params, "act") == GEMV_BENCH_FUSED;
    TRY(gpu_enter(s->gpu, e));
    TRY(planes_describe(t, rows, cols, &s->args.w, e));
    TRY(choose_copies(c, s, e));
    TRY(make_weights(c, s, e));
    s->args.w.d = s->d_w;
    TRY(make_vectors(c, s, e));
    TRY(choose_variant(c, s, e));
    snprintf(c->inputs, sizeof(c->inputs), "%s, %zu rows differ, seed %llu",
             dtype_info(t)->ternary ? "weights -1, 0, 1, vectors normal" : "normal", s->distinct,
             (unsigned long long)c->seed);
    result_note(c->result, "%.1f MB of weights in %zu cop%s",
                (double)(s->copies * s->args.w.bytes) * 1e-6, s->copies,
                s->copies == 1 ? "y" : "ies");
out:
    return rc;
}

/* One output of the first copy against F64, on what the kernel was given. */
static int check_one(struct gemv_bench_gpu *s, const float *y, size_t r, int t, float *buffer,
                     struct check *check, struct err *e)
{
    double want, bound, got = (double)y[(size_t)t * s->w.rows + r], error;

    matmul_reference(&s->w, r % s->distinct, &s->act[t], 1, 0, &want, &bound, buffer);
    error = fabs(got - want) / bound;
    if (!(error <= check->error))
        check->error = error;
    if (!(error <= check->tolerance))
        return ERR(e, ERR_MISMATCH, "row %zu, vector %d is %.9g, not %.9g +- %.2g", r, t, got, want,
                   bound);
    return 0;
}

static int check_all(struct bench_ctx *c, struct gemv_bench_gpu *s, const float *y, struct err *e)
{
    size_t outputs = (size_t)s->args.n * s->w.rows;
    float *buffer = mem_calloc(s->w.cols, sizeof(*buffer));
    struct rng rng;
    int rc = 0;

    if (!buffer)
        return ERR(e, ERR_NOMEM, "no memory for a row of %zu values", s->w.cols);
    rng_init(&rng, c->seed, 2);
    TRY(check_one(s, y, s->w.rows - 1, s->args.n - 1, buffer, &c->check, e));
    for (int i = 1; i < SAMPLES; i++)
        TRY(check_one(s, y, (size_t)rng_below(&rng, s->w.rows),
                      (int)rng_below(&rng, (uint64_t)s->args.n), buffer, &c->check, e));
    for (size_t copy = 1; copy < s->copies; copy++)
        if (memcmp(y, y + copy * outputs, outputs * sizeof(*y)) != 0) {
            rc = ERR(e, ERR_MISMATCH, "copy %zu of the matrix gives other bits than the first",
                     copy);
            goto out;
        }
out:
    mem_free(buffer);
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct gemv_bench_gpu *s = state;
    gpu_stream stream = gpu_stream_of(s->gpu);
    size_t bytes = s->copies * (size_t)s->args.n * s->w.rows * sizeof(float);
    float *y = mem_calloc(1, bytes);
    int rc = 0;

    if (!y)
        return ERR(e, ERR_NOMEM, "no memory for %zu bytes of outputs", bytes);
    snprintf(c->check.reference, sizeof(c->check.reference),
             "F64, %d outputs, in units of F32's error bound", SAMPLES);
    c->check.error = 0;
    c->check.tolerance = 1;
    TRY(gpu_enter(s->gpu, e));
    TRY(gpu_fill(s->d_y, 0xff, bytes, stream, e));
    TRY(once(c, s, e));
    TRY(gpu_to_host(y, s->d_y, bytes, stream, e));
    TRY(check_all(c, s, y, e));
out:
    mem_free(y);
    return rc;
}

/* Of one product: weights as they lie in a file, vectors as they are given, outputs. */
static double bytes_of(const struct gemv_bench_gpu *s)
{
    bool floats = s->quantize || s->args.quantize || s->args.act.stride == 0;
    size_t vector = floats ? s->w.cols * sizeof(float) : s->args.act.stride;

    return (double)file_bytes(s) + (double)s->args.n * (double)(vector + s->w.rows * sizeof(float));
}

static bool in_l2(const struct gemv_bench_gpu *s)
{
    return (double)s->copies * bytes_of(s) <= (double)gpu_properties_of(s->gpu)->l2_bytes;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct gemv_bench_gpu *s = state;
    double products = (double)s->copies * (double)s->passes;

    (void)c;
    w->flops = products * 2 * (double)s->w.rows * (double)s->w.cols * s->args.n;
    w->bytes[in_l2(s) ? WORK_CACHE : WORK_DRAM] = products * bytes_of(s);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    struct gemv_bench_gpu *s = state;
    double flops = 2 * (double)s->w.rows * (double)s->w.cols * s->args.n;
    int rc = 0;

    TRY(limit_measured(c, out, "silicon.memory",
                       in_l2(s) ? "op=read level=l2 threads=all" : "op=read level=hbm threads=all",
                       1, e));
    if (act_kind_of(s->w.dtype) == ACT_F32)
        TRY(limit_measured(c, out, "silicon.compute", "dtype=fp32 path=fma", bytes_of(s) / flops,
                           e));
out:
    return rc;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct gemv_bench_gpu *s = state;
    void *d[] = { s->d_w, s->d_x, s->d_act, s->d_y };
    struct err ignored = { 0 };
    void *data;

    (void)c;
    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
        gpu_free(d[i]);
    memcpy(&data, &s->w.data, sizeof(data)); /* ours, though a weight's data are read only */
    mem_free(data);
    region_unmap(&s->host);
    *s = (struct gemv_bench_gpu){ 0 };
}

const struct variant_hooks gemv_bench_gpu_hooks = {
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
