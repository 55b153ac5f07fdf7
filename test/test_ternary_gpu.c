/* Ternary products and the chain on a GPU: the bits of the CPU, mistakes that are seen, and times
 * (printed, not tested). */
#include "test.h"

#include "core/device.h"
#include "core/mem.h"
#include "core/rng.h"
#include "gpu/gpu.h"
#include "kernels/ternary/ternary_chain.h"

#if HAVE_CUDA
#include "gpu/gpu_graph.h"
#include "kernels/ternary/ternary_gpu.h"
#include "kernels/ternary/ternary_tiles.h"

static struct gpu *gpu;
static gpu_stream stream;
static int capability;
static bool quick; /* under a sanitizer: small shapes, nothing timed */

static long differ(const float *a, const float *b, size_t n)
{
    long wrong = 0;

    for (size_t i = 0; i < n; i++)
        wrong += memcmp(&a[i], &b[i], sizeof(*a)) != 0 && !(isnan(a[i]) && isnan(b[i]));
    return wrong;
}

/* Microseconds of one of n runs in a graph. */
static double graph_us(int (*run)(void *arg, struct err *e), void *arg, int n)
{
    gpu_graph graph = NULL;
    struct err e = { 0 };
    double best = INFINITY, ns;

    CHECK_EQ(run(arg, &e), 0);
    CHECK_EQ(gpu_graph_begin(stream, &e), 0);
    for (int i = 0; i < n; i++)
        CHECK_EQ(run(arg, &e), 0);
    CHECK_EQ(gpu_graph_end(stream, &graph, &e), 0);
    if (!graph) {
        fprintf(stderr, "%s\n", e.msg);
        return NAN;
    }
    for (int i = 0; i < 12; i++) {
        CHECK_EQ(gpu_device_ops.begin(gpu, &e), 0);
        CHECK_EQ(gpu_graph_launch(graph, stream, &e), 0);
        CHECK_EQ(gpu_device_ops.end(gpu, &ns, &e), 0);
        best = ns < best ? ns : best;
    }
    gpu_graph_free(graph);
    return best * 1e-3 / n;
}

/* ---- single products */

struct one {
    struct ternary m;
    struct ternary_gpu t;
    const struct ternary_gpu_variant *v;
    enum ternary_gpu_norm norm;
    float *x, *g, *y, *want;
    size_t tokens;
};

enum input { NORMAL, ZERO, NOT_A_NUMBER, LARGEST };

static void fill_one(struct one *o, enum input input)
{
    struct rng rng;
    size_t rows = o->m.w.rows, cols = o->m.w.cols;

    rng_init(&rng, rows, cols);
    for (size_t r = 0; r < rows; r++) {
        o->m.scale[r] = (float)rng_normal(&rng);
        for (size_t c = 0; c < cols; c++)
            ternary_set(&o->m, r, c, input == LARGEST ? 1 : (int)rng_below(&rng, 3) - 1);
    }
    for (size_t i = 0; i < o->tokens * cols; i++)
        o->x[i] = input == ZERO ? 0 : input == LARGEST ? 3 : (float)rng_normal(&rng);
    if (input == NOT_A_NUMBER)
        o->x[cols / 2] = NAN;
    for (size_t i = 0; i < cols; i++)
        o->g[i] = input == LARGEST ? 1 : (float)rng_normal(&rng);
}

static void answer_one(struct one *o, const float *g)
{
    size_t rows = o->m.w.rows, cols = o->m.w.cols;
    char *space = mem_calloc(ternary_vector_bytes(cols) + 64, 1);
    char *vector = space + (-(uintptr_t)space & 63);
    struct act a;

    for (size_t i = 0; i < o->tokens; i++) {
        ternary_quantize(o->x + i * cols, g, 1e-5F, TERNARY_FUSED, cols, vector, &a);
        ternary_run(ternary_variants(&(int){ 0 }), &o->m, 0, rows, &a, 1, o->want + i * rows, rows,
                    NULL);
    }
    mem_free(space);
}

static int run_one(void *arg, struct err *e)
{
    struct one *o = arg;

    return ternary_gpu_run(&o->t, o->v, o->norm, stream, e);
}

