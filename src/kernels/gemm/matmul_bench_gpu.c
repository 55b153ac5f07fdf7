/* matmul_bench_gpu.c - kernels.gemm on a GPU.
 *
 * Rows of W and tokens of X are `distinct` ones, again and again, a prime number of them, so that
 * one taken for another is seen; making them all would take longer than measuring. */
#include "kernels/gemm/matmul_bench_gpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"

enum { DISTINCT = 127, DISTINCT_X = 131, SAMPLES = 512, LANES = 8 };

/* Has any variant code for weights of this type? */
static bool has(enum dtype t)
{
    return t != DTYPE_F32 && t != DTYPE_TQ1_0;
}

bool matmul_bench_gpu_exists(const struct params *p)
{
    int n;
    const struct matmul_gpu_variant *v = matmul_gpu_variants(&n);

    return has((enum dtype)params_get(p, "dtype")) && gpu_variant_exists(p, v, sizeof(*v), n);
}

static size_t padded(size_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

static uint16_t narrow(enum dtype t, float x)
{
    return t == DTYPE_BF16 ? f32_to_bf16(x) : f32_to_f16(x);
}

static float widen(enum dtype t, uint16_t x)
{
    return t == DTYPE_BF16 ? bf16_to_f32(x) : f16_to_f32(x);
}

static int make_distinct(struct bench_ctx *c, struct matmul_bench_gpu *s, struct err *e)
{
    size_t cols = s->w.cols, ldx = s->args.ldx;
    float *row = mem_calloc(cols, sizeof(*row));
    uint8_t *p = mem_calloc(s->distinct, s->w.row_bytes);
    struct rng rng;

    s->w.data = p;
    s->x = mem_calloc(s->distinct_x * ldx, sizeof(*s->x));
    if (!row || !p || !s->x) {
        mem_free(row);
        return ERR(e, ERR_NOMEM, "no memory for rows of %zu values", cols);
    }
    rng_init(&rng, c->seed, 0);
    for (size_t r = 0; r < s->distinct; r++) {
        for (size_t i = 0; i < cols; i++)
            row[i] =
                (float)(dtype_info(s->w.dtype)->ternary ? (double)rng_below(&rng, 3) - 1
                                                        : rng_normal(&rng) / sqrt((double)cols));
        dtype_from_f32(s->w.dtype, row, p + r * s->w.row_bytes, cols);
    }
    for (size_t t = 0; t < s->distinct_x; t++)
        for (size_t i = 0; i < cols; i++)
            s->x[t * ldx + i] = narrow(s->args.dtype, (float)rng_normal(&rng));
    mem_free(row);
    return 0;
}

/* `rows` rows, `distinct` of them again and again. */
static int repeat(void *d_to, const void *from, size_t rows, size_t distinct, size_t row_bytes,
                  gpu_stream stream, struct err *e)
{
    int rc = 0;

    for (size_t r = 0; r < rows; r += distinct) {
        size_t n = rows - r < distinct ? rows - r : distinct;

        TRY(gpu_to_device((uint8_t *)d_to + r * row_bytes, from, n * row_bytes, stream, e));
    }
out:
    return rc;
}

static int make_device(struct matmul_bench_gpu *s, struct err *e)
{
    gpu_stream stream = gpu_stream_of(s->gpu);
    size_t file = s->w.rows * s->w.row_bytes, x_row = s->args.ldx * sizeof(uint16_t);
    size_t y = s->args.tokens * s->args.ldy * sizeof(uint16_t);
    void *d_file = NULL;
    int rc = 0;

    TRY(gpu_memory_need(file + s->args.w.bytes + s->args.tokens * x_row + y, "the matrices", e));
    TRY(gpu_alloc(&s->d_w, s->args.w.bytes, e));
    TRY(gpu_alloc(&s->d_x, s->args.tokens * x_row, e));
    TRY(gpu_alloc(&s->d_y, y, e));
    TRY(gpu_alloc(&d_file, file, e));
    TRY(repeat(d_file, s->w.data, s->w.rows, s->distinct, s->w.row_bytes, stream, e));
    TRY(planes_make(&s->args.w, d_file, s->d_w, stream, e));
    TRY(repeat(s->d_x, s->x, s->args.tokens, s->distinct_x, x_row, stream, e));
    s->args.w.d = s->d_w;
    s->args.d_x = s->d_x;
    s->args.d_y = s->d_y;
    TRY(gpu_sync(stream, e));
out:
    gpu_free(d_file);
    return rc;
}

static int run_chosen(struct matmul_bench_gpu *s, struct err *e)
{
    return s->v[s->chosen]->run(s->self[s->chosen], &s->args, gpu_stream_of(s->gpu), e);
}

static int try_one(struct bench_ctx *c, void *self, int i, struct err *e)
{
    struct matmul_bench_gpu *s = self;

    (void)c;
    s->chosen = s->tries[i][0];
    s->v[s->chosen]->choose(s->self[s->chosen], s->tries[i][1]);
    return run_chosen(s, e);
}

/* Open what the GPU runs and the axis asks for; where several are open, one that has not what the
 * shape needs is left out. */
static int open_variants(struct bench_ctx *c, struct matmul_bench_gpu *s, int *n_tries,
                         struct err *e)
{
    int capability = gpu_properties_of(s->gpu)->capability, which[PICK_MAX], n, rc = 0;
    const struct matmul_gpu_variant *v = matmul_gpu_variants(&n);
    struct err last = { 0 };

    *n_tries = 0;
    TRY(n = gpu_variant_candidates(c->params, v, sizeof(*v), n, capability, which, e));
    for (int i = 0; i < n && s->n_open < MATMUL_BENCH_OPEN; i++) {
        int k = s->n_open, ways;

        last = (struct err){ 0 };
        rc = v[which[i]].open(&s->self[k], s->gpu, &s->args, &last);
        if (rc < 0 && rc != ERR_NOTSUP) {
            *e = last;
            return rc;
        }
        if (rc < 0)
            continue;
        s->v[s->n_open++] = &v[which[i]];
        ways = s->v[k]->ways(s->self[k]);
        for (int w = 0; w < ways && *n_tries < PICK_MAX; w++, ++*n_tries) {
            s->tries[*n_tries][0] = k;
            s->tries[*n_tries][1] = w;
        }
    }
    rc = 0;
    if (s->n_open == 0) {
        *e = last;
        rc = ERR_NOTSUP;
    }
out:
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct matmul_bench_gpu *s = state;
    enum dtype t = (enum dtype)params_get(c->params, "dtype");
    size_t rows = (size_t)params_get(c->params, "rows");
    size_t cols = (size_t)params_get(c->params, "cols");
    int n_tries, best = 0, rc = 0;

    s->gpu = c->device_handle;
    s->w = (struct weight){ t, rows, cols, dtype_row_bytes(t, cols), NULL };
    s->args.tokens = (size_t)params_get(c->params, "tokens");
    s->args.dtype = t == DTYPE_BF16 ? DTYPE_BF16 : DTYPE_F16;
    s->args.ldx = padded(cols);
    s->args.ldy = padded(rows);
    s->distinct = rows < DISTINCT ? rows : DISTINCT;
    s->distinct_x = s->args.tokens < DISTINCT_X ? s->args.tokens : DISTINCT_X;
    TRY(gpu_enter(s->gpu, e));
    TRY(planes_describe(t, rows, cols, &s->args.w, e));
    TRY(make_distinct(c, s, e));
    TRY(make_device(s, e));
    TRY(open_variants(c, s, &n_tries, e));
    TRY(pick_fastest(c, n_tries, try_one, s, &best, e));
    s->chosen = s->tries[best][0];
    s->v[s->chosen]->choose(s->self[s->chosen], s->tries[best][1]);
    snprintf(c->variant, sizeof(c->variant), "%s, %.40s", s->v[s->chosen]->is.name,
             s->v[s->chosen]->name_of_way(s->self[s->chosen]));
    snprintf(c->inputs, sizeof(c->inputs), "normal, %zu rows and %zu tokens differ, seed %llu",
             s->distinct, s->distinct_x, (unsigned long long)c->seed);
    result_note(c->result, "the fastest of %d ways", n_tries);
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    return run_chosen(state, e);
}

/* One output against F64.  Factors are exact, but for quantised weights, which become F16: off by
 * half a unit of its last place, or of its least number; tensor cores may cut off what they add, so
 * every one of the cols additions and roundings counts a whole unit of F32 (Higham 2002, 3.1); at
 * the end Y is rounded once. */
static int check_one(struct matmul_bench_gpu *s, const uint16_t *y, size_t r, size_t t,
                     float *buffer, struct check *check, struct err *e)
{
    double unit = s->args.dtype == DTYPE_BF16 ? 0x1p-8 : 0x1p-11, want = 0, size = 0, sum_x = 0,
           bound;
    double got = (double)widen(s->args.dtype, y[t * s->args.ldy + r]), error;
    const uint16_t *x = s->x + t % s->distinct_x * s->args.ldx;

    dtype_to_f32(s->w.dtype, (const uint8_t *)s->w.data + r % s->distinct * s->w.row_bytes, buffer,
                 s->w.cols);
    for (size_t i = 0; i < s->w.cols; i++) {
        double term = (double)buffer[i] * (double)widen(s->args.dtype, x[i]);

        want += term;
        size += fabs(term);
        sum_x += fabs((double)widen(s->args.dtype, x[i]));
    }
    bound = ((double)s->w.cols + 2) * 0x1p-23 * size;
    if (s->w.dtype != s->args.dtype)
        bound += 0x1p-11 * size + 0x1p-25 * sum_x;
    bound += unit * (fabs(want) + bound) + 0x1p-25;
    error = fabs(got - want) / bound;
    if (!(error <= check->error))
        check->error = error;
    if (!(error <= check->tolerance))
        return ERR(e, ERR_MISMATCH, "row %zu, token %zu is %.9g, not %.9g +- %.2g", r, t, got, want,
                   bound);
    return 0;
}

/* No output may be what was there before, NaN; and all have the bits of the time before. */
static int check_whole(struct matmul_bench_gpu *s, const uint16_t *y, struct err *e)
{
    uint64_t mark = 0;

    for (size_t t = 0; t < s->args.tokens; t++)
        for (size_t r = 0; r < s->w.rows; r++) {
            uint16_t bits = y[t * s->args.ldy + r];

            if (bits == 0xffff)
                return ERR(e, ERR_MISMATCH, "row %zu, token %zu is not written", r, t);
            mark = (mark ^ bits) * UINT64_C(0x100000001b3); /* FNV-1a */
        }
    if (s->marked && mark != s->mark)
        return ERR(e, ERR_MISMATCH, "other bits than before of the same factors");
    s->mark = mark;
    s->marked = true;
    return 0;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct matmul_bench_gpu *s = state;
    size_t bytes = s->args.tokens * s->args.ldy * sizeof(uint16_t);
    float *buffer = mem_calloc(s->w.cols, sizeof(*buffer));
    uint16_t *y = mem_calloc(1, bytes);
    struct rng rng;
    int rc = 0;

    if (!y || !buffer) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu bytes of outputs", bytes);
        goto out;
    }
    TRY(gpu_enter(s->gpu, e));
    TRY(gpu_fill(s->d_y, 0xff, bytes, gpu_stream_of(s->gpu), e));
    TRY(run_chosen(s, e));
    TRY(gpu_to_host(y, s->d_y, bytes, gpu_stream_of(s->gpu), e));
    snprintf(c->check.reference, sizeof(c->check.reference),
             "F64, %d outputs, in units of the path's error bound", SAMPLES);
    c->check.error = 0;
    c->check.tolerance = 1;
    rng_init(&rng, c->seed, 1);
    TRY(check_one(s, y, s->w.rows - 1, s->args.tokens - 1, buffer, &c->check, e));
    for (int i = 1; i < SAMPLES; i++)
        TRY(check_one(s, y, (size_t)rng_below(&rng, s->w.rows),
                      (size_t)rng_below(&rng, s->args.tokens), buffer, &c->check, e));
    TRY(check_whole(s, y, e));
out:
    mem_free(buffer);
    mem_free(y);
    return rc;
}

