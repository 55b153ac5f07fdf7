/* test_api_gpu.c - libheadroom on a GPU: every variant against the CPU, graphs, pointers that are
 * refused, and that all memory comes back. */
#include "test.h"

#if !HAVE_CUDA
int main(void)
{
    TEST_SKIP("built without CUDA");
}
#else
#include <headroom.h>
#include <stdbool.h>
#include <string.h>

#include "gpu/gpu.h"
#include "gpu/gpu_graph.h"
#include "kernels/dtype/dtype.h"

enum { DIM = 64, KINDS = 2 };

static struct gpu *gpu;
static struct headroom_sparse_case *cases[KINDS];
static struct headroom_sparse_lists lists[KINDS];

struct tensors {
    void *q, *k, *v, *o, *lse;
};

static size_t values_of(int kind)
{
    return (size_t)lists[kind].heads * (size_t)lists[kind].q_len * DIM;
}

static size_t lses_of(int kind)
{
    return values_of(kind) / DIM;
}

static void make_cases(void)
{
    struct headroom_sparse_case_want want[KINDS] = {
        { .kind = HEADROOM_CASE_HEADS, .blocks = 400, .queries = 1 },
        { .kind = HEADROOM_CASE_PROTEIN, .atoms = 3000, .cutoff = 6, .queries = 1, .masks = 1 }
    };

    for (int i = 0; i < KINDS; i++) {
        want[i].dtype = HEADROOM_F16;
        want[i].dim = DIM;
        CHECK_EQ(headroom_sparse_case_make(&cases[i], &want[i]), 0);
        headroom_sparse_case_lists(cases[i], &lists[i]);
    }
}

