/* Rotary embedding: every variant has the bits of the scalar one, and those are near F64. */
#include "kernel_parity.h"

#include "kernels/rope/rope.h"

/* heads, head_dim, rot, position */
static const struct parity_shape shapes[] = {
    { .what = "one pair", .dim = { 1, 2, 2, 1 } },
    { .what = "first position", .dim = { 2, 64, 64, 0 } },
    { .what = "model", .dim = { 9, 64, 64, 4095 } },
    { .what = "odd heads", .dim = { 3, 80, 80, 77 }, .gap = 4 },
    { .what = "partial", .dim = { 4, 80, 32, 131071 } },
    { .what = "partial, tail", .dim = { 2, 96, 70, 12 }, .gap = 4 },
    { .what = "not at all", .dim = { 2, 64, 0, 9 } },
    { .what = "large", .dim = { 32, 128, 128, 2000 } },
};

enum { VALUES_MAX = 32 * 128 };

enum { RIGHT, OTHER_KIND, OTHER_WAY, ALL_TURN, WAYS };
static const char *const ways[] = { "right", "other kind", "other way", "all turn" };

static enum rope_kind kind;
static int way;

static const struct rope_variant *variants(void)
{
    int n;

    return rope_variants(&n);
}

static void call(const struct rope_variant *v, struct rope_args a, float *x)
{
    if (way == OTHER_KIND)
        a.kind = kind == ROPE_PAIR ? ROPE_HALF : ROPE_PAIR;
    if (way == OTHER_WAY)
        a.sin = a.cos;
    if (way == ALL_TURN)
        a.rot = a.head_dim < 64 ? a.rot : 64;
    v->run(&a, x);
}

static void run(int variant, const struct parity_case *c, struct parity_report *r)
{
    static double want[VALUES_MAX], tol[VALUES_MAX];
    const size_t *dim = c->shape->dim, n = dim[0] * dim[1], bytes = n * sizeof(float);
    const size_t gap = c->shape->gap;
    struct parity_buffer x = parity_new(bytes, gap), same = parity_new(bytes, gap);
    struct rope_args a = {
        .kind = kind, .heads = (int)dim[0], .head_dim = (int)dim[1], .rot = (int)dim[2]
    };
    float cos_of[64], sin_of[64];

    for (int i = 0; i < 64; i++) {
        const double angle = (double)dim[3] * pow(1e4, -2.0 * i / (double)(dim[2] + 1));

        cos_of[i] = (float)cos(angle);
        sin_of[i] = (float)sin(angle);
    }
    a.cos = cos_of;
    a.sin = sin_of;
    parity_fill(x.p, n, c->input, c->seed, 0);
    memcpy(same.p, x.p, bytes);
    rope_reference(&a, x.p, want);
    /* Two products and a sum, rounded each: 2 u of the larger of the pair, which is at most the
     * largest value here. */
    for (size_t i = 0; i < n; i++) {
        double most = 0;

        for (size_t k = i - i % dim[1]; k < i - i % dim[1] + dim[1]; k++)
            if (isfinite(((const float *)x.p)[k]))
                most = fmax(most, fabs((double)((const float *)x.p)[k]));
        tol[i] = i % dim[1] < dim[2] ? 0x1p-24 * 4.01 * most + 0x1p-148 : 0;
    }
    call(&variants()[variant], a, x.p);
    parity_values(c, r, x.p, want, tol, n);
    if (way == RIGHT) {
        call(&variants()[0], a, same.p);
        parity_same(c, r, x.p, same.p, n);
    }
    parity_free(&x, c, r);
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

    rope_variants(&n);
    for (kind = ROPE_NONE; kind <= ROPE_HALF; kind++) {
        op.name = kind == ROPE_NONE   ? "no rope"
                  : kind == ROPE_PAIR ? "rope, pairs"
                                      : "rope, halves";
        op.n_variants = n;
        way = RIGHT;
        parity_walk(&op);
        op.n_variants = 1;
        for (way = RIGHT + 1; kind != ROPE_NONE && way < WAYS; way++)
            parity_catches(&op);
    }
    TEST_DONE();
}
