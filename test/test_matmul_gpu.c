/* Y = X W' on a GPU: every variant, type and way against F64, with what may stand behind the sums
 * (bias, function, residual), the same bits again, and what a wrong one looks like.
 *
 *   test_matmul_gpu [VARIANT|all [1]]   1: fewer shapes and inputs, under a sanitizer */
#include "kernel_parity.h"

#include "gpu/gpu.h"

#if HAVE_CUDA
#include "core/mem.h"
#include "gemv_weights.h"
#include "kernels/gemm/matmul_gpu.h"

enum { ROWS, COLS, TOKENS };
enum { GUARD = 256, PLAIN, BIAS, RESIDUAL, SILU, GELU, ENDS };

/* Columns in steps of 8 of float weights, or of the block. */
static const struct parity_shape shapes[] = {
    { .what = "one", .dim = { 1, 1, 1 } },
    { .what = "tail", .dim = { 5, 3, 3 } },
    { .what = "odd", .dim = { 131, 9, 17 } },
    { .what = "misaligned", .dim = { 72, 24, 40 }, .gap = 8 },
    { .what = "long", .dim = { 136, 131, 33 } },
    { .what = "large", .dim = { 300, 14, 270 } },
};

static struct device device;
static struct gpu *gpu;
static bool brief;
static const char *only;
static const struct matmul_gpu_variant *variants;
static int n_variants;
static const enum dtype types[] = { DTYPE_F16,  DTYPE_BF16, DTYPE_Q4_0,  DTYPE_Q4_1,
                                    DTYPE_Q5_0, DTYPE_Q5_1, DTYPE_Q8_0,  DTYPE_Q4_K,
                                    DTYPE_Q5_K, DTYPE_Q6_K, DTYPE_TQ2_0, DTYPE_TQ2_64 };
enum { N_TYPES = sizeof(types) / sizeof(types[0]) };
static long ways_tried;

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

static void *device_new(const void *from, size_t bytes)
{
    struct err e = { 0 };
    void *d = NULL;

    must(gpu_alloc(&d, bytes + 1, &e), &e);
    must(gpu_fill(d, 0xff, bytes + 1, stream(), &e), &e);
    if (from)
        must(gpu_to_device(d, from, bytes, stream(), &e), &e);
    return d;
}

static uint16_t narrow(enum dtype t, float x)
{
    return t == DTYPE_BF16 ? f32_to_bf16(x) : f32_to_f16(x);
}

static double widen(enum dtype t, uint16_t x)
{
    return (double)(t == DTYPE_BF16 ? bf16_to_f32(x) : f16_to_f32(x));
}

/* One product: on the host, and what the device was given. */
struct product {
    struct weight w;
    struct parity_buffer data;
    struct matmul_gpu_args a;
    uint16_t *x, *bias, *residual, *y; /* [tokens][ldx], [rows], [tokens][ldy] twice */
    void *d[6];
    size_t y_bytes;
};

/* Values of the kind that an input is, as far as the type goes. */
static uint16_t *make_values(enum dtype t, size_t n, const struct parity_case *c, uint64_t which)
{
    uint16_t *v = mem_calloc(n, sizeof(*v));
    float *f = mem_calloc(n, sizeof(*f));

    parity_fill(f, n, c->input, c->seed, which);
    for (size_t i = 0; i < n; i++) {
        if (c->input == PARITY_HUGE)
            f[i] *= t == DTYPE_F16 ? 1e-15f : 1; /* products stay finite in F32, sums in F16 */
        if (c->input == PARITY_DENORMAL)
            f[i] *= t == DTYPE_F16 ? 1e33f : 1; /* subnormal in F16, in BF16 */
        v[i] = narrow(t, f[i]);
    }
    mem_free(f);
    return v;
}

static void place_y(struct product *p)
{
    p->y_bytes = p->a.tokens * p->a.ldy * sizeof(*p->y);
    p->y = mem_calloc(1, p->y_bytes);
    p->d[5] = device_new(NULL, p->y_bytes + 2 * GUARD);
    p->a.d_y = (char *)p->d[5] + GUARD;
}

static struct product make(enum dtype t, const struct parity_case *c)
{
    const struct dtype_info *info = dtype_info(t);
    const size_t *dim = c->shape->dim;
    struct product p = { .w = { .dtype = t, .rows = dim[ROWS] } };
    struct err e = { 0 };

