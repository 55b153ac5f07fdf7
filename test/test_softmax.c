/* Softmax and log-sum-exp of logits: every variant against F64, and exp itself against libm. */
#include "kernel_parity.h"

#include "core/mem.h"
#include "kernels/softmax/softmax.h"
#define KERNELS_VECTOR_SCALAR
#include "kernels/vector/vector.h"

/* n, the scale in thousandths */
static const struct parity_shape shapes[] = {
    { .what = "one", .dim = { 1, 1000 } },
    { .what = "tail", .dim = { 15, 1000 } },
    { .what = "odd", .dim = { 67, 700 }, .gap = 4 },
    { .what = "block and one", .dim = { 513, 1429 } },
    { .what = "misaligned", .dim = { 1024, 1000 }, .gap = 4 },
    { .what = "saturated", .dim = { 4099, 30000 } },
    { .what = "vocabulary", .dim = { 50257, 1000 } },
};

enum { N_MAX = 50257 };

enum { RIGHT, TAIL, INACCURATE, LOSES_NAN, WAYS };
static const char *const ways[] = { "right", "tail", "inaccurate", "loses NaN" };
static int way;
static double want[N_MAX], tol[N_MAX];

static const struct softmax_variant *variants(void)
{
    int n;

    return softmax_variants(&n);
}

static void answer(const float *x, float scale, size_t n)
{
    double most = -INFINITY;

    softmax_reference(x, (double)scale, want, n);
    for (size_t i = 0; i < n; i++)
        most = fmax(most, (double)x[i]);
    for (size_t i = 0; i < n; i++) {
        const double t = fmin((double)scale * (most - (double)x[i]), 1000);

        tol[i] = (t + log((double)n) + 22) * 0x1p-23 * want[i] + 0x1p-124;
    }
}

static void call(const struct softmax_variant *v, const float *x, float scale, float *y, size_t n)
{
    v->softmax(x, scale, y, way == TAIL ? n - 1 : n);
    for (size_t i = 0; i < n; i++) {
        if (way == INACCURATE)
            y[i] *= 1 + 1e-4f;
        if (way == LOSES_NAN && isnan(y[i]))
            y[i] = 0;
    }
}

static void run(int variant, const struct parity_case *c, struct parity_report *r)
{
    const struct softmax_variant *v = &variants()[variant];
    const size_t n = c->shape->dim[0], bytes = n * sizeof(float), gap = c->shape->gap;
    const float scale = (float)c->shape->dim[1] / 1000;
    struct parity_buffer x = parity_new(bytes, gap), y = parity_new(bytes, gap);

    parity_fill(x.p, n, c->input, c->seed, 0);
    answer(x.p, scale, n);
    call(v, x.p, scale, y.p, n);
    parity_values(c, r, y.p, want, tol, n);
    if (way == RIGHT) {
        const double lse = softmax_reference_log_sum_exp(x.p, n), got = v->log_sum_exp(x.p, n);
        const float f = (float)got;
        const double near = (log((double)n) + 20) * 0x1p-23 + 0x1p-23 * fabs(lse);

        parity_values(c, r, &f, &lse, &near, 1);
        call(v, x.p, scale, x.p, n); /* in place */
        parity_same(c, r, x.p, y.p, n);
    }
    parity_free(&x, c, r);
    parity_free(&y, c, r);
}

static const char *name(int v)
{
    return way ? ways[way] : variants()[v].name;
}

static uint64_t needs(int v)
{
    return variants()[v].needs;
}

static void test_infinities(const struct softmax_variant *v)
{
    const float some[] = { -INFINITY, 1, -INFINITY, 1 };
    const float none[] = { -INFINITY, -INFINITY };
    float y[4];

    v->softmax(some, 1, y, 4);
    CHECK(y[0] == 0 && y[2] == 0);
    CHECK_NEAR((double)y[1], 0.5, 1e-7);
    CHECK_NEAR(v->log_sum_exp(some, 4), 1 + log(2), 1e-6);
    v->softmax(none, 1, y, 2);
    CHECK(isnan(y[0]) && isnan(y[1]));
    CHECK(isnan(v->log_sum_exp(none, 2)));
}

/* What vector.h promises of exp, over floats of every size. */
static void test_exp(void)
{
    double worst = 0;

    for (uint64_t bits = 0; bits < (1ull << 32); bits += 8191) {
        const uint32_t low = (uint32_t)bits;
        float x, y;
        double right;

        memcpy(&x, &low, sizeof(x));
        vec_store(&y, vec_exp(vec_set1(x)));
        right = exp((double)x);
        if (isnan(x))
            CHECK(isnan(y));
        else if (x < VEC_EXP_LEAST)
            CHECK(y == 0);
        else if (x > VEC_EXP_GREATEST)
            CHECK(isinf(y));
        else
            worst = fmax(worst, fabs((double)y - right) / ldexp(1, ilogb(right) - 23));
    }
    printf("exp: within %.2f ulp\n", worst);
    CHECK(worst <= 1);
}

int main(void)
{
    struct parity_op op = { .name = "softmax",
                            .shapes = shapes,
                            .n_shapes = sizeof(shapes) / sizeof(shapes[0]),
                            .inputs = PARITY_ALL,
                            .variant = name,
                            .needs = needs,
                            .run = run };
    const struct softmax_variant *v = softmax_variants(&op.n_variants);

    parity_walk(&op);
    for (int i = 0; i < op.n_variants; i++)
        if (!(v[i].needs & ~cpu_here()->features))
            test_infinities(&v[i]);
    op.n_variants = 1;
    for (way = RIGHT + 1; way < WAYS; way++)
        parity_catches(&op);
    test_exp();
    TEST_DONE();
}