static double bytes_of(const struct matmul_bench_gpu *s)
{
    return (double)(s->w.rows * s->w.row_bytes) +
           2.0 * (double)s->args.tokens * (double)(s->w.cols + s->w.rows);
}

static bool in_l2(const struct matmul_bench_gpu *s)
{
    return bytes_of(s) <= (double)gpu_properties_of(s->gpu)->l2_bytes;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct matmul_bench_gpu *s = state;

    (void)c;
    w->flops = 2 * (double)s->w.rows * (double)s->w.cols * (double)s->args.tokens;
    w->bytes[in_l2(s) ? WORK_CACHE : WORK_DRAM] = bytes_of(s);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    struct matmul_bench_gpu *s = state;
    struct work w = { 0 };
    int rc = 0;

    work(c, s, &w);
    TRY(limit_measured(
        c, out, "silicon.compute",
        s->args.dtype == DTYPE_BF16 ? "dtype=bf16 path=loop" : "dtype=fp16 path=loop", 1, e));
    TRY(limit_measured(c, out, "silicon.memory",
                       in_l2(s) ? "op=read level=l2 threads=all" : "op=read level=hbm threads=all",
                       w.flops / bytes_of(s), e));
out:
    return rc;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct matmul_bench_gpu *s = state;
    struct err ignored = { 0 };
    void *data;

    (void)c;
    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    for (int i = 0; i < s->n_open; i++)
        s->v[i]->close(s->self[i]);
    gpu_free(s->d_w);
    gpu_free(s->d_x);
    gpu_free(s->d_y);
    memcpy(&data, &s->w.data, sizeof(data)); /* ours, though a weight's data are read only */
    mem_free(data);
    mem_free(s->x);
    *s = (struct matmul_bench_gpu){ 0 };
}

const struct variant_hooks matmul_bench_gpu_hooks = {
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
