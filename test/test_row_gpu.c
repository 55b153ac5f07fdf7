/* Kernels on rows in a GPU's memory: every variant and type against F64, and wrong ones. */
#include "gpu_parity.h"

#if HAVE_CUDA
#include "kernels/activation/activation_gpu.h"
#include "kernels/norm/norm.h"
#include "kernels/norm/norm_gpu.h"
#include "kernels/rope/rope_gpu.h"
#include "kernels/softmax/softmax.h"
#include "kernels/softmax/softmax_gpu.h"

/* Rows, values of a row, values between the rows. */
static const struct parity_shape shapes[] = {
    { .what = "one", .dim = { 1, 1 } },
    { .what = "tail", .dim = { 3, 15 } },
    { .what = "vector", .dim = { 2, 16 } },
    { .what = "odd", .dim = { 5, 67, 3 }, .gap = 4 },
    { .what = "model", .dim = { 9, 576 } },
    { .what = "model, apart", .dim = { 4, 896, 64 }, .gap = 16 },
    { .what = "misaligned", .dim = { 3, 1024 }, .gap = 4 },
    { .what = "block", .dim = { 17, 4096 } },
    { .what = "long", .dim = { 2, 8192 } },
    { .what = "long, tail", .dim = { 2, 16387, 1 } },
    { .what = "longer than registers", .dim = { 1, 65536 } },
    { .what = "many", .dim = { 300, 128 } },
};
static const struct parity_shape logits[] = {
    { .what = "one", .dim = { 1, 1 } },
    { .what = "tail", .dim = { 3, 15 } },
    { .what = "odd", .dim = { 5, 67, 3, 700 }, .gap = 4 },
    { .what = "attention", .dim = { 130, 4096 } },
    { .what = "misaligned", .dim = { 3, 1024 }, .gap = 4 },
    { .what = "saturated", .dim = { 4, 4099, 0, 30000 } },
    { .what = "vocabulary", .dim = { 2, 50257 } },
    { .what = "vocabulary", .dim = { 2, 151936 } },
    { .what = "longer than registers", .dim = { 1, 300000 } },
};

enum { RIGHT, TAIL, TOO_LONG, INACCURATE, LOSES_NAN, OTHER, WAYS };
static const char *const ways[] = { "right",      "tail",      "one too long",
                                    "inaccurate", "loses NaN", "other operation" };

static gpu_stream stream;
/* Under a sanitizer (any argument): small shapes, nothing wrong on purpose; with a second one of
 * F16 alone. */
static bool small, one_type;
static int capability, way;
static enum dtype dtype;

/* What a case asks for, and where its answer is; all rows, without gaps. */
struct call {
    const struct parity_case *c;
    struct parity_report *r;
    size_t rows, n, stride, gap;
    float *x, *other, *y; /* what goes in, what comes out */
    double *want, *tol;
};

/* Large shapes meet two kinds of inputs only: making them takes longer than the GPU's part. */
static bool left_out(const struct parity_case *c)
{
    enum { LARGE = 1 << 14 };

    return c->shape->dim[0] * c->shape->dim[1] > LARGE && c->input != PARITY_RANDOM &&
           c->input != PARITY_NAN;
}

static struct call call_new(const struct parity_case *c, struct parity_report *r)
{
    const size_t *dim = c->shape->dim, values = dim[0] * dim[1];
    struct call k = {
        .c = c, .r = r, .rows = dim[0], .n = dim[1], .stride = dim[1] + dim[2], .gap = c->shape->gap
    };

    k.x = calloc(3 * values, sizeof(float));
    k.want = calloc(2 * values, sizeof(double));
    if (!k.x || !k.want)
        exit(1);
    k.other = k.x + values;
    k.y = k.other + values;
    k.tol = k.want + values;
    for (size_t i = 0; i < k.rows; i++) { /* a NaN in every row */
        struct parity_case row = *c;

        row.seed = c->seed + 1000 * i;
        gpu_parity_fill(k.x + i * k.n, k.n, dtype, &row, 0);
        row.input = PARITY_RANDOM;
        gpu_parity_fill(k.other + i * k.n, k.n, dtype, &row, 1);
    }
    return k;
}