static void check_one(struct one *o, const char *what)
{
    size_t n = o->tokens * o->m.w.rows;
    struct err e = { 0 };
    long wrong;

    CHECK_EQ(gpu_fill(o->t.p.y, 0xff, n * sizeof(float), stream, &e), 0);
    CHECK_EQ(run_one(o, &e), 0);
    CHECK_EQ(gpu_to_host(o->y, o->t.p.y, n * sizeof(float), stream, &e), 0);
    wrong = differ(o->y, o->want, n);
    if (wrong || e.code)
        fprintf(stderr, "%s %s %zu x %zu, %zu tokens, norm %d: %ld of %zu wrong; %s\n", what,
                o->v->is.name, o->m.w.rows, o->m.w.cols, o->tokens, o->norm, wrong, n, e.msg);
    CHECK_EQ(wrong, 0);
}

static void test_one(size_t rows, size_t cols, size_t tokens, enum input input, bool norm)
{
    struct one o = { .tokens = tokens };
    struct err e = { 0 };
    int n;
    const struct ternary_gpu_variant *v = ternary_gpu_variants(&n);

    CHECK_EQ(ternary_make(&o.m, rows, cols, NULL), 0);
    o.x = mem_calloc(tokens * cols, sizeof(float));
    o.g = mem_calloc(cols, sizeof(float));
    o.y = mem_calloc(tokens * rows, sizeof(float));
    o.want = mem_calloc(tokens * rows, sizeof(float));
    fill_one(&o, input);
    answer_one(&o, norm ? o.g : NULL);
    CHECK_EQ(ternary_gpu_open(&o.t, &o.m, tokens, norm ? o.g : NULL, 1e-5F, stream, &e), 0);
    CHECK_EQ(
        gpu_to_device((void *)(uintptr_t)o.t.p.x, o.x, tokens * cols * sizeof(float), stream, &e),
        0);
    for (int i = 0; i < n; i++)
        for (int how = TERNARY_GPU_FUSED; how <= TERNARY_GPU_READY; how++) {
            if (!gpu_variant_runs(&v[i].is, capability) ||
                (how == TERNARY_GPU_FUSED && !v[i].fuses))
                continue;
            o.v = &v[i];
            o.norm = (enum ternary_gpu_norm)how;
            check_one(&o, "");
            if (input == NORMAL && !quick && rows > 100)
                printf("%5zu x %4zu tokens %2zu %-5s %-5s %7.3f us\n", rows, cols, tokens,
                       v[i].is.name,
                       how == TERNARY_GPU_FUSED   ? "fused"
                       : how == TERNARY_GPU_APART ? "apart"
                                                  : "ready",
                       graph_us(run_one, &o, 50));
        }
    ternary_gpu_close(&o.t);
    ternary_gpu_close(&o.t);
    ternary_release(&o.m);
    mem_free(o.x);
    mem_free(o.g);
    mem_free(o.y);
    mem_free(o.want);
}

/* ---- the chain */

struct many {
    struct ternary_chain_gpu t;
    const struct ternary_chain_variant *v;
};

static int run_many(void *arg, struct err *e)
{
    struct many *m = arg;

    return m->v->run(&m->t, stream, e);
}

static void answer_many(const struct ternary_chain *c, const float *x, float *out, float *qkv)
{
    struct ternary_pass p;
    struct pool *pool = NULL;

    CHECK_EQ(pool_new(&pool, 1, NULL, NULL), 0);
    CHECK_EQ(ternary_pass_open(&p, c, ternary_best(cpu_here(), NULL, 1), pool, NULL), 0);
    memcpy(p.x, x, (size_t)c->shape.dim * sizeof(*x));
    ternary_pass_run(&p);
    memcpy(out, p.x, (size_t)c->shape.dim * sizeof(*x));
    memcpy(qkv, p.qkv,
           (size_t)c->shape.layers * ternary_shape_rows(&c->shape, TERNARY_QKV) * sizeof(*x));
    ternary_pass_close(&p);
    pool_free(pool);
}

/* What is wrong after `runs` runs; each starts from the same x. */
static long wrong_many(struct many *m, int runs, const float *want_x, const float *want_qkv)
{
    const struct ternary_shape *s = &m->t.shape;
    size_t dim = (size_t)s->dim, n = (size_t)s->layers * ternary_shape_rows(s, TERNARY_QKV);
    float *x = mem_calloc(dim, sizeof(*x)), *qkv = mem_calloc(n, sizeof(*qkv));
    struct err e = { 0 };
    long wrong = 0;

    for (int i = 0; i < runs; i++) {
        CHECK_EQ(ternary_chain_gpu_poison(&m->t, stream, &e), 0);
        CHECK_EQ(run_many(m, &e), 0);
        CHECK_EQ(ternary_chain_gpu_result(&m->t, x, qkv, stream, &e), 0);
        wrong += differ(x, want_x, dim) + differ(qkv, want_qkv, n);
        if (e.code) {
            fprintf(stderr, "%s %s: %s\n", s->name, m->v->is.name, e.msg);
            wrong++;
            break;
        }
    }
    mem_free(x);
    mem_free(qkv);
    return wrong;
}