    p.a.dtype = t == DTYPE_BF16 ? DTYPE_BF16 : DTYPE_F16;
    p.w.cols = info->block == 1     ? dim[COLS] * 8 - 3
               : info->block == 256 ? (dim[COLS] + 7) / 8 * 256
                                    : dim[COLS] * (size_t)info->block;
    p.w.row_bytes = dtype_row_bytes(t, p.w.cols);
    p.data = parity_new(p.w.rows * p.w.row_bytes, 0);
    gemv_weights_fill(t, p.data.p, p.w.rows * p.w.cols, GEMV_WEIGHTS_RANDOM, c->seed);
    p.w.data = p.data.p;
    must(planes_describe(t, p.w.rows, p.w.cols, &p.a.w, &e), &e);
    p.a.tokens = dim[TOKENS];
    p.a.ldx = (p.w.cols + 7) / 8 * 8 + c->shape->gap;
    p.a.ldy = (p.w.rows + 7) / 8 * 8 + c->shape->gap;
    p.x = make_values(p.a.dtype, p.a.tokens * p.a.ldx, c, 0);
    for (size_t i = 0; i < p.a.tokens * p.a.ldx; i++)
        if (i % p.a.ldx >= p.w.cols)
            p.x[i] = 0x7fff; /* NaN between the tokens: not to be read */
    p.bias = make_values(p.a.dtype, p.w.rows, c, 1);
    p.residual = make_values(p.a.dtype, p.a.tokens * p.a.ldy, c, 2);
    p.d[0] = device_new(p.data.p, p.data.bytes);
    p.d[1] = device_new(NULL, p.a.w.bytes);
    p.d[2] = device_new(p.x, p.a.tokens * p.a.ldx * 2);
    p.d[3] = device_new(p.bias, p.w.rows * 2);
    p.d[4] = device_new(p.residual, p.a.tokens * p.a.ldy * 2);
    must(planes_make(&p.a.w, p.d[0], p.d[1], stream(), &e), &e);
    p.a.w.d = p.d[1];
    p.a.d_x = p.d[2];
    place_y(&p);
    return p;
}

static void drop(struct product *p, const struct parity_case *c, struct parity_report *r)
{
    for (int i = 0; i < 6; i++)
        gpu_free(p->d[i]);
    mem_free(p->x);
    mem_free(p->bias);
    mem_free(p->residual);
    mem_free(p->y);
    parity_free(&p->data, c, r);
}

/* Poison, run and fetch; what is written outside of [tokens][rows, to a multiple of 8] is wrong. */
static void result(struct product *p, const struct matmul_gpu_variant *v, void *self,
                   const struct parity_case *c, struct parity_report *r)
{
    uint8_t *all = mem_calloc(1, p->y_bytes + 2 * GUARD);
    struct err e = { 0 };
    long outside = 0;

    must(gpu_fill(p->d[5], 0xff, p->y_bytes + 2 * GUARD, stream(), &e), &e);
    must(v->run(self, &p->a, stream(), &e), &e);
    must(gpu_to_host(all, p->d[5], p->y_bytes + 2 * GUARD, stream(), &e), &e);
    memcpy(p->y, all + GUARD, p->y_bytes);
    for (size_t i = 0; i < GUARD; i++)
        outside += (all[i] != 0xff) + (all[GUARD + p->y_bytes + i] != 0xff);
    for (size_t i = 0; i < p->a.tokens * p->a.ldy; i++)
        outside += i % p->a.ldy >= (p->w.rows + 7) / 8 * 8 && p->y[i] != 0xffff;
    if (outside > 0)
        parity_wrong(c, r, 0, (double)outside, 0, 0);
    mem_free(all);
}

/* f(x) and its largest slope, which is 1.1 for both. */
static double apply(enum matmul_gpu_f f, double x)
{
    if (f == MATMUL_GPU_SILU)
        return x / (1 + exp(-x));
    if (f == MATMUL_GPU_GELU)
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    return x;
}

/* The output in F64 and how far it may be off: every addition in the tensor cores counts a unit of
 * F32 of sum |terms|, factors below the least normal F16 may be lost where weights are decoded;
 * the function is off by 2^-20 of what it gives (its exponential and its quotient), or for the
 * exponential of large arguments by 2^-22 |x| more; what comes out is rounded to the type. */
