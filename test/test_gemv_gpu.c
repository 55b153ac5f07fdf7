/* y = W x on a GPU: every variant and type against F64, activations against the CPU's bits, sums
 * of whole numbers against its scalar path, a vector in a batch against itself alone.
 *
 *   test_gemv_gpu [TYPE|all [1]]   1: fewer inputs, under a sanitizer */
#include <strings.h>

#include "kernel_parity.h"

#include "gpu/gpu.h"

#if HAVE_CUDA
#include "core/mem.h"
#include "gemv_weights.h"
#include "kernels/gemm/matmul_reference.h"
#include "kernels/gemv/gemv_gpu.h"

enum { ROWS, COLS, TOKENS, MULTIPROCESSORS };
enum { GUARD = 256 };

/* Columns are in blocks of the type.  How many warps share a row is decided by the rows for each
 * multiprocessor: with one of them, 40 rows are many. */
static const struct parity_shape shapes[] = {
    { .what = "one", .dim = { 1, 1, 1, 1 } },
    { .what = "tail", .dim = { 5, 3, 1, 1 } },
    { .what = "odd", .dim = { 7, 9, 3, 1 } },
    { .what = "misaligned", .dim = { 3, 6, 2, 1 }, .gap = 4 },
    { .what = "batch", .dim = { 9, 5, GEMV_TOKENS, 1 } },
    { .what = "shared rows", .dim = { 38, 130, 2, 100 } },
    { .what = "shared rows of a batch", .dim = { 9, 37, 5, 100 } },
    { .what = "streamed batch", .dim = { 13, 97, 7, 2 } },
    { .what = "large", .dim = { 83, 140, 1, 1 } },
    { .what = "large batch", .dim = { 45, 70, 4, 1 } },
};

static struct device device;
static struct gpu *gpu;
static bool brief;
static const struct gemv_gpu_variant *variants;
static int n_variants;
static enum dtype types[DTYPES];
static int n_types;

static gpu_stream stream(void)
{
    return gpu_stream_of(gpu);
}

static void must(int rc, const struct err *e)
{
    if (rc < 0) {
        fprintf(stderr, "%s\n", e->msg);
        exit(1);
    }
}

static void *device_new(size_t bytes)
{
    struct err e = { 0 };
    void *d = NULL;

    must(gpu_alloc(&d, bytes, &e), &e);
    must(gpu_fill(d, 0xff, bytes, stream(), &e), &e);
    return d;
}

static void upload(void *d, const void *from, size_t bytes)
{
    struct err e = { 0 };

    must(gpu_to_device(d, from, bytes, stream(), &e), &e);
}

static void download(void *to, const void *d, size_t bytes)
{
    struct err e = { 0 };

    must(gpu_to_host(to, d, bytes, stream(), &e), &e);
}

/* One product: on the host, and what the device was given. */
struct product {
    struct weight w;
    struct parity_buffer data;
    struct act acts[GEMV_TOKENS];
    struct gemv_gpu_args a;
    void *d_file, *d_planes, *d_x, *d_act, *d_y; /* d_y: with GUARD bytes on each side */
    float *x, *y;                                /* [n][ldx], [n][ldy] */
    struct region act;                           /* [n][stride] */
    size_t y_bytes;
    int n;
};

static void make_x(struct product *p, const struct parity_case *c, bool whole)
{
    enum act_kind kind = act_kind_of(p->w.dtype);
    struct act_gpu act = act_gpu_describe(kind, p->w.cols);
    size_t bytes = act_gpu_bytes(kind, p->w.cols, (size_t)p->n);
    struct err e = { 0 };

    p->x = mem_calloc((size_t)p->n * p->a.ldx, sizeof(float));
    must(region_map(&p->act, bytes + 64, &e), &e);
    for (int t = 0; t < p->n; t++) {
        float *x = p->x + (size_t)t * p->a.ldx;

        parity_fill(x, p->w.cols, c->input, c->seed, (uint64_t)t);
        for (size_t i = 0; whole && i < p->w.cols; i++)
            x[i] = i % 32 == 0 ? 127 : (float)(int)fmaxf(fminf(x[i] * 60, 127), -127);
        act_quantize(kind, x, p->w.cols, (uint8_t *)p->act.p + (size_t)t * act.stride, &p->acts[t]);
        for (size_t i = p->w.cols; i < p->a.ldx; i++)
            x[i] = NAN; /* between the vectors: not to be read */
    }
    p->d_x = device_new((size_t)p->n * p->a.ldx * sizeof(float));
    upload(p->d_x, p->x, (size_t)p->n * p->a.ldx * sizeof(float));
    p->d_act = device_new(bytes + 64);
    act.d = p->d_act;
    p->a.d_x = p->d_x;
    p->a.act = act;
    if (kind != ACT_F32)
        must(act_gpu_quantize(&act, p->d_x, p->a.ldx, p->n, stream(), &e), &e);
}