static void call_free(struct call *k)
{
    free(k->x);
    free(k->want);
}

/* How much of a row the kernel is told to do. */
static size_t told(const struct call *k)
{
    if (way == TAIL)
        return k->n - (k->n > 1);
    return k->n + (way == TOO_LONG && k->rows == 1);
}

static struct gpu_buffer rows_of(const struct call *k, const float *x)
{
    return gpu_parity_rows(stream, dtype, x, k->rows, k->n, k->stride, k->gap);
}

static struct gpu_buffer floats_of(const float *x, size_t n, size_t gap)
{
    return gpu_parity_rows(stream, DTYPE_F32, x, 1, n, n, gap);
}

/* Poisoned. */
static struct gpu_buffer out_of(const struct call *k)
{
    return gpu_buffer_new(stream, ((k->rows - 1) * k->stride + k->n) * gpu_parity_size(dtype),
                          k->gap);
}

/* The output against want, to which the rounding to the type is added. */
static void compare(struct call *k, const struct gpu_buffer *out)
{
    gpu_parity_get(out, dtype, k->y, k->rows, k->n, k->stride, k->c, k->r);
    for (size_t i = 0; i < k->rows * k->n; i++) {
        if (way == INACCURATE)
            k->y[i] *= dtype == DTYPE_BF16 ? 1.02f : dtype == DTYPE_F16 ? 1.005f : 1.00005f;
        if (way == LOSES_NAN && isnan(k->y[i]))
            k->y[i] = 0;
        k->tol[i] += 1.01 * gpu_parity_rounding(dtype, k->want[i]);
        if (fabs(k->want[i]) + k->tol[i] > gpu_parity_most(dtype))
            k->want[i] = copysign(INFINITY, k->want[i]);
    }
    parity_values(k->c, k->r, k->y, k->want, k->tol, k->rows * k->n);
}

/* ---- norm */

static bool layer, adds, codes;
static const float eps = 1e-5f;

/* As test_norm.c has it, with a chain of n / 32 + 8 additions, and of the sum with `add`. */
static void norm_answer(struct call *k, size_t row, const float *g, const float *b)
{
    const float *x = k->x + row * k->n;
    double *want = k->want + row * k->n, *tol = k->tol + row * k->n;
    const double u = 0x1p-24, m = (double)k->n / 32 + 8;
    double sum = 0, squares = 0, size = 0, off, relative;
    bool out;

    if (layer)
        norm_reference_layer(x, g, b, (double)eps, want, k->n);
    else
        norm_reference_rms(x, g, (double)eps, want, k->n);
    for (size_t i = 0; layer && i < k->n; i++) {
        sum += (double)x[i];
        size += fabs((double)x[i]);
    }
    for (size_t i = 0; i < k->n; i++)
        squares += pow((double)x[i] - sum / (double)k->n, 2);
    out = !(squares <= 3.4e38);
    off = 1.01 * m * u * size / (double)k->n;
    squares = squares / (double)k->n + (double)eps;
    relative = off * off / squares + (m + 8) * u;
    for (size_t i = 0; i < k->n; i++) {
        const double scaled = fabs((double)g[i]) / sqrt(squares);

        tol[i] = scaled * (1.01 * off + fabs((double)x[i] - sum / (double)k->n) * relative) +
                 2 * u * fabs(want[i]) + 0x1p-147 * (scaled + 1);
        if (out)
            want[i] = NAN;
    }
}

/* x + add as the kernel has to round it, in place of x; and that it stored just that. */
static void check_sum(struct call *k, const struct gpu_buffer *sum)
{
    void *typed = malloc(k->rows * k->n * gpu_parity_size(dtype));

    if (!typed)
        exit(1);
    for (size_t i = 0; i < k->rows * k->n; i++)
        k->x[i] += k->other[i];
    dtype_from_f32(dtype, k->x, typed, k->rows * k->n);
    dtype_to_f32(dtype, typed, k->x, k->rows * k->n);
    free(typed);
    gpu_parity_get(sum, dtype, k->y, k->rows, k->n, k->stride, k->c, k->r);
    parity_same(k->c, k->r, k->y, k->x, k->rows * k->n);
}