static void want_of(const struct product *p, const float *w, size_t row, size_t t, double *want,
                    double *tol)
{
    double unit = p->a.dtype == DTYPE_BF16 ? 0x1p-8 : 0x1p-11;
    double least = p->a.dtype == DTYPE_BF16 ? 0x1p-134 : 0x1p-25;
    double size = 0, sum = 0, sum_x = 0, f;

    for (size_t i = 0; i < p->w.cols; i++) {
        double term = (double)w[i] * widen(p->a.dtype, p->x[t * p->a.ldx + i]);

        sum += term;
        size += fabs(term);
        sum_x += fabs(widen(p->a.dtype, p->x[t * p->a.ldx + i]));
    }
    *tol = ((double)p->w.cols + 2) * (0x1p-23 * size + 0x1p-149);
    if (p->w.dtype != p->a.dtype) /* decoded to F16: half a unit, or half of its least number */
        *tol += 0x1p-11 * size + 0x1p-25 * sum_x;
    if (p->a.d_bias) {
        double bias = widen(p->a.dtype, p->bias[row]);

        sum += bias;
        *tol += 0x1p-23 * (size + fabs(bias));
    }
    f = apply(p->a.f, sum);
    if (p->a.f != MATMUL_GPU_NONE)
        *tol = 1.2 * *tol + 0x1p-20 * (fabs(f) + fabs(sum));
    if (p->a.d_residual) {
        f += widen(p->a.dtype, p->residual[t * p->a.ldy + row]);
        *tol += 0x1p-23 * fabs(f);
    }
    *tol += unit * (fabs(f) + *tol) + least;
    *want = f;
    /* What the type cannot hold is infinite. */
    if (p->a.dtype == DTYPE_F16 && fabs(f) > 65519)
        *want = copysign(INFINITY, f);
    if (p->a.dtype == DTYPE_F16 && fabs(f) > 65000 && fabs(f) <= 65519 + *tol)
        *tol = INFINITY;
}

/* Of all outputs, [rows][tokens]. */
struct answer {
    double *want, *tol;
};

static struct answer answer_of(const struct product *p)
{
    float *w = mem_calloc(p->w.cols, sizeof(*w));
    size_t n = p->w.rows * p->a.tokens, i = 0;
    struct answer a = { mem_calloc(n, sizeof(double)), mem_calloc(n, sizeof(double)) };

    for (size_t row = 0; row < p->w.rows; row++) {
        dtype_to_f32(p->w.dtype, (const uint8_t *)p->w.data + row * p->w.row_bytes, w, p->w.cols);
        for (size_t t = 0; t < p->a.tokens; t++, i++)
            want_of(p, w, row, t, &a.want[i], &a.tol[i]);
    }
    mem_free(w);
    return a;
}

static void against(const struct answer *a, const struct product *p, const struct parity_case *c,
                    struct parity_report *r)
{
    for (size_t row = 0, i = 0; row < p->w.rows; row++)
        for (size_t t = 0; t < p->a.tokens; t++, i++) {
            float got = (float)widen(p->a.dtype, p->y[t * p->a.ldy + row]);

            parity_values(c, r, &got, &a->want[i], &a->tol[i], 1);
        }
}

static void answer_free(struct answer *a)
{
    mem_free(a->want);
    mem_free(a->tol);
}

/* ---- the walk: a variant of the walk is a type and a variant of the table */

static const char *name_of(int v)
{
    static char name[64];

    snprintf(name, sizeof(name), "%s %s", dtype_info(types[v % N_TYPES])->name,
             variants[v / N_TYPES].is.name);
    return name;
}

static uint64_t needs_of(int v)
{
    (void)v;
    return 0;
}

static void set_end(struct product *p, int end)
{
    p->a.d_bias = end == BIAS || end == GELU ? p->d[3] : NULL;
    p->a.d_residual = end == RESIDUAL ? p->d[4] : NULL;
    p->a.f = end == SILU ? MATMUL_GPU_SILU : end == GELU ? MATMUL_GPU_GELU : MATMUL_GPU_NONE;
}

/* Every way of a plan; the same bits from a second run of the last. */
static void run_ways(struct product *p, const struct matmul_gpu_variant *v, void *self,
                     const struct parity_case *c, struct parity_report *r)
{
    uint16_t *before = mem_calloc(1, p->y_bytes);
    struct answer a = answer_of(p);

    for (int w = 0; w < v->ways(self); w++) {
        v->choose(self, w);
        result(p, v, self, c, r);
        if (r->wrong == 0) {
            against(&a, p, c, r);
            if (r->wrong > 0)
                fprintf(stderr, "%s\n", v->name_of_way(self));
        }
        ways_tried++;
    }
    memcpy(before, p->y, p->y_bytes);
    result(p, v, self, c, r);
    if (memcmp(before, p->y, p->y_bytes) != 0)
        parity_wrong(c, r, 0, 1, 0, 0);
    mem_free(before);
    answer_free(&a);
}