static struct product make(enum dtype t, const struct parity_case *c, enum gemv_weights how)
{
    const struct dtype_info *info = dtype_info(t);
    const size_t *dim = c->shape->dim;
    struct product p = { .n = (int)dim[TOKENS] };
    struct err e = { 0 };

    p.w = (struct weight){ .dtype = t, .rows = dim[ROWS], .cols = dim[COLS] * (size_t)info->block };
    if (info->block == 1)
        p.w.cols = dim[COLS] * 16 - 15;
    else if (info->block == 256)
        p.w.cols = (dim[COLS] + 7) / 8 * 256;
    p.w.row_bytes = dtype_row_bytes(t, p.w.cols);
    p.data = parity_new(p.w.rows * p.w.row_bytes, c->shape->gap / 2);
    gemv_weights_fill(t, p.data.p, p.w.rows * p.w.cols, how, c->seed);
    p.w.data = p.data.p;
    must(planes_describe(t, p.w.rows, p.w.cols, &p.a.w, &e), &e);
    p.d_file = device_new(p.data.bytes + 2);
    upload((char *)p.d_file + 2, p.data.p, p.data.bytes);
    p.d_planes = device_new(p.a.w.bytes);
    must(planes_make(&p.a.w, (char *)p.d_file + 2, p.d_planes, stream(), &e), &e);
    p.a.w.d = p.d_planes;
    p.a.n = p.n;
    p.a.ldx = (p.w.cols + 3) / 4 * 4 + 4 * c->shape->gap;
    p.a.ldy = p.w.rows + 1;
    p.a.multiprocessors = (int)dim[MULTIPROCESSORS];
    make_x(&p, c, how == GEMV_WEIGHTS_WHOLE);
    p.y_bytes = (size_t)p.n * p.a.ldy * sizeof(float);
    p.y = mem_calloc(1, p.y_bytes + 2 * GUARD);
    p.d_y = device_new(p.y_bytes + 2 * GUARD);
    p.a.d_y = (float *)(void *)((char *)p.d_y + GUARD);
    return p;
}

static void drop(struct product *p, const struct parity_case *c, struct parity_report *r)
{
    void *d[] = { p->d_file, p->d_planes, p->d_x, p->d_act, p->d_y };

    for (int i = 0; i < 5; i++)
        gpu_free(d[i]);
    mem_free(p->x);
    mem_free(p->y);
    region_unmap(&p->act);
    parity_free(&p->data, c, r);
}

/* Poison, run and fetch; what was written outside of the outputs is wrong. */
static void result(struct product *p, const struct gemv_gpu_variant *v, int n,
                   const struct parity_case *c, struct parity_report *r)
{
    uint8_t *all = mem_calloc(1, p->y_bytes + 2 * GUARD);
    struct err e = { 0 };
    long outside = 0;

    p->a.n = n;
    must(gpu_fill(p->d_y, 0xff, p->y_bytes + 2 * GUARD, stream(), &e), &e);
    must(v->run(&p->a, stream(), &e), &e);
    download(all, p->d_y, p->y_bytes + 2 * GUARD);
    memcpy(p->y, all + GUARD, p->y_bytes);
    for (size_t i = 0; i < GUARD; i++)
        outside += (all[i] != 0xff) + (all[GUARD + p->y_bytes + i] != 0xff);
    for (int t = 0; t < p->n; t++)
        for (size_t i = 0; i < sizeof(float); i++)
            outside += ((uint8_t *)&p->y[(size_t)t * p->a.ldy + p->w.rows])[i] != 0xff;
    if (outside > 0)
        parity_wrong(c, r, 0, (double)outside, 0, 0);
    mem_free(all);
}

static void against_f64(struct product *p, const struct parity_case *c, struct parity_report *r)
{
    double *want = mem_calloc((size_t)p->n, sizeof(*want)),
           *tol = mem_calloc((size_t)p->n, sizeof(*tol));
    float *buffer = mem_calloc(p->w.cols, sizeof(*buffer));

    for (size_t row = 0; row < p->w.rows; row++) {
        matmul_reference(&p->w, row, p->acts, (size_t)p->n, 0, want, tol, buffer);
        for (int t = 0; t < p->n; t++)
            parity_values(c, r, &p->y[(size_t)t * p->a.ldy + row], &want[t], &tol[t], 1);
    }
    mem_free(want);
    mem_free(tol);
    mem_free(buffer);
}

/* ---- the walk: a variant of the walk is a type and a variant of the table */

static enum dtype type_of(int v)
{
    return types[v % n_types];
}

static const struct gemv_gpu_variant *variant_of(int v)
{
    return &variants[v / n_types];
}