/* q q_scale is norm(s) to half a step; the scale is the largest by 127. */
static void check_codes(struct call *k, const struct gpu_buffer *q, const struct gpu_buffer *scale)
{
    int8_t *code = gpu_buffer_get(q);
    float *step = gpu_buffer_get(scale);

    for (size_t r = 0; r < k->rows; r++) {
        double *want = k->want + r * k->n, *tol = k->tol + r * k->n, most = 0;

        bool nan = false;

        for (size_t i = 0; i < k->n; i++) {
            most = fmax(most, fabs(want[i]) + tol[i]);
            nan |= isnan(want[i]);
        }
        for (size_t i = 0; i < k->n; i++) {
            k->y[r * k->n + i] = (float)code[r * k->n + i] * step[r];
            if (way == INACCURATE)
                k->y[r * k->n + i] *= 1.01f;
            if (way == LOSES_NAN && isnan(k->y[r * k->n + i]))
                k->y[r * k->n + i] = 0;
            tol[i] += most / 127 * (0.5 + 0x1p-16) + 0x1p-120;
            want[i] = nan ? (double)NAN : want[i]; /* the scale is the whole row's */
        }
    }
    parity_values(k->c, k->r, k->y, k->want, k->tol, k->rows * k->n);
    free(code);
    free(step);
}

static void norm_case(int variant, const struct parity_case *c, struct parity_report *r)
{
    struct call k = call_new(c, r);
    float *g = calloc(2 * k.n, sizeof(float)), *b = g + k.n;
    struct gpu_buffer x = rows_of(&k, k.x), other = rows_of(&k, k.other), y = out_of(&k);
    struct gpu_buffer sum = out_of(&k), q = gpu_buffer_new(stream, k.rows * k.n, 0), dg, db;
    struct gpu_buffer q_scale = gpu_buffer_new(stream, k.rows * sizeof(float), 0);
    struct norm_gpu_args a = { .kind = layer && way != OTHER ? NORM_LAYER : NORM_RMS,
                               .dtype = dtype,
                               .rows = k.rows,
                               .n = told(&k),
                               .eps = way == OTHER && !layer ? 0.1f : eps,
                               .x = x.d,
                               .x_stride = k.stride,
                               .y = codes ? NULL : y.d,
                               .y_stride = k.stride };
    struct err e = { 0 };
    int n;

    parity_fill(g, k.n, PARITY_RANDOM, c->seed, 2);
    parity_fill(b, k.n, PARITY_RANDOM, c->seed, 3);
    dg = floats_of(g, k.n, k.gap);
    db = floats_of(b, k.n, k.gap);
    a.g = dg.d;
    a.b = db.d;
    if (adds) {
        a.add = other.d;
        a.sum = sum.d;
        a.add_stride = a.sum_stride = k.stride;
    }
    if (codes) {
        a.q = q.d;
        a.q_scale = q_scale.d;
    }
    gpu_parity_ok(norm_gpu_variants(&n)[variant].run(&a, stream, &e), &e);
    if (adds)
        check_sum(&k, &sum);
    for (size_t i = 0; i < k.rows; i++)
        norm_answer(&k, i, g, b);
    if (codes)
        check_codes(&k, &q, &q_scale);
    else
        compare(&k, &y);
    gpu_buffers_free((struct gpu_buffer *[]){ &x, &other, &y, &sum, &q, &q_scale, &dg, &db }, 8, c,
                     r);
    free(g);
    call_free(&k);
}

static void norm_run(int variant, const struct parity_case *c, struct parity_report *r)
{
    if (!left_out(c))
        norm_case(variant, c, r);
}

static const char *norm_name(int v)
{
    int n;

    return way ? ways[way] : norm_gpu_variants(&n)[v].is.name;
}

/* ---- softmax */

static float scale_of(const struct parity_case *c)
{
    return c->shape->dim[3] ? (float)c->shape->dim[3] / 1000 : 1;
}

