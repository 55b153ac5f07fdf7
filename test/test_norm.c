/* Both norms: every variant has the bits of the scalar one, and those are near F64. */
#include "kernel_parity.h"

#include "kernels/norm/norm.h"

static const struct parity_shape shapes[] = {
    { .what = "one", .dim = { 1 } },      { .what = "tail", .dim = { 15 } },
    { .what = "vector", .dim = { 16 } },  { .what = "odd", .dim = { 67 }, .gap = 4 },
    { .what = "model", .dim = { 576 } },  { .what = "model", .dim = { 896 }, .gap = 12 },
    { .what = "large", .dim = { 8192 } }, { .what = "large", .dim = { 3077 } },
};

enum { N_MAX = 8192 };

enum { RMS, LAYER };

enum { RIGHT, TAIL, NO_EPS, NO_MEAN, WAYS };
static const char *const ways[] = { "right", "tail", "no eps", "no mean" };

static int kind, way;
static const float eps = 1e-5f;

static const struct norm_variant *variants(void)
{
    int n;

    return norm_variants(&n);
}

static void call(const struct norm_variant *v, const float *x, const float *g, const float *b,
                 float *y, size_t n)
{
    if (way == TAIL)
        n--;
    if (kind == RMS || way == NO_MEAN)
        v->rms(x, g, way == NO_EPS ? 0 : eps, y, n);
    else
        v->layer(x, g, b, way == NO_EPS ? 0 : eps, y, n);
}

/* With u = 2^-24 and m = n / 16 + 6 additions in a chain: a sum of squares is off by (m + 2) u of
 * itself, the mean by m u mean|x|, and what is left of both is a few roundings. */
static void answer(const float *x, const float *g, const float *b, double *want, double *tol,
                   size_t n)
{
    const double u = 0x1p-24, m = (double)n / 16 + 6;
    double sum = 0, squares = 0, size = 0, off, relative;
    bool out = false;

    if (kind == RMS)
        norm_reference_rms(x, g, (double)eps, want, n);
    else
        norm_reference_layer(x, g, b, (double)eps, want, n);
    for (size_t i = 0; i < n; i++) {
        sum += kind == LAYER ? (double)x[i] : 0;
        size += kind == LAYER ? fabs((double)x[i]) : 0;
    }
    for (size_t i = 0; i < n; i++)
        squares += pow((double)x[i] - sum / (double)n, 2);
    out = !(squares <= 3.4e38);
    off = 1.01 * m * u * size / (double)n;
    squares = squares / (double)n + (double)eps;
    relative = off * off / squares + (m + 8) * u;
    for (size_t i = 0; i < n; i++) {
        const double scaled = fabs((double)g[i]) / sqrt(squares);

        tol[i] = scaled * (1.01 * off + fabs((double)x[i] - sum / (double)n) * relative) +
                 2 * u * fabs(want[i]) + 0x1p-147 * (scaled + 1);
        if (out)
            want[i] = NAN;
    }
}

static void run(int variant, const struct parity_case *c, struct parity_report *r)
{
    static double want[N_MAX], tol[N_MAX];
    const struct norm_variant *v = &variants()[variant];
    const size_t n = c->shape->dim[0], bytes = n * sizeof(float), gap = c->shape->gap;
    struct parity_buffer x = parity_new(bytes, gap), g = parity_new(bytes, gap);
    struct parity_buffer b = parity_new(bytes, gap), y = parity_new(bytes, gap);
    struct parity_buffer same = parity_new(bytes, gap);

    parity_fill(x.p, n, c->input, c->seed, 0);
    parity_fill(g.p, n, PARITY_RANDOM, c->seed, 1);
    parity_fill(b.p, n, PARITY_RANDOM, c->seed, 2);
    answer(x.p, g.p, b.p, want, tol, n);
    call(v, x.p, g.p, b.p, y.p, n);
    parity_values(c, r, y.p, want, tol, n);
    if (way == RIGHT) {
        call(&variants()[0], x.p, g.p, b.p, same.p, n);
        parity_same(c, r, y.p, same.p, n);
        call(v, x.p, g.p, b.p, x.p, n); /* in place */
        parity_same(c, r, x.p, y.p, n);
    }
    parity_free(&x, c, r);
    parity_free(&g, c, r);
    parity_free(&b, c, r);
    parity_free(&y, c, r);
    parity_free(&same, c, r);
}

static const char *name(int v)
{
    return way ? ways[way] : variants()[v].name;
}

static uint64_t needs(int v)
{
    return variants()[v].needs;
}

int main(void)
{
    struct parity_op op = { .shapes = shapes,
                            .n_shapes = sizeof(shapes) / sizeof(shapes[0]),
                            .inputs = PARITY_ALL,
                            .variant = name,
                            .needs = needs,
                            .run = run };
    int n;

    norm_variants(&n);
    for (kind = RMS; kind <= LAYER; kind++) {
        op.name = kind == RMS ? "RMSNorm" : "LayerNorm";
        op.n_variants = n;
        way = RIGHT;
        parity_walk(&op);
        op.n_variants = 1;
        for (way = RIGHT + 1; way < (kind == RMS ? NO_MEAN : WAYS); way++)
            parity_catches(&op);
    }
    TEST_DONE();
}