static void to_device(struct tensors *t, int kind)
{
    const void *from[3];
    void **to[] = { &t->q, &t->k, &t->v, &t->o, &t->lse };
    struct err e = { 0 };

    headroom_sparse_case_values(cases[kind], &from[0], &from[1], &from[2]);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(gpu_alloc(to[i], values_of(kind) * 2, &e), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(gpu_to_device(*to[i], from[i], values_of(kind) * 2, gpu_stream_of(gpu), &e), 0);
}

static void poison(const struct tensors *t, int kind)
{
    struct err e = { 0 };

    CHECK_EQ(gpu_fill(t->o, 0xff, values_of(kind) * 2, gpu_stream_of(gpu), &e), 0);
    CHECK_EQ(gpu_fill(t->lse, 0xff, lses_of(kind) * 4, gpu_stream_of(gpu), &e), 0);
    CHECK_EQ(headroom_sync(0, gpu_stream_of(gpu)), 0);
}

static void release(struct tensors *t)
{
    gpu_free(t->q), gpu_free(t->k), gpu_free(t->v), gpu_free(t->o), gpu_free(t->lse);
}

/* What the CPU gives, [values] and [lses]. */
static void on_cpu(int kind, uint16_t *o, float *lse)
{
    const struct headroom_sparse_options options = { .device = HEADROOM_CPU,
                                                     .dtype = HEADROOM_F16,
                                                     .dim = DIM };
    const void *q, *k, *v;
    struct headroom_sparse *s;

    headroom_sparse_case_values(cases[kind], &q, &k, &v);
    CHECK_EQ(headroom_sparse_open(&s, &lists[kind], &options, NULL), 0);
    CHECK_EQ(headroom_sparse_run(s, q, k, v, o, lse, 0.125f, NULL), 0);
    headroom_sparse_close(s);
}

/* Both round weights and outputs to 11 bits; weights are 1 together, values hardly above 4. */
static bool same(const struct tensors *t, int kind, const uint16_t *o, const float *lse)
{
    const double tol = 2 * 2 * 0x1p-11 * 5;
    uint16_t *got = malloc(values_of(kind) * 2);
    float *got_lse = malloc(lses_of(kind) * 4);
    struct err e = { 0 };
    bool good = true;

    CHECK_EQ(gpu_to_host(got, t->o, values_of(kind) * 2, gpu_stream_of(gpu), &e), 0);
    CHECK_EQ(gpu_to_host(got_lse, t->lse, lses_of(kind) * 4, gpu_stream_of(gpu), &e), 0);
    for (size_t i = 0; i < values_of(kind); i++)
        good &= fabs((double)f16_to_f32(got[i]) - (double)f16_to_f32(o[i])) <= tol;
    for (size_t i = 0; i < lses_of(kind); i++)
        good &= got_lse[i] == lse[i] || fabs((double)got_lse[i] - (double)lse[i]) <= 1e-3;
    free(got);
    free(got_lse);
    return good;
}

/* As a replay of a graph; the poison is of before. */
static void replay(struct headroom_sparse *s, const struct tensors *t)
{
    gpu_stream stream = gpu_stream_of(gpu);
    gpu_graph graph = NULL;
    struct err e = { 0 };

    CHECK_EQ(gpu_graph_begin(stream, &e), 0);
    CHECK_EQ(headroom_sparse_run(s, t->q, t->k, t->v, t->o, t->lse, 0.125f, stream), 0);
    CHECK_EQ(gpu_graph_end(stream, &graph, &e), 0);
    CHECK_EQ(gpu_graph_launch(graph, stream, &e), 0);
    CHECK_EQ(headroom_sync(0, stream), 0);
    gpu_graph_free(graph);
}

static void test_variant(const char *name, int kind, uint32_t flags)
{
    const struct headroom_sparse_options options = {
        .device = 0, .dtype = HEADROOM_F16, .dim = DIM, .flags = flags, .variant = name
    };
    gpu_stream stream = gpu_stream_of(gpu);
    uint16_t *o = aligned_alloc(64, values_of(kind) * 2);
    float *lse = aligned_alloc(64, lses_of(kind) * 4);
    struct tensors t = { 0 };
    struct headroom_sparse *s;
    int rc = headroom_sparse_open(&s, &lists[kind], &options, stream);

    if (rc == HEADROOM_E_NOTSUP)
        printf("%s: %s\n", name, headroom_error_message());
    else
        CHECK_EQ(rc, 0);
    if (rc == 0) {
        on_cpu(kind, o, lse);
        to_device(&t, kind);
        poison(&t, kind);
        CHECK(!same(&t, kind, o, lse));
        CHECK_EQ(headroom_sparse_run(s, t.q, t.k, t.v, t.o, t.lse, 0.125f, stream), 0);
        CHECK(same(&t, kind, o, lse));
        poison(&t, kind);
        replay(s, &t);
        CHECK(same(&t, kind, o, lse));
        printf("%s, case %d, flags %u: ok\n", headroom_sparse_variant(s), kind, flags);
        release(&t);
    }
    headroom_sparse_close(s);
    free(o);
    free(lse);
}

static void refuses(struct headroom_sparse *s, const struct tensors *t, const char *says)
{
    CHECK_EQ(headroom_sparse_run(s, t->q, t->k, t->v, t->o, t->lse, 1, gpu_stream_of(gpu)),
             HEADROOM_E_ARG);
    if (!strstr(headroom_error_message(), says)) {
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", headroom_error_message(), says);
        CHECK(!"message");
    }
}

/* The device is fit for use afterwards: none of it reached a kernel. */
static void test_refusals(void)
{
    struct headroom_sparse_options options = { .dtype = HEADROOM_F16, .dim = DIM };
    static _Alignas(16) float host[16];
    struct tensors t = { 0 }, bad;
    struct headroom_sparse *s;

    CHECK_EQ(headroom_sparse_open(&s, &lists[0], &options, gpu_stream_of(gpu)), 0);
    to_device(&t, 0);
    bad = t;
    bad.lse = host;
    refuses(s, &bad, "lse is not in the memory of GPU 0");
    bad = t;
    bad.k = host;
    refuses(s, &bad, "k is not in the memory of GPU 0");
    bad = t;
    bad.v = (char *)t.v + 8;
    refuses(s, &bad, "v is not aligned");
    bad = t;
    bad.o = NULL;
    refuses(s, &bad, "o is NULL");
    test_variant(headroom_sparse_variant_name(0, 0), 0, 0);
    headroom_sparse_close(s);
    release(&t);
    options.variant = "nonesuch";
    CHECK_EQ(headroom_sparse_open(&s, &lists[0], &options, NULL), HEADROOM_E_NOTSUP);
    CHECK(strstr(headroom_error_message(), "no variant nonesuch for compute capability"));
    options.variant = NULL;
    options.device = headroom_gpus();
    CHECK_EQ(headroom_sparse_open(&s, &lists[0], &options, NULL), HEADROOM_E_ARG);
    CHECK(headroom_sparse_variant_name(headroom_gpus(), 0) == NULL);
}

/* Ternary products: bit for bit the CPU's, whatever the variant and the number of vectors. */
enum { ROWS = 200, COLS = 576, VECTORS = 70 };

static void ternary_on(int device, const char *name, const float *norm, const float *x, float *y,
                       int n)
{
    static int8_t codes[ROWS][COLS];
    const struct headroom_ternary_options o = { .device = device, .variant = name };
    const struct headroom_ternary_weights w = { .rows = ROWS,
                                                .cols = COLS,
                                                .encoding = HEADROOM_TERNARY_INT8,
                                                .eps = 1e-5f,
                                                .codes = codes,
                                                .norm = norm };
    void *stream = device == HEADROOM_CPU ? NULL : gpu_stream_of(gpu);
    struct headroom_ternary *t;

    for (int i = 0; i < ROWS * COLS; i++)
        codes[i / COLS][i % COLS] = (int8_t)(i * 7919 % 1009 % 3 - 1);
    CHECK_EQ(headroom_ternary_open(&t, &w, &o, stream), 0);
    CHECK_EQ(headroom_ternary_run(t, x, y, n, stream), 0);
    CHECK_EQ(headroom_sync(device, stream), 0);
    headroom_ternary_close(t);
}

static void test_ternary(void)
{
    static _Alignas(16) float x[VECTORS][COLS], want[VECTORS][ROWS], got[VECTORS][ROWS];
    static float norm[COLS];
    const int counts[] = { 1, 7, 8, VECTORS };
    void *d_x = NULL, *d_y = NULL;
    const char *name;
    struct err e = { 0 };

    for (int i = 0; i < VECTORS * COLS; i++)
        x[i / COLS][i % COLS] = (float)((i * 7919LL + 13) % 10007) / 5000 - 1;
    for (int c = 0; c < COLS; c++)
        norm[c] = 1 + (float)(c % 7) / 16;
    CHECK_EQ(gpu_alloc(&d_x, sizeof(x), &e), 0);
    CHECK_EQ(gpu_alloc(&d_y, sizeof(got), &e), 0);
    CHECK_EQ(gpu_to_device(d_x, x, sizeof(x), gpu_stream_of(gpu), &e), 0);
    for (int normed = 0; normed < 2; normed++) {
        ternary_on(HEADROOM_CPU, NULL, normed ? norm : NULL, x[0], want[0], VECTORS);
        name = NULL;
        for (int i = -1; i < 0 || (name = headroom_ternary_variant_name(0, i)); i++)
            for (int k = 0; k < 4; k++) {
                CHECK_EQ(gpu_fill(d_y, 0xff, sizeof(got), gpu_stream_of(gpu), &e), 0);
                ternary_on(0, name, normed ? norm : NULL, d_x, d_y, counts[k]);
                CHECK_EQ(gpu_to_host(got, d_y, sizeof(got), gpu_stream_of(gpu), &e), 0);
                CHECK(memcmp(got, want, (size_t)counts[k] * sizeof(got[0])) == 0);
                CHECK(counts[k] == VECTORS || isnan(got[counts[k]][0]));
            }
    }
    printf("ternary: the CPU's bits\n");
    gpu_free(d_x);
    gpu_free(d_y);
}

/* Open and close: the device has as much memory as before. */
static void test_memory(void)
{
    const struct headroom_sparse_options options = { .dtype = HEADROOM_F16, .dim = DIM };
    size_t before = 0, after = 0;
    struct err e = { 0 };

    for (int i = 0; i < 20; i++) {
        struct headroom_sparse *s;

        CHECK_EQ(headroom_sparse_open(&s, &lists[i % KINDS], &options, gpu_stream_of(gpu)), 0);
        headroom_sparse_close(s);
        CHECK_EQ(gpu_memory_free(i < 2 ? &before : &after, &e), 0);
    }
    CHECK(after >= before);
}

int main(void)
{
    struct device device;
    struct headroom_device d;
    struct err e = { 0 };
    const char *name;
    char why[200];
    void *handle;

    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    if (gpu_device_ops.open(&device, &handle, &e) < 0)
        TEST_SKIP("%s", e.msg);
    gpu = handle;
    CHECK_EQ(headroom_device(0, &d), 0);
    CHECK(d.capability >= 75 && d.units > 0 && d.memory_bytes > 0);
    make_cases();
    for (int i = 0; (name = headroom_sparse_variant_name(0, i)); i++)
        for (int kind = 0; kind < KINDS; kind++)
            for (uint32_t flags = 0; flags <= HEADROOM_INVARIANT; flags++)
                test_variant(name, kind, flags);
    test_refusals();
    test_ternary();
    test_memory();
    for (int i = 0; i < KINDS; i++)
        headroom_sparse_case_free(cases[i]);
    gpu_device_ops.close(handle);
    TEST_DONE();
}
#endif