static void softmax_answer(struct call *k, size_t row, double scale, double *lse)
{
    const float *x = k->x + row * k->n;
    double *want = k->want + row * k->n, *tol = k->tol + row * k->n, most = -HUGE_VAL, sum = 0;
    const double rest = 54 + (double)k->n / 4096;

    softmax_reference(x, scale, want, k->n);
    for (size_t i = 0; i < k->n; i++)
        most = fmax(most, (double)x[i]);
    for (size_t i = 0; i < k->n; i++) {
        const double t = scale * (most - (double)x[i]);

        tol[i] = (1.5 * (t + log((double)k->n)) + rest) * 0x1p-23 * want[i] + 0x1p-124;
        sum += exp(scale * ((double)x[i] - most));
    }
    *lse = scale * most + log(sum);
}

static void softmax_case(int variant, const struct parity_case *c, struct parity_report *r)
{
    struct call k = call_new(c, r);
    const float scale = scale_of(c);
    double *lse = calloc(2 * k.rows, sizeof(double)), *lse_tol = lse + k.rows;
    struct gpu_buffer x = rows_of(&k, k.x), y = out_of(&k);
    struct gpu_buffer d_lse = gpu_buffer_new(stream, k.rows * sizeof(float), 0);
    struct softmax_gpu_args a = { .dtype = dtype,
                                  .rows = k.rows,
                                  .n = told(&k),
                                  .scale = way == OTHER ? scale * 1.01f : scale,
                                  .x = x.d,
                                  .x_stride = k.stride,
                                  .y = y.d,
                                  .y_stride = k.stride,
                                  .lse = d_lse.d };
    struct err e = { 0 };
    float *got;
    int n;

    gpu_parity_ok(softmax_gpu_variants(&n)[variant].run(&a, stream, &e), &e);
    got = gpu_buffer_get(&d_lse);
    for (size_t i = 0; i < k.rows; i++) {
        softmax_answer(&k, i, (double)scale, &lse[i]);
        lse_tol[i] =
            (1.5 * log((double)k.n) + 28) * 0x1p-23 + 0x1p-22 * (fabs(lse[i]) + log((double)k.n));
    }
    parity_values(c, r, got, lse, lse_tol, k.rows);
    compare(&k, &y);
    free(got);
    free(lse);
    gpu_buffers_free((struct gpu_buffer *[]){ &x, &y, &d_lse }, 3, c, r);
    call_free(&k);
}

static void softmax_run(int variant, const struct parity_case *c, struct parity_report *r)
{
    if (!left_out(c))
        softmax_case(variant, c, r);
}

static const char *softmax_name(int v)
{
    int n;

    return way ? ways[way] : softmax_gpu_variants(&n)[v].is.name;
}

/* ---- activation */

static enum activation function;
static bool biased;

static void activation_case(int variant, const struct parity_case *c, struct parity_report *r)
{
    struct call k = call_new(c, r);
    float *bias = calloc(k.n, sizeof(float)), *up = calloc(k.rows * k.n, sizeof(float));
    struct gpu_buffer gate = rows_of(&k, k.x), other, y = out_of(&k), d_bias;
    struct activation_gpu_args a = { .function = way == OTHER
                                                     ? (enum activation)((function + 1) % 3)
                                                     : function,
                                     .dtype = dtype,
                                     .rows = k.rows,
                                     .n = told(&k),
                                     .gate = gate.d,
                                     .gate_stride = k.stride,
                                     .up_stride = k.stride,
                                     .y = y.d,
                                     .y_stride = k.stride };
    struct err e = { 0 };
    int n;

    memcpy(k.other, function == ACTIVATION_GELU_TANH ? k.x : k.other, k.rows * k.n * sizeof(float));
    other = rows_of(&k, k.other);
    parity_fill(bias, k.n, PARITY_RANDOM, c->seed, 2);
    d_bias = floats_of(bias, k.n, k.gap);
    a.up = other.d;
    a.bias = biased ? d_bias.d : NULL;
    gpu_parity_ok(activation_gpu_variants(&n)[variant].run(&a, stream, &e), &e);
    for (size_t i = 0; i < k.rows * k.n; i++)
        up[i] = k.other[i] + (biased ? bias[i % k.n] : 0);
    activation_reference(function, k.x, up, k.want, k.rows * k.n);
    for (size_t i = 0; i < k.rows * k.n; i++)
        k.tol[i] = fmax(2e-6 * fabs(k.want[i]), 1e-7 * fmax(1, fabs((double)up[i])));
    compare(&k, &y);
    gpu_buffers_free((struct gpu_buffer *[]){ &gate, &other, &y, &d_bias }, 4, c, r);
    free(bias);
    free(up);
    call_free(&k);
}