static const char *name_of(int v)
{
    static char name[64];

    snprintf(name, sizeof(name), "%s %s", dtype_info(type_of(v))->name, variant_of(v)->is.name);
    return name;
}

static uint64_t needs_of(int v)
{
    (void)v;
    return 0;
}

static void run_random(int v, const struct parity_case *c, struct parity_report *r)
{
    struct product p = make(type_of(v), c, GEMV_WEIGHTS_RANDOM);

    result(&p, variant_of(v), p.n, c, r);
    against_f64(&p, c, r);
    drop(&p, c, r);
}

/* Codes, scales and sums as the CPU makes them, to the bit (any NaN like any other). */
static void run_act(int v, const struct parity_case *c, struct parity_report *r)
{
    enum act_kind kind = act_kind_of(type_of(v));
    struct product p = make(type_of(v), c, GEMV_WEIGHTS_RANDOM);
    size_t cols = p.w.cols, group = kind == ACT_Q8_32 ? 32 : kind == ACT_Q8_256 ? 256 : cols;

    for (int t = 0; t < p.n && kind != ACT_F32; t++) {
        uint8_t *got = mem_calloc(1, p.a.act.stride);

        download(got, p.a.act.d + (size_t)t * p.a.act.stride, p.a.act.stride);
        if (memcmp(got, p.acts[t].q, cols) != 0)
            parity_wrong(c, r, (size_t)t, 0, 1, 0);
        if (memcmp(got + p.a.act.sum_at, p.acts[t].sum, cols / 16 * sizeof(int16_t)) != 0)
            parity_wrong(c, r, (size_t)t, 0, 2, 0);
        parity_same(c, r, (const float *)(void *)(got + p.a.act.d_at), p.acts[t].d, cols / group);
        mem_free(got);
    }
    r->compared++;
    drop(&p, c, r);
}

/* Whole numbers below 2^24: every order of additions gives the scalar path's bits. */
static void run_whole(int v, const struct parity_case *c, struct parity_report *r)
{
    struct product p = make(type_of(v), c, GEMV_WEIGHTS_WHOLE);
    const struct gemv_variant *scalar = gemv_best(type_of(v), cpu_here(), "scalar");
    float *y = mem_calloc(1, p.y_bytes);

    result(&p, variant_of(v), p.n, c, r);
    scalar->run(&p.w, 0, p.w.rows, p.acts, p.n, y, p.a.ldy);
    for (int t = 0; t < p.n; t++)
        parity_same(c, r, &p.y[(size_t)t * p.a.ldy], &y[(size_t)t * p.a.ldy], p.w.rows);
    mem_free(y);
    drop(&p, c, r);
}

/* Each vector of a batch alone has the bits that it has among the others. */
static void run_alone(int v, const struct parity_case *c, struct parity_report *r)
{
    struct product p = make(type_of(v), c, GEMV_WEIGHTS_RANDOM);
    float *y = mem_calloc(1, p.y_bytes);

    result(&p, variant_of(v), p.n, c, r);
    memcpy(y, p.y, p.y_bytes);
    for (int t = 0; t < p.n; t++) {
        p.a.d_x = (const float *)p.d_x + (size_t)t * p.a.ldx;
        p.a.act.d = (uint8_t *)p.d_act + (size_t)t * p.a.act.stride;
        result(&p, variant_of(v), 1, c, r);
        parity_same(c, r, p.y, &y[(size_t)t * p.a.ldy], p.w.rows);
    }
    mem_free(y);
    drop(&p, c, r);
}

/* Vectors that the product itself makes int8 of. */
static void run_fused(int v, const struct parity_case *c, struct parity_report *r)
{
    struct product p = make(type_of(v), c, GEMV_WEIGHTS_RANDOM);

    r->compared++;
    if (gemv_gpu_fuses(type_of(v), p.w.cols)) {
        p.a.quantize = true;
        p.a.act.d = NULL;
        result(&p, variant_of(v), p.n, c, r);
        against_f64(&p, c, r);
    }
    drop(&p, c, r);
}

/* ---- mistakes that must be caught */

enum { WRONG_TAIL, WRONG_ROUNDING, WRONG_ROW, WRONG_OUTSIDE, WRONGS };

static const char *wrong_name(int v)
{
    static const char *const names[] = { "tail", "rounding", "row", "outside" };

    return names[v];
}

