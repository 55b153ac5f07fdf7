/* Dense attention on a GPU: every variant over shapes, sequences of different lengths, windows,
 * inputs with NaN, what lies behind the end of a sequence, and what a wrong one looks like; then a
 * step of decoding recorded once and replayed as the sequence grows.
 *
 *   test_attention_gpu quick   fewer shapes, for a sanitizer */
#include "kernel_parity.h"

#include "core/device.h"
#include "core/mem.h"
#include "gpu/gpu.h"

#if HAVE_CUDA
#include "gpu/gpu_graph.h"
#include "kernels/attention/attention_gpu.h"
#include "kernels/attention/attention_rows.h"

enum { GUARD = 64, SPARE = 8, SEQUENCES = 2 };

static struct gpu *gpu;
static int capability;
static bool quick;

enum poison { NOTHING, NAN_Q, NAN_K, NAN_V, NAN_LAST_V, POISONS };

struct shape {
    int tokens, first[SEQUENCES], heads, kv_heads, dim, window;
    enum dtype dtype;
};

/* A call, on the host and on the device.  Rows of q and of the output are SPARE values longer than
 * they need to be, and so are the tables; the output has guard bytes at both ends. */
struct call {
    struct shape shape;
    struct attention_gpu_args a;
    uint16_t *k, *v;    /* owned: [SEQUENCES][context][kv_heads][dim] */
    float *q, *kf, *vf; /* owned: the same as floats, q [rows][ldq] */
    int32_t *pages;     /* owned */
    void *d[9];         /* owned */
    int n_d;
    size_t out_bytes;
    char *d_guarded; /* the output, from its first guard byte on */
};

static gpu_stream stream_here(void)
{
    return gpu_stream_of(gpu);
}

static void must(int rc, const struct err *e)
{
    if (rc < 0)
        fprintf(stderr, "%s\n", e->msg);
    CHECK_EQ(rc, 0);
    if (rc < 0)
        exit(1);
}

static void *device_bytes(struct call *c, size_t bytes, int fill)
{
    struct err e = { 0 };
    void *d = NULL;

    must(gpu_alloc(&d, bytes, &e), &e);
    must(gpu_fill(d, fill, bytes, stream_here(), &e), &e);
    c->d[c->n_d++] = d;
    return d;
}

static void upload(void *d, const void *from, size_t bytes)
{
    struct err e = { 0 };

    must(gpu_to_device(d, from, bytes, stream_here(), &e), &e);
}

static float widen(enum dtype t, uint16_t x)
{
    return t == DTYPE_F16 ? f16_to_f32(x) : bf16_to_f32(x);
}

static uint16_t narrow(enum dtype t, float x)
{
    return t == DTYPE_F16 ? f32_to_f16(x) : f32_to_bf16(x);
}

static uint16_t *normal(enum dtype t, size_t n, uint64_t seed, uint64_t stream)
{
    uint16_t *x = mem_calloc(n, sizeof(*x));
    struct rng rng;

    rng_init(&rng, seed, stream);
    for (size_t i = 0; i < n; i++)
        x[i] = narrow(t, (float)rng_normal(&rng));
    return x;
}

static float *widened(enum dtype t, const uint16_t *x, size_t n)
{
    float *f = mem_calloc(n, sizeof(*f));

    for (size_t i = 0; i < n; i++)
        f[i] = widen(t, x[i]);
    return f;
}

static int length(const struct call *c, int sequence)
{
    return c->shape.first[sequence] + c->shape.tokens;
}

static size_t kv_values(const struct call *c)
{
    return (size_t)c->shape.kv_heads * (size_t)c->shape.dim;
}