static void activation_run(int variant, const struct parity_case *c, struct parity_report *r)
{
    if (!left_out(c))
        activation_case(variant, c, r);
}

static const char *activation_name(int v)
{
    int n;

    return way ? ways[way] : activation_gpu_variants(&n)[v].is.name;
}

/* ---- rope */

/* Rows, values (heads x head_dim), values between rows, head_dim * 1000 + rot. */
static const struct parity_shape heads[] = {
    { .what = "one pair", .dim = { 1, 2, 0, 2002 } },
    { .what = "model", .dim = { 7, 9 * 64, 0, 64064 } },
    { .what = "model, apart", .dim = { 7, 9 * 64, 32, 64064 } },
    { .what = "odd heads", .dim = { 5, 3 * 80, 1, 80080 }, .gap = 4 },
    { .what = "partial", .dim = { 3, 4 * 80, 0, 80032 } },
    { .what = "partial, tail", .dim = { 2, 2 * 96, 0, 96070 }, .gap = 4 },
    { .what = "partial, one vector left", .dim = { 2, 5 * 72, 0, 72064 } },
    { .what = "large", .dim = { 65, 32 * 128, 0, 128128 } },
};

static enum rope_kind kind;

static void rope_case(int variant, const struct parity_case *c, struct parity_report *r)
{
    enum { POSITIONS = 70, ROT_MOST = 128 };
    static float angles[2][POSITIONS][ROT_MOST / 2];
    struct call k = call_new(c, r);
    const int dim = (int)c->shape->dim[3] / 1000, rot = (int)c->shape->dim[3] % 1000;
    int32_t *position = calloc(k.rows, sizeof(*position));
    struct gpu_buffer x = rows_of(&k, k.x), y = out_of(&k), d_angles, d_position;
    struct rope_gpu_args a = { .kind = way != OTHER        ? kind
                                       : kind == ROPE_HALF ? ROPE_PAIR
                                                           : ROPE_HALF,
                               .dtype = dtype,
                               .rows = k.rows,
                               .heads = (int)k.n / dim,
                               .head_dim = dim,
                               .rot = way == TAIL && rot > 2 ? rot - 2 : rot,
                               .x = x.d,
                               .y = y.d,
                               .x_stride = k.stride,
                               .y_stride = k.stride,
                               .angle_stride = ROT_MOST / 2 };
    struct rope_args want = { .kind = kind, .heads = a.heads, .head_dim = dim, .rot = rot };
    struct err e = { 0 };
    int n;

    for (int p = 0; p < POSITIONS; p++)
        for (int i = 0; i < ROT_MOST / 2; i++) {
            const double angle = 100.0 * p * pow(1e4, -2.0 * i / (rot + 1));

            angles[0][p][i] = (float)cos(angle);
            angles[1][p][i] = (float)sin(angle);
        }
    d_angles = floats_of(angles[0][0], sizeof(angles) / sizeof(float), k.gap);
    d_position = gpu_buffer_new(stream, k.rows * sizeof(*position), 0);
    for (size_t i = 0; i < k.rows; i++)
        position[i] = (int32_t)((i * 37 + 5) % POSITIONS);
    gpu_buffer_put(&d_position, position);
    a.cos = d_angles.d;
    a.sin = a.cos + (size_t)POSITIONS * (ROT_MOST / 2);
    a.position = k.rows % 2 ? d_position.d : NULL;
    gpu_parity_ok(rope_gpu_variants(&n)[variant].run(&a, stream, &e), &e);
    for (size_t i = 0; i < k.rows; i++) {
        const size_t p = a.position ? (size_t)position[i] : i;

        want.cos = angles[0][p];
        want.sin = angles[1][p];
        rope_reference(&want, k.x + i * k.n, k.want + i * k.n);
        for (size_t j = 0; j < k.n; j++) {
            const size_t head = i * k.n + j - j % (size_t)dim;
            double most = 0;

            for (size_t v = head; v < head + (size_t)dim; v++)
                most = isfinite(k.x[v]) ? fmax(most, fabs((double)k.x[v])) : most;
            k.tol[i * k.n + j] =
                j % (size_t)dim < (size_t)rot ? 0x1p-24 * 4.01 * most + 0x1p-148 : 0;
        }
    }
    compare(&k, &y);
    for (size_t i = 0; way == RIGHT && dtype == DTYPE_F32 && i < k.rows; i++) {
        const size_t p = a.position ? (size_t)position[i] : i;
        int cpu;

        want.cos = angles[0][p];
        want.sin = angles[1][p];
        rope_variants(&cpu)[0].run(&want, k.x + i * k.n);
        parity_same(c, r, k.y + i * k.n, k.x + i * k.n, k.n);
    }
    gpu_buffers_free((struct gpu_buffer *[]){ &x, &y, &d_angles, &d_position }, 4, c, r);
    free(position);
    call_free(&k);
}