static void test_variant(struct many *m, const float *x, const float *qkv)
{
    long wrong = wrong_many(m, quick ? 2 : 20, x, qkv);

    if (wrong)
        fprintf(stderr, "%s %s: %ld wrong\n", m->t.shape.name, m->v->is.name, wrong);
    CHECK_EQ(wrong, 0);
    if (wrong == 0 && !quick)
        printf("%-12s %-10s %8.2f us\n", m->t.shape.name, m->v->is.name, graph_us(run_many, m, 4));
}

static void test_chain(const struct ternary_shape *shape)
{
    size_t dim = (size_t)shape->dim;
    size_t rows = (size_t)shape->layers * ternary_shape_rows(shape, TERNARY_QKV);
    float *x = mem_calloc(dim, sizeof(*x)), *want = mem_calloc(dim, sizeof(*want));
    float *qkv = mem_calloc(rows, sizeof(*qkv));
    struct ternary_chain c;
    struct many m;
    struct err e = { 0 };
    struct rng rng;
    int n;
    const struct ternary_chain_variant *v = ternary_chain_variants(&n);

    rng_init(&rng, 3, 0);
    for (size_t i = 0; i < dim; i++)
        x[i] = (float)rng_normal(&rng);
    CHECK_EQ(ternary_chain_make(&c, shape, 5, &e), 0);
    answer_many(&c, x, want, qkv);
    CHECK_EQ(ternary_chain_gpu_open(&m.t, &c, x, capability, stream, &e), 0);
    for (int i = 0; i < n && e.code == 0; i++) {
        m.v = &v[i];
        if (gpu_variant_runs(&v[i].is, capability) && v[i].has(shape))
            test_variant(&m, want, qkv);
    }
    ternary_chain_gpu_close(&m.t);
    /* Planted: one weight of the last matrix, one of the first. */
    for (int p = 0; p < 2; p++) {
        struct ternary *t = &c.m[p ? 0 : shape->layers - 1][p ? TERNARY_QKV : TERNARY_DOWN];

        ternary_set(t, 9, 11, ternary_get(t, 9, 11) == 1 ? -1 : 1);
    }
    CHECK_EQ(ternary_chain_gpu_open(&m.t, &c, x, capability, stream, &e), 0);
    for (int i = 0; i < n && e.code == 0; i++) {
        m.v = &v[i];
        if (gpu_variant_runs(&v[i].is, capability) && v[i].has(shape))
            CHECK(wrong_many(&m, 1, want, qkv) > 0);
    }
    ternary_chain_gpu_close(&m.t);
    ternary_chain_release(&c);
    mem_free(x);
    mem_free(want);
    mem_free(qkv);
}

static void test_all(int argc)
{
    static const struct ternary_shape small = { "small", 5, 192, 320, 3, 1, 64 };

    quick = argc > 1;
    test_one(16, 64, 1, NORMAL, true);
    test_one(33, 192, 3, NORMAL, true);
    test_one(5, 128, 9, ZERO, true);
    test_one(40, 576, 17, NOT_A_NUMBER, true);
    test_one(40, 6912, 2, LARGEST, true);
    test_one(40, 1536, 33, LARGEST, false);
    test_chain(&small);
    if (quick)
        return;
    test_one(576, 576, 1, NORMAL, true);
    test_one(1536, 576, 1, NORMAL, true);
    test_one(576, 1536, 1, NORMAL, true);
    test_one(6912, 2560, 1, NORMAL, true);
    test_one(2560, 6912, 1, NORMAL, false);
    test_one(1536, 576, 8, NORMAL, true);
    test_one(6912, 2560, 16, NORMAL, true);
    test_one(6912, 2560, 64, NORMAL, true);
    test_chain(&ternary_shapes[0]);
    test_chain(&ternary_shapes[1]);
}

int main(int argc, char **argv)
{
    struct device device;
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;

    (void)argv;
    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    CHECK_EQ(gpu_device_ops.open(&device, &handle, &e), 0);
    if (!handle) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    gpu = handle;
    CHECK_EQ(gpu_enter(gpu, &e), 0);
    stream = gpu_stream_of(gpu);
    capability = gpu_properties_of(gpu)->capability;
    test_all(argc);
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
