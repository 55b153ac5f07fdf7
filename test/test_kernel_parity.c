/* The parity harness itself: it passes what is right and catches what is wrong in each of the ways
 * in which kernels go wrong. */
#include "kernel_parity.h"

static const struct parity_shape shapes[] = {
    { .what = "one", .dim = { 1 } },
    { .what = "odd", .dim = { 67 } },
    { .what = "misaligned", .dim = { 130 }, .gap = 4 },
};

enum { RIGHT, TAIL, INACCURATE, LOSES_NAN, OUTSIDE, WAYS };

static const char *const names[] = { "right", "tail", "inaccurate", "loses NaN", "outside" };

/* y = x + x, and the ways to get it wrong. */
static void twice(int way, const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] + x[i];
        if (way == INACCURATE)
            y[i] *= 1.0f + 0x1p-20f;
        if (way == LOSES_NAN && isnan(x[i]))
            y[i] = 0;
    }
    if (way == TAIL)
        memset(&y[n - 1], 0xff, sizeof(*y));
    if (way == OUTSIDE)
        y[-1] = 0;
}

static void run(int way, const struct parity_case *c, struct parity_report *r)
{
    size_t n = c->shape->dim[0], bytes = n * sizeof(float);
    struct parity_buffer x = parity_new(bytes, c->shape->gap), y = parity_new(bytes, 4);
    double want[130], tol[130];

    parity_fill(x.p, n, c->input, c->seed, 0);
    for (size_t i = 0; i < n; i++) {
        want[i] = 2 * (double)((float *)x.p)[i];
        tol[i] = parity_sum_bound(1, fabs(want[i]));
    }
    twice(way, x.p, y.p, n);
    parity_values(c, r, y.p, want, tol, n);
    parity_free(&x, c, r);
    parity_free(&y, c, r);
}

static int first; /* of the variants that the table below shows */

static const char *variant(int v)
{
    return names[first + v];
}

static uint64_t needs(int v)
{
    (void)v;
    return 0;
}

static void run_from_first(int v, const struct parity_case *c, struct parity_report *r)
{
    run(first + v, c, r);
}

int main(void)
{
    struct parity_op op = { .name = "twice",
                            .shapes = shapes,
                            .n_shapes = 3,
                            .inputs = PARITY_ALL,
                            .n_variants = 1,
                            .variant = variant,
                            .needs = needs,
                            .run = run_from_first };
    const float a[] = { 1, NAN, 0.0f }, b[] = { 1, NAN, -0.0f };
    struct parity_case c = { .op = "same", .variant = "bits", .shape = &shapes[0] };
    struct parity_report r = { 0 };

    parity_walk(&op);
    first = TAIL;
    op.n_variants = WAYS - TAIL;
    parity_catches(&op);
    parity_same(&c, &r, a, b, 2);
    CHECK_EQ(r.wrong, 0);
    parity_same(&c, &r, a, b, 3);
    CHECK_EQ(r.wrong, 1);
    TEST_DONE();
}