static void rope_run(int variant, const struct parity_case *c, struct parity_report *r)
{
    if (!left_out(c))
        rope_case(variant, c, r);
}

static const char *rope_name(int v)
{
    int n;

    return way ? ways[way] : rope_gpu_variants(&n)[v].is.name;
}

/* ---- all of them */

static uint64_t needs(int v)
{
    (void)v;
    return 0;
}

/* How many of the table this GPU runs: newer ones stand last. */
static int runnable(const void *table, size_t stride, int n)
{
    int found = 0;

    for (int i = 0; i < n; i++)
        found +=
            gpu_variant_runs((const void *)((const char *)table + (size_t)i * stride), capability);
    return found;
}

/* Every variant of every type is right, and wrong ones are found out, with the shapes that are
 * small. */
static void walk(const char *name, const struct parity_op *of)
{
    enum { SMALL = 7 };
    char text[80];

    for (dtype = DTYPE_F32; dtype <= DTYPE_BF16; dtype++) {
        struct parity_op op = *of;

        snprintf(text, sizeof(text), "%s of %s", name, dtype_info(dtype)->name);
        op.name = text;
        op.inputs = PARITY_ALL;
        op.needs = needs;
        way = RIGHT;
        if (one_type && dtype != DTYPE_F16)
            continue;
        if (small) {
            op.n_shapes = op.n_shapes < SMALL ? op.n_shapes : SMALL;
            op.inputs = 1u << PARITY_RANDOM | 1u << PARITY_NAN;
        }
        parity_walk(&op);
        op.n_variants = 1;
        op.n_shapes = op.n_shapes < SMALL ? op.n_shapes : SMALL;
        op.inputs = 1u << PARITY_RANDOM | 1u << PARITY_NAN;
        for (way = RIGHT + 1; way < WAYS && !small; way++)
            if (way != TOO_LONG || op.run != rope_run) /* a head more is another operation */
                parity_catches(&op);
        way = RIGHT;
    }
}

static void walk_norms(void)
{
    struct parity_op op = { .shapes = shapes,
                            .n_shapes = sizeof(shapes) / sizeof(shapes[0]),
                            .variant = norm_name,
                            .run = norm_run };
    int n;
    const struct norm_gpu_variant *table = norm_gpu_variants(&n);

    op.n_variants = runnable(table, sizeof(*table), n);
    walk("RMSNorm", &op);
    adds = true;
    walk("addition and RMSNorm", &op);
    codes = true;
    walk("addition, RMSNorm and codes", &op);
    adds = false;
    walk("RMSNorm and codes", &op);
    codes = false;
    layer = true;
    walk("LayerNorm", &op);
    adds = true;
    walk("addition and LayerNorm", &op);
}