static void run(int v, const struct parity_case *c, struct parity_report *r)
{
    const struct matmul_gpu_variant *variant = &variants[v / N_TYPES];
    const bool codes = dtype_info(types[v % N_TYPES])->block > 1;
    struct product p;

    r->compared++; /* a variant that has no code for the type, or a case left out, is no fault */
    if (codes && (c->input == PARITY_ZERO || c->input == PARITY_HUGE || c->input == PARITY_INF))
        return; /* X goes the same way whatever the weights are */
    p = make(types[v % N_TYPES], c);
    for (int end = PLAIN; end < ENDS; end++) {
        struct err e = { 0 };
        void *self;
        int rc;

        if (end != PLAIN && (codes || c->input != PARITY_RANDOM))
            continue;
        set_end(&p, end);
        rc = variant->open(&self, gpu, &p.a, &e);
        if (rc == ERR_NOTSUP)
            continue;
        must(rc, &e);
        run_ways(&p, variant, self, c, r);
        variant->close(self);
    }
    drop(&p, c, r);
}

/* ---- mistakes that must be caught */

enum { WRONG_ROUNDING, WRONG_LOST, WRONG_OUTSIDE, WRONG_X, WRONGS };

static const char *wrong_name(int v)
{
    static const char *const names[] = { "rounding", "lost", "outside", "another x" };

    return names[v];
}

static void run_wrong(int v, const struct parity_case *c, struct parity_report *r)
{
    struct product p = make(DTYPE_F16, c);
    struct err e = { 0 };
    struct answer a;
    void *self;

    must(variants[0].open(&self, gpu, &p.a, &e), &e);
    if (v == WRONG_X)
        p.x[p.a.ldx] ^= 0x0200;
    result(&p, &variants[0], self, c, r);
    if (v == WRONG_ROUNDING)
        p.y[p.a.ldy + 1] ^= 8;
    if (v == WRONG_LOST)
        p.y[p.w.rows - 1] = 0xffff;
    if (v == WRONG_OUTSIDE) { /* the plan of a matrix with more rows */
        p.w.rows -= 8;
        result(&p, &variants[0], self, c, r);
        p.w.rows += 8;
    }
    a = answer_of(&p);
    against(&a, &p, c, r);
    answer_free(&a);
    variants[0].close(self);
    drop(&p, c, r);
}

static void test_refused(void)
{
    static const struct parity_shape shape = { .what = "refused", .dim = { 16, 8, 4 } };
    struct parity_case c = { .op = "matmul", .variant = "", .shape = &shape, .seed = 1 };
    struct parity_report r = { 0 };
    struct product p = make(DTYPE_F16, &c);
    struct matmul_gpu_args a = p.a;
    struct err e = { 0 };
    void *self;

    a.dtype = DTYPE_F32;
    CHECK_EQ(variants[0].open(&self, gpu, &a, &e), ERR_NOTSUP);
    a = p.a;
    a.ldx = 63;
    CHECK_EQ(variants[0].open(&self, gpu, &a, &e), ERR_ARG);
    a = p.a;
    a.tokens = 0;
    CHECK_EQ(variants[0].open(&self, gpu, &a, &e), ERR_ARG);
    must(variants[0].open(&self, gpu, &p.a, &e), &e);
    a = p.a;
    a.tokens++;
    CHECK_EQ(variants[0].run(self, &a, stream(), &e), ERR_ARG);
    a = p.a;
    a.d_x = (const char *)a.d_x + 2;
    CHECK_EQ(variants[0].run(self, &a, stream(), &e), ERR_ARG);
    variants[0].close(self);
    variants[0].close(NULL);
    drop(&p, &c, &r);
}

static void walk(void)
{
    struct parity_op op = { .name = "matmul on a GPU",
                            .shapes = shapes,
                            .n_shapes = brief ? 4 : sizeof(shapes) / sizeof(shapes[0]),
                            .inputs = brief ? 1 << PARITY_RANDOM : PARITY_ALL,
                            .n_variants = n_variants * N_TYPES,
                            .variant = name_of,
                            .needs = needs_of,
                            .run = run };
    struct parity_op wrong = op;

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

/* Those of this GPU (or the one asked for) to the front. */
static void choose_variants(void)
{
    static struct matmul_gpu_variant chosen[16];
    int n, capability = gpu_properties_of(gpu)->capability;
    const struct matmul_gpu_variant *table = matmul_gpu_variants(&n);

    for (int i = 0; i < n && n_variants < 16; i++)
        if (gpu_variant_runs(&table[i].is, capability) &&
            (!only || strcmp(only, table[i].is.name) == 0))
            chosen[n_variants++] = table[i];
    variants = chosen;
}

int main(int argc, char **argv)
{
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;

    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    must(gpu_device_ops.open(&device, &handle, &e), &e);
    gpu = handle;
    must(gpu_enter(gpu, &e), &e);
    only = argc > 1 && strcmp(argv[1], "all") != 0 ? argv[1] : NULL;
    brief = argc > 2;
    choose_variants();
    walk();
    printf("%s: %d variants, %ld ways\n", test_failures ? "FAIL" : "pass", n_variants, ways_tried);
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