/* Pages in random order; entries behind the end lead nowhere. */
static void make_tables(struct call *c, uint64_t seed)
{
    const int per = (c->a.context + KV_PAGE - 1) / KV_PAGE;
    uint32_t *order = mem_calloc((size_t)(SEQUENCES * per), sizeof(*order));
    struct rng rng;

    rng_init(&rng, seed, 9);
    for (int i = 0; i < SEQUENCES * per; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(&rng, order, (size_t)(SEQUENCES * per));
    c->a.ldpages = (size_t)per + SPARE;
    c->pages = mem_calloc(SEQUENCES * c->a.ldpages, sizeof(*c->pages));
    for (int s = 0; s < SEQUENCES; s++)
        for (int i = 0; i < (int)c->a.ldpages; i++)
            c->pages[s * (int)c->a.ldpages + i] =
                i * KV_PAGE < length(c, s) ? (int32_t)order[s * per + i] : INT32_MAX;
    mem_free(order);
    c->a.pages = device_bytes(c, SEQUENCES * c->a.ldpages * sizeof(*c->pages), 0);
    upload((void *)(uintptr_t)c->a.pages, c->pages, SEQUENCES * c->a.ldpages * sizeof(*c->pages));
    c->a.pool = device_bytes(c, (size_t)(SEQUENCES * per) * c->a.page_bytes, 0xff);
}

/* K and V of all positions, one sequence after the other, by `store`. */
static void fill_cache(struct call *c)
{
    const size_t all = (size_t)c->a.context * kv_values(c);
    uint16_t *d_k = device_bytes(c, all * sizeof(*d_k), 0);
    uint16_t *d_v = device_bytes(c, all * sizeof(*d_v), 0);
    int32_t *d_first = device_bytes(c, SEQUENCES * sizeof(*d_first), 0);
    struct err e = { 0 };

    for (int s = 0; s < SEQUENCES; s++) {
        struct attention_gpu_args a = c->a;

        a.sequences = 1;
        a.tokens = length(c, s);
        a.first = d_first;
        a.pages += (size_t)s * a.ldpages;
        a.k = d_k;
        a.v = d_v;
        a.ldkv = kv_values(c);
        upload(d_k, c->k + (size_t)s * all, (size_t)length(c, s) * kv_values(c) * sizeof(*d_k));
        upload(d_v, c->v + (size_t)s * all, (size_t)length(c, s) * kv_values(c) * sizeof(*d_v));
        must(attention_gpu_store(&a, stream_here(), &e), &e);
        must(gpu_sync(stream_here(), &e), &e);
    }
    upload(d_first, c->shape.first, SEQUENCES * sizeof(*d_first));
    c->a.first = d_first;
}

static void poison_inputs(struct call *c, enum poison poison, uint16_t *q, size_t q_values)
{
    const size_t all = (size_t)c->a.context * kv_values(c);
    const uint16_t nan = 0x7fff;

    if (poison == NAN_Q)
        q[q_values / 2] = nan;
    for (int s = 0; s < SEQUENCES; s++) {
        const size_t there = (size_t)length(c, s) * kv_values(c);

        if (poison == NAN_K)
            c->k[(size_t)s * all + there / 2] = nan;
        if (poison == NAN_V)
            c->v[(size_t)s * all + there / 2] = nan;
        if (poison == NAN_LAST_V) /* which the last token sees alone */
            c->v[(size_t)s * all + there - 3] = nan;
    }
}

static void call_make(struct call *c, const struct shape *shape, enum poison poison, uint64_t seed)
{
    const size_t row = (size_t)(shape->heads * shape->dim),
                 rows = (size_t)(SEQUENCES * shape->tokens);
    uint16_t *q;
    size_t all;
    void *d_q;

    *c = (struct call){ .shape = *shape };
    c->a = (struct attention_gpu_args){ .sequences = SEQUENCES,
                                        .tokens = shape->tokens,
                                        .heads = shape->heads,
                                        .kv_heads = shape->kv_heads,
                                        .head_dim = shape->dim,
                                        .window = shape->window,
                                        .dtype = shape->dtype,
                                        .scale = 1 / sqrtf((float)shape->dim),
                                        .ldq = row + SPARE,
                                        .ldo = row + SPARE };
    for (int s = 0; s < SEQUENCES; s++)
        c->a.context = length(c, s) > c->a.context ? length(c, s) : c->a.context;
    c->a.head_bytes = KV_PAGE * (size_t)shape->dim * sizeof(uint16_t);
    c->a.k_offset = GUARD;
    c->a.v_offset = GUARD + (size_t)shape->kv_heads * c->a.head_bytes;
    c->a.page_bytes = 2 * c->a.v_offset;
    all = SEQUENCES * (size_t)c->a.context * kv_values(c);
    c->k = normal(shape->dtype, all, seed, 1);
    c->v = normal(shape->dtype, all, seed, 2);
    q = normal(shape->dtype, rows * c->a.ldq, seed, 3);
    poison_inputs(c, poison, q, rows * c->a.ldq);
    c->q = widened(shape->dtype, q, rows * c->a.ldq);
    c->kf = widened(shape->dtype, c->k, all);
    c->vf = widened(shape->dtype, c->v, all);
    make_tables(c, seed);
    fill_cache(c);
    d_q = device_bytes(c, rows * c->a.ldq * sizeof(*q), 0);
    upload(d_q, q, rows * c->a.ldq * sizeof(*q));
    mem_free(q);
    c->a.q = d_q;
    c->out_bytes = rows * c->a.ldo * sizeof(*q);
    c->d_guarded = device_bytes(c, c->out_bytes + 2 * GUARD, 0xff);
    c->a.out = c->d_guarded + GUARD;
    c->a.workspace = device_bytes(c, attention_gpu_workspace(&c->a) + 16, 0);
}

static void call_free(struct call *c)
{
    for (int i = 0; i < c->n_d; i++)
        gpu_free(c->d[i]);
    mem_free(c->k);
    mem_free(c->v);
    mem_free(c->q);
    mem_free(c->kf);
    mem_free(c->vf);
    mem_free(c->pages);
}

/* ---- right or wrong */

struct seen {
    const struct call *c;
    int sequence, kv_head, lo;
};

static void kv_of(void *self, int i, const float **k, const float **v)
{
    const struct seen *s = self;
    const size_t position = (size_t)s->sequence * (size_t)s->c->a.context + (size_t)(s->lo + i);
    const size_t at = position * kv_values(s->c) + (size_t)(s->kv_head * s->c->shape.dim);

    *k = s->c->kf + at;
    *v = s->c->vf + at;
}

static long wrong_values(const struct call *c, const uint16_t *out, int row, int head)
{
    const struct shape *shape = &c->shape;
    const int sequence = row / shape->tokens, t = row % shape->tokens;
    const int hi = shape->first[sequence] + t + 1;
    struct seen seen = { c, sequence, head / (shape->heads / shape->kv_heads),
                         shape->window > 0 && hi > shape->window ? hi - shape->window : 0 };
    const struct attention_row r = { .q = c->q + (size_t)row * c->a.ldq +
                                          (size_t)(head * shape->dim),
                                     .dim = shape->dim,
                                     .n = hi - seen.lo,
                                     .scale = c->a.scale,
                                     .dtype = shape->dtype,
                                     .kv = kv_of,
                                     .self = &seen };
    double want[ATTENTION_DIM_MAX], tol[ATTENTION_DIM_MAX];
    long wrong = 0;

    attention_rows_reference(&r, want, tol);
    for (int d = 0; d < shape->dim; d++) {
        const uint16_t bits = out[(size_t)row * c->a.ldo + (size_t)(head * shape->dim + d)];
        const double got = (double)widen(shape->dtype, bits);

        wrong += isnan(want[d]) ? !isnan(got) : !(fabs(got - want[d]) <= tol[d]);
    }
    return wrong;
}

/* The outputs, which have been poisoned before; owned. */
static uint16_t *result_of(struct call *c, const struct attention_gpu_variant *v)
{
    uint16_t *out = mem_calloc(c->out_bytes + 2 * GUARD, 1);
    struct err e = { 0 };

    must(gpu_fill(c->d_guarded, 0xff, c->out_bytes + 2 * GUARD, stream_here(), &e), &e);
    must(v->run(&c->a, capability, stream_here(), &e), &e);
    must(gpu_sync(stream_here(), &e), &e);
    must(gpu_to_host(out, c->d_guarded, c->out_bytes + 2 * GUARD, stream_here(), &e), &e);
    return out;
}

/* Values that are wrong, and those written where none belongs. */
static long wrong_of(const struct call *c, const uint16_t *guarded)
{
    const uint16_t *out = guarded + GUARD / 2;
    const int rows = SEQUENCES * c->shape.tokens;
    const size_t row = (size_t)(c->shape.heads * c->shape.dim);
    long wrong = 0;

    for (int i = 0; i < GUARD / 2; i++)
        wrong += guarded[i] != 0xffff || out[c->out_bytes / 2 + (size_t)i] != 0xffff;
    for (int r = 0; r < rows; r++) {
        for (size_t i = row; i < c->a.ldo; i++)
            wrong += out[(size_t)r * c->a.ldo + i] != 0xffff;
        for (int h = 0; h < c->shape.heads; h++)
            wrong += wrong_values(c, out, r, h);
    }
    return wrong;
}

static void test_shape(const struct attention_gpu_variant *v, const struct shape *shape,
                       enum poison poison)
{
    struct call c;
    uint16_t *first, *again, *planted;
    struct err e = { 0 };
    long wrong;

    if (shape->dtype == DTYPE_BF16 && capability < 80)
        return;
    call_make(&c, shape, poison, (uint64_t)(shape->tokens * 1000 + shape->first[0] + shape->dim));
    CHECK_EQ(attention_gpu_check(&c.a, capability, &e), 0);
    first = result_of(&c, v);
    wrong = wrong_of(&c, first);
    if (wrong > 0)
        fprintf(stderr, "%s: tokens %d first %d,%d heads %d/%d dim %d window %d %s poison %d\n",
                v->is.name, shape->tokens, shape->first[0], shape->first[1], shape->heads,
                shape->kv_heads, shape->dim, shape->window, dtype_names[shape->dtype], poison);
    CHECK_EQ(wrong, 0);
    again = result_of(&c, v);
    CHECK_EQ(memcmp(first, again, c.out_bytes + 2 * GUARD), 0);
    /* One value off by a half. */
    planted = &first[GUARD / 2 + (c.shape.heads * c.shape.dim) / 2];
    *planted = narrow(shape->dtype, widen(shape->dtype, *planted) + 0.5f);
    CHECK(poison != NOTHING || wrong_of(&c, first) == 1);
    mem_free(first);
    mem_free(again);
    call_free(&c);
}

static void test_variant(const struct attention_gpu_variant *v)
{
    static const int lengths[] = { 0, 1, 62, 63, 64, 126, 127, 128, 300 };
    static const int tokens[] = { 1, 2, 8, 9, 65 };
    static const int dims[] = { 64, 96, 128 };
    enum { N_LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };

    for (int d = 0; d < 3; d++)
        for (int t = 0; t < 5; t++)
            for (int l = d % 2; l < N_LENGTHS; l += quick ? 5 : 2) {
                const int group = 1 + (l + t) % 3 * 3;
                const struct shape s = { tokens[t],
                                         { lengths[l], lengths[(l + 4) % N_LENGTHS] },
                                         2 * group,
                                         2,
                                         dims[d],
                                         l % 3 == 2 ? 50 : 0,
                                         (l + d) % 4 == 3 ? DTYPE_BF16 : DTYPE_F16 };

                test_shape(v, &s, NOTHING);
            }
    for (int d = 0; d < 3; d++)
        for (int p = NAN_Q; p < POISONS; p++)
            for (int t = 0; t < 5; t += quick ? 4 : 2) {
                const struct shape s = { tokens[t],
                                         { 150, 17 },
                                         4,
                                         2,
                                         dims[d],
                                         t == 2 ? 90 : 0,
                                         p % 2 ? DTYPE_F16 : DTYPE_BF16 };

                test_shape(v, &s, (enum poison)p);
            }
    /* Pieces that are longer than the shortest. */
    if (!quick)
        test_shape(v, &(struct shape){ 1, { 20000, 16384 }, 4, 2, 64, 0, DTYPE_F16 }, NOTHING);
}

/* A step that is recorded once, for a context of 600, and replayed with other lengths. */
static void test_replay(const struct attention_gpu_variant *v)
{
    const struct shape shape = { 1, { 599, 255 }, 6, 2, 128, 0, DTYPE_F16 };
    struct call c;
    struct err e = { 0 };
    gpu_graph graph = NULL;
    uint16_t *out;

    call_make(&c, &shape, NOTHING, 5);
    out = mem_calloc(c.out_bytes + 2 * GUARD, 1);
    must(gpu_graph_begin(stream_here(), &e), &e);
    must(v->run(&c.a, capability, stream_here(), &e), &e);
    must(gpu_graph_end(stream_here(), &graph, &e), &e);
    for (int first = 599; first > 0; first -= 171) {
        c.shape.first[0] = first;
        c.shape.first[1] = first / 3;
        upload((void *)(uintptr_t)c.a.first, c.shape.first, sizeof(c.shape.first));
        must(gpu_fill(c.d_guarded, 0xff, c.out_bytes + 2 * GUARD, stream_here(), &e), &e);
        must(gpu_graph_launch(graph, stream_here(), &e), &e);
        must(gpu_sync(stream_here(), &e), &e);
        must(gpu_to_host(out, c.d_guarded, c.out_bytes + 2 * GUARD, stream_here(), &e), &e);
        CHECK_EQ(wrong_of(&c, out), 0);
    }
    gpu_graph_free(graph);
    mem_free(out);
    call_free(&c);
}

/* A row's bits are its own: the same sequence in other company, and under another bound. */
static void test_company(const struct attention_gpu_variant *v, int tokens)
{
    const struct shape shape = { tokens, { 400, 333 }, 6, 2, 64, 0, DTYPE_F16 };
    struct call c;
    uint16_t *both, *one;
    size_t bytes;

    call_make(&c, &shape, NOTHING, 6);
    both = result_of(&c, v);
    c.a.sequences = 1;
    c.a.context = 5000;
    c.a.workspace = device_bytes(&c, attention_gpu_workspace(&c.a) + 16, 0);
    one = result_of(&c, v);
    bytes = (size_t)tokens * c.a.ldo * sizeof(*both);
    CHECK_EQ(memcmp((char *)both + GUARD, (char *)one + GUARD, bytes), 0);
    mem_free(both);
    mem_free(one);
    call_free(&c);
}

static void test_refused(void)
{
    struct attention_gpu_args a = { .sequences = 1,
                                    .tokens = 1,
                                    .context = 10,
                                    .heads = 4,
                                    .kv_heads = 2,
                                    .head_dim = 64,
                                    .scale = 1 };
    struct attention_gpu_args b;
    struct err e = { 0 };

    CHECK_EQ(attention_gpu_check(&a, 75, &e), ERR_NOTSUP); /* F32 */
    a.dtype = DTYPE_F16;
    CHECK_EQ(attention_gpu_check(&a, 75, &(struct err){ 0 }), 0);
    b = a;
    b.dtype = DTYPE_BF16;
    CHECK_EQ(attention_gpu_check(&b, 75, &(struct err){ 0 }), ERR_NOTSUP);
    b = a;
    b.head_dim = 80;
    CHECK_EQ(attention_gpu_check(&b, 90, &(struct err){ 0 }), ERR_NOTSUP);
    b = a;
    b.kv_heads = 3;
    CHECK_EQ(attention_gpu_check(&b, 90, &(struct err){ 0 }), ERR_ARG);
    b = a;
    b.tokens = 11;
    CHECK_EQ(attention_gpu_check(&b, 90, &(struct err){ 0 }), ERR_ARG);
    b = a;
    b.scale = 0;
    CHECK_EQ(attention_gpu_check(&b, 90, &(struct err){ 0 }), ERR_ARG);
    b = a;
    b.ldq = 12;
    CHECK_EQ(attention_gpu_check(&b, 90, &(struct err){ 0 }), ERR_ARG);
}

int main(int argc, char **argv)
{
    const struct attention_gpu_variant *table;
    struct device device;
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;
    int n;

    (void)argv;
    quick = argc > 1;
    test_refused();
    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0) {
        if (test_failures)
            return 1;
        TEST_SKIP("%s", why);
    }
    must(gpu_device_ops.open(&device, &handle, &e), &e);
    gpu = handle;
    must(gpu_enter(gpu, &e), &e);
    capability = gpu_properties_of(gpu)->capability;
    table = attention_gpu_variants(&n);
    for (int i = 0; i < n; i++) {
        if (!gpu_variant_runs(&table[i].is, capability)) {
            printf("%s: not for this GPU\n", table[i].is.name);
            continue;
        }
        test_variant(&table[i]);
        test_replay(&table[i]);
        test_company(&table[i], 1);
        test_company(&table[i], 70);
        printf("%s: %s\n", test_failures ? "FAIL" : "pass", table[i].is.name);
    }
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