static void walk_others(void)
{
    static const char *const functions[] = { "GELU", "SiLU", "ReLU2" };
    struct parity_op op = { .shapes = logits,
                            .n_shapes = sizeof(logits) / sizeof(logits[0]),
                            .variant = softmax_name,
                            .run = softmax_run };
    int n;
    const struct softmax_gpu_variant *table = softmax_gpu_variants(&n);

    op.n_variants = runnable(table, sizeof(*table), n);
    walk("softmax", &op);
    op = (struct parity_op){ .shapes = shapes,
                             .n_shapes = sizeof(shapes) / sizeof(shapes[0]),
                             .n_variants = 1,
                             .variant = activation_name,
                             .run = activation_run };
    for (int f = 0; f < 3; f++) {
        function = (enum activation)f;
        biased = false;
        walk(functions[f], &op);
        biased = true;
        walk("bias and activation", &op);
    }
    op.shapes = heads;
    op.n_shapes = sizeof(heads) / sizeof(heads[0]);
    op.variant = rope_name;
    op.run = rope_run;
    kind = ROPE_PAIR;
    walk("rope, pairs,", &op);
    kind = ROPE_HALF;
    walk("rope, halves,", &op);
}

/* What makes no sense is refused by name, and nothing is launched. */
static void refusals(void)
{
    float dummy = 0;
    struct norm_gpu_args norm = { .rows = 2, .n = 4, .x = &dummy, .y = &dummy, .g = &dummy };
    struct softmax_gpu_args softmax = { .rows = 1, .n = 4, .x = &dummy, .y = &dummy };
    struct rope_gpu_args rope = { .kind = ROPE_HALF,
                                  .rows = 1,
                                  .heads = 1,
                                  .head_dim = 4,
                                  .rot = 3,
                                  .x = &dummy,
                                  .y = &dummy,
                                  .cos = &dummy,
                                  .sin = &dummy };
    struct activation_gpu_args silu = {
        .function = ACTIVATION_SILU, .rows = 1, .n = 4, .up = &dummy, .y = &dummy
    };
    struct err e = { 0 };

    CHECK_EQ(norm_cuda_warp(&norm, stream, &e), ERR_ARG); /* strides of 0 */
    CHECK(strstr(e.msg, "rows of 4 values, 0 apart") != NULL);
    norm.x_stride = norm.y_stride = 4;
    norm.dtype = DTYPE_Q4_0;
    e.code = 0;
    CHECK_EQ(norm_cuda_block(&norm, stream, &e), ERR_ARG);
    CHECK(strstr(e.msg, "Q4_0; expected F32") != NULL);
    norm.kind = NORM_LAYER;
    e.code = 0;
    CHECK_EQ(norm_cuda_block(&norm, stream, &e), ERR_ARG);
    CHECK(strstr(e.msg, "b is not there") != NULL);
    e.code = 0;
    CHECK_EQ(softmax_cuda_block(&softmax, stream, &e), ERR_ARG);
    CHECK(strstr(e.msg, "scale 0") != NULL);
    e.code = 0;
    CHECK_EQ(rope_cuda_flat(&rope, stream, &e), ERR_ARG);
    CHECK(strstr(e.msg, "of which 3 turn") != NULL);
    e.code = 0;
    CHECK_EQ(activation_cuda_flat(&silu, stream, &e), ERR_ARG);
    CHECK(strstr(e.msg, "array 2 is not there") != NULL);
}

int main(int argc, char **argv)
{
    struct gpu_properties p;
    struct device device;
    struct err e = { 0 };
    void *handle = NULL;
    char why[200] = "";

    refusals();
    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    gpu_parity_ok(gpu_device_ops.open(&device, &handle, &e), &e);
    gpu_parity_ok(gpu_enter(handle, &e), &e);
    gpu_parity_ok(gpu_properties(device.index, &p, &e), &e);
    capability = p.capability;
    stream = gpu_stream_of(handle);
    small = argc > 1;
    one_type = argc > 2;
    (void)argv;
    walk_norms();
    walk_others();
    gpu_device_ops.close(handle);
    TEST_DONE();
}
#else
int main(void)
{
    char why[200] = "";

    CHECK_EQ(gpu_count(why, sizeof(why)), 0);
    TEST_SKIP("%s", why);
}
#endif