static void run_wrong(int v, const struct parity_case *c, struct parity_report *r)
{
    struct product p = make(DTYPE_Q8_0, c, GEMV_WEIGHTS_RANDOM);

    if (v == WRONG_TAIL) { /* the last scale of x never arrives */
        float zero = 0;

        upload(p.a.act.d + p.a.act.d_at + (p.w.cols / 32 - 1) * sizeof(zero), &zero, sizeof(zero));
    }
    if (v == WRONG_OUTSIDE)
        p.a.ldy--; /* rows + 1 apart is what the test looks at */
    result(&p, &variants[0], p.n, c, r);
    for (int t = 0; t < p.n && v == WRONG_ROUNDING; t++)
        for (size_t row = 0; row < p.w.rows; row++)
            p.y[(size_t)t * p.a.ldy + row] *= 1 + 0x1p-12f;
    if (v == WRONG_ROW)
        p.y[p.w.rows - 1] = NAN;
    against_f64(&p, c, r);
    drop(&p, c, r);
}

/* What the contract does not allow is refused, and nothing runs. */
static void test_refused(void)
{
    static const struct parity_shape shape = { .what = "refused", .dim = { 4, 8, 1, 1 } };
    struct parity_case c = { .op = "gemv", .variant = "", .shape = &shape, .seed = 1 };
    struct parity_report r = { 0 };
    struct product p = make(DTYPE_F16, &c, GEMV_WEIGHTS_RANDOM), q;
    struct gemv_gpu_args a = p.a;
    struct planes planes;
    struct err e = { 0 };

    a.n = 0;
    CHECK_EQ(variants[0].run(&a, stream(), &e), ERR_ARG);
    a.n = GEMV_TOKENS + 1;
    CHECK_EQ(variants[0].run(&a, stream(), &e), ERR_ARG);
    a.n = 1;
    a.d_x++;
    CHECK_EQ(variants[0].run(&a, stream(), &e), ERR_ARG);
    q = make(DTYPE_Q4_0, &c, GEMV_WEIGHTS_RANDOM);
    a = q.a;
    a.act.kind = ACT_Q8_256;
    CHECK_EQ(variants[0].run(&a, stream(), &e), ERR_ARG);
    a = p.a;
    a.quantize = true;
    CHECK_EQ(variants[0].run(&a, stream(), &e), ERR_NOTSUP);
    CHECK_EQ(planes_describe(DTYPE_Q4_0, 4, 33, &planes, &e), ERR_ARG);
    CHECK_EQ(planes_describe(DTYPE_Q4_0, 0, 32, &planes, &e), ERR_ARG);
    CHECK_EQ(planes_describe(DTYPE_Q4_0, (size_t)1 << 40, 32, &planes, &e), ERR_ARG);
    drop(&p, &c, &r);
    drop(&q, &c, &r);
}

static void choose_types(const char *name)
{
    struct err e = { 0 };
    enum dtype only;

    if (name && strcasecmp(name, "all") != 0) {
        must(dtype_parse(name, &only, &e), &e);
        types[n_types++] = only;
        return;
    }
    for (int t = 0; t < DTYPES; t++)
        if (gemv_gpu_has((enum dtype)t))
            types[n_types++] = (enum dtype)t;
}

static void walk(void)
{
    struct parity_op op = { .name = "gemv on a GPU",
                            .shapes = shapes,
                            .n_shapes = sizeof(shapes) / sizeof(shapes[0]),
                            .inputs = brief ? 1 << PARITY_RANDOM : PARITY_ALL,
                            .variant = name_of,
                            .needs = needs_of,
                            .run = run_random };
    struct parity_op wrong = op;

    op.n_variants = n_types; /* activations know nothing of the variants */
    op.run = run_act;
    parity_walk(&op);
    op.n_variants = n_types * n_variants;
    op.run = run_random;
    parity_walk(&op);
    op.run = run_fused;
    parity_walk(&op);
    op.inputs = 1 << PARITY_RANDOM;
    op.run = run_whole;
    parity_walk(&op);
    op.run = run_alone;
    parity_walk(&op);
    wrong.inputs = 1 << PARITY_RANDOM;
    wrong.shapes = &shapes[2];
    wrong.n_shapes = 1;
    wrong.n_variants = WRONGS;
    wrong.variant = wrong_name;
    wrong.run = run_wrong;
    parity_catches(&wrong);
    test_refused();
}

int main(int argc, char **argv)
{
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;
    int all, capability;

    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    must(gpu_device_ops.open(&device, &handle, &e), &e);
    gpu = handle;
    must(gpu_enter(gpu, &e), &e);
    brief = argc > 2;
    choose_types(argc > 1 ? argv[1] : NULL);
    capability = gpu_properties_of(gpu)->capability;
    variants = gemv_gpu_variants(&all);
    while (n_variants < all && !gpu_variant_runs(&variants[0].is, capability)) {
        variants++; /* the newest ones come first */
        all--;
    }
    n_variants = all;
    walk();
    printf("%s: %d types, %d variants\n", test_failures ? "FAIL" : "pass", n_types, n_variants);
    gpu_device_ops.close(gpu);
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
