/* Activations: every variant against F64 over shapes and inputs, then over floats of every size. */
#include "kernel_parity.h"

#include <float.h>

#include "kernels/activation/activation.h"

static const struct parity_shape shapes[] = {
    { .what = "one", .dim = { 1 } },
    { .what = "tail", .dim = { 15 } },
    { .what = "odd", .dim = { 67 }, .gap = 4 },
    { .what = "model", .dim = { 1536 } },
    { .what = "large", .dim = { 4099 } },
};

enum { N_MAX = 1 << 16 };

enum { RIGHT, TAIL, INACCURATE, LOSES_NAN, WAYS };
static const char *const ways[] = { "right", "tail", "inaccurate", "loses NaN" };

static const char *const names[] = { "gelu_tanh", "silu", "relu2" };
static enum activation function;
static int way;
static double want[N_MAX], tol[N_MAX];

static const struct activation_variant *variants(void)
{
    int n;

    return activation_variants(&n);
}

/* The contract; what F32 cannot hold is infinite. */
static void answer(const float *gate, const float *up, size_t n)
{
    activation_reference(function, gate, up, want, n);
    for (size_t i = 0; i < n; i++) {
        tol[i] = fmax(2e-6 * fabs(want[i]), 1e-7 * fmax(1, fabs((double)up[i])));
        if (fabs(want[i]) > (double)FLT_MAX)
            want[i] = copysign(INFINITY, want[i]);
    }
}

static void call(int variant, const float *gate, const float *up, float *y, size_t n)
{
    variants()[variant].run(function, gate, up, y, way == TAIL ? n - 1 : n);
    for (size_t i = 0; i < n; i++) {
        if (way == INACCURATE)
            y[i] *= 1 + 1e-5f;
        if (way == LOSES_NAN && isnan(y[i]))
            y[i] = 0;
    }
}

static void run(int variant, const struct parity_case *c, struct parity_report *r)
{
    const size_t n = c->shape->dim[0], bytes = n * sizeof(float), gap = c->shape->gap;
    struct parity_buffer gate = parity_new(bytes, gap), up = parity_new(bytes, gap);
    struct parity_buffer y = parity_new(bytes, gap);
    const float *g = function == ACTIVATION_GELU_TANH ? NULL : gate.p;

    parity_fill(gate.p, n, c->input, c->seed, 0);
    parity_fill(up.p, n, c->input, c->seed, 1);
    answer(g, up.p, n);
    call(variant, g, up.p, y.p, n);
    parity_values(c, r, y.p, want, tol, n);
    if (way == RIGHT) { /* in place */
        call(variant, g, up.p, up.p, n);
        parity_same(c, r, up.p, y.p, n);
    }
    parity_free(&gate, c, r);
    parity_free(&up, c, r);
    parity_free(&y, c, r);
}

/* One float in STEP, from all 2^32, NaN and infinities included. */
static void run_all_floats(int variant, const struct parity_case *c, struct parity_report *r)
{
    enum { STEP = 2039 };
    static float x[N_MAX], one[N_MAX], y[N_MAX];
    uint64_t bits = 0;

    while (bits < (1ull << 32)) {
        size_t n = 0;

        for (; n < N_MAX && bits < (1ull << 32); n++, bits += STEP) {
            const uint32_t low = (uint32_t)bits;

            memcpy(&x[n], &low, sizeof(low));
            one[n] = 1;
        }
        const float *gate = function == ACTIVATION_GELU_TANH ? NULL : x;
        const float *up = function == ACTIVATION_GELU_TANH ? x : one;

        answer(gate, up, n);
        call(variant, gate, up, y, n);
        parity_values(c, r, y, want, tol, n);
    }
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
    struct parity_op op = {
        .shapes = shapes, .inputs = PARITY_ALL, .variant = name, .needs = needs
    };
    int n;

    activation_variants(&n);
    for (int f = 0; f < 3; f++) {
        function = (enum activation)f;
        op.name = names[f];
        op.n_variants = n;
        op.n_shapes = sizeof(shapes) / sizeof(shapes[0]);
        op.inputs = PARITY_ALL;
        op.run = run;
        way = RIGHT;
        parity_walk(&op);
        op.n_variants = 1;
        for (way = RIGHT + 1; way < WAYS; way++)
            parity_catches(&op);
        way = RIGHT;
        op.n_variants = n;
        op.n_shapes = 1;
        op.inputs = 1 << PARITY_RANDOM;
        op.run = run_all_floats;
        parity_walk(&op);
    }
    TEST_DONE();
}
