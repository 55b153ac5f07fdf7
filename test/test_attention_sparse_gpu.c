/* Block-sparse attention on a GPU: every variant of the table over the shapes and inputs of the
 * CPU's, the same bits from every run and stream, those of an invariant plan in any company, and
 * what a wrong one looks like.
 *
 *   test_attention_sparse_gpu [VARIANT|all [RUNS]]   fewer runs, under a sanitizer */
#include "sparse_parity.h"

#include "gpu/gpu.h"

#if HAVE_CUDA
#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"
#include "gpu/gpu_graph.h"
#include "kernels/attention/attention_sparse_gpu.h"
#include "kernels/attention/sparse_gpu.h"

static int runs = 1000; /* that have to give the same bits */
static const char *only;
static struct device device;
static struct gpu *gpu;

/* ---- a call on the device */

struct on_device {
    const struct sparse_gpu_variant *v;
    void *self;
    struct sparse_args a; /* on the device */
    void *d[5];           /* owned: q, k, v, o, lse */
    size_t o_bytes, lse_bytes;
};

static gpu_stream stream_here(void)
{
    return gpu_stream_of(gpu);
}

static void *to_device(const struct parity_buffer *b)
{
    struct err e = { 0 };
    void *d = NULL;

    CHECK_EQ(gpu_alloc(&d, b->bytes + 16, &e), 0);
    if (b->bytes > 0)
        CHECK_EQ(gpu_to_device(d, b->p, b->bytes, stream_here(), &e), 0);
    if (e.code) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    return d;
}

/* 0, or ERR_NOTSUP where the variant has not what the call needs. */
static int device_open(struct on_device *g, const struct sparse_gpu_variant *v,
                       const struct sparse_call *c, bool invariant)
{
    const struct parity_buffer *b[5] = { &c->q, &c->k, &c->v, &c->o, &c->lse };
    const struct sparse_gpu_want want = { c->a.dtype, c->a.dim, invariant };
    struct err e = { 0 };
    int rc;

    *g = (struct on_device){ .v = v, .a = c->a, .o_bytes = c->o.bytes, .lse_bytes = c->lse.bytes };
    rc = v->open(&g->self, &c->p, &want, stream_here(), &e);
    if (rc == ERR_NOTSUP)
        return rc;
    if (rc < 0)
        fprintf(stderr, "%s: %s\n", v->is.name, e.msg);
    CHECK_EQ(rc, 0);
    for (int i = 0; i < 5; i++)
        g->d[i] = to_device(b[i]);
    g->a.q = g->d[0];
    g->a.k = g->d[1];
    g->a.v = g->d[2];
    g->a.o = g->d[3];
    g->a.lse = g->d[4];
    return 0;
}

static void device_close(struct on_device *g)
{
    g->v->close(g->self);
    for (int i = 0; i < 5; i++)
        gpu_free(g->d[i]);
}

static void device_run(struct on_device *g, gpu_stream s)
{
    struct err e = { 0 };

    CHECK_EQ(g->v->run(g->self, &g->a, s, &e), 0);
    if (e.code)
        fprintf(stderr, "%s: %s\n", g->v->is.name, e.msg);
}

/* Poison, run, and bring the outputs to the call's own. */
static void device_result(struct on_device *g, struct sparse_call *c)
{
    struct err e = { 0 };

    sparse_call_poison(c);
    CHECK_EQ(gpu_fill(g->a.o, 0xff, g->o_bytes + 16, stream_here(), &e), 0);
    CHECK_EQ(gpu_fill(g->d[4], 0xff, g->lse_bytes + 16, stream_here(), &e), 0);
    device_run(g, stream_here());
    CHECK_EQ(gpu_sync(stream_here(), &e), 0);
    if (g->o_bytes > 0)
        CHECK_EQ(gpu_to_host(c->o.p, g->a.o, g->o_bytes, stream_here(), &e), 0);
    if (g->lse_bytes > 0)
        CHECK_EQ(gpu_to_host(c->lse.p, g->d[4], g->lse_bytes, stream_here(), &e), 0);
    if (e.code)
        fprintf(stderr, "%s: %s\n", g->v->is.name, e.msg);
}

/* Nothing may be written behind the outputs. */
static void device_guard(struct on_device *g)
{
    uint8_t behind[2][16];
    struct err e = { 0 };

    CHECK_EQ(gpu_to_host(behind[0], (char *)g->a.o + g->o_bytes, 16, stream_here(), &e), 0);
    CHECK_EQ(gpu_to_host(behind[1], (char *)g->d[4] + g->lse_bytes, 16, stream_here(), &e), 0);
    for (int i = 0; i < 16; i++)
        CHECK(behind[0][i] == 0xff && behind[1][i] == 0xff);
}

/* ---- right or wrong */

enum { VARIANTS_MAX = 16 };
static struct sparse_gpu_variant table[VARIANTS_MAX]; /* that this GPU runs */
static int n_variants;
static bool invariant;    /* how the variants are opened */
static bool planted;      /* one value of O and one of LSE is wrong */
static long compared_all; /* shapes that the variants had */

static void plant(struct sparse_call *c)
{
    uint16_t *o = c->o.p;
    float *lse = c->lse.p;

    if (c->o.bytes == 0)
        return;
    o[c->o.bytes / 2 / sizeof(*o)] ^= 0x0040; /* by a sixteenth */
    lse[c->lse.bytes / 2 / sizeof(*lse)] += 0.01f;
}

static void run(int v, const struct parity_case *pc, struct parity_report *r)
{
    struct sparse_call c;
    struct on_device g;

    if (sparse_skips(pc))
        return;
    sparse_call_make(&c, pc->shape, pc->input, pc->seed);
    if (device_open(&g, &table[v], &c, invariant) == 0) {
        device_result(&g, &c);
        device_guard(&g);
        if (planted)
            plant(&c);
        sparse_compare(pc, r, &c, sparse_answer_of(pc, &c));
        device_close(&g);
        compared_all++;
    }
    r->compared++; /* of shapes without a position, that nothing was written */
    sparse_call_release(&c, pc, r);
}

static const char *name(int v)
{
    return table[v].is.name;
}

static uint64_t needs(int v)
{
    (void)v; /* the table has what is here */
    return 0;
}

static void find_variants(void)
{
    int n;
    const struct sparse_gpu_variant *all = sparse_gpu_variants(&n);

    for (int i = 0; i < n; i++) {
        const struct gpu_variant *is = &all[i].is;

        if (only && strcmp(only, is->name) != 0)
            continue;
        if (gpu_variant_runs(is, gpu_properties_of(gpu)->capability))
            table[n_variants++] = all[i];
        else
            printf("sparse %s: not on this GPU\n", is->name);
    }
}

static void test_answers(void)
{
    const struct parity_op op = { .name = "sparse",
                                  .shapes = sparse_shapes,
                                  .n_shapes = SPARSE_SHAPES,
                                  .inputs = PARITY_FINITE | 1 << PARITY_NAN,
                                  .n_variants = n_variants,
                                  .variant = name,
                                  .needs = needs,
                                  .run = run };

    parity_walk(&op);
    CHECK(compared_all >= n_variants);
    planted = true;
    parity_catches(&op);
    planted = false;
}

/* ---- the same bits */

static uint64_t hash(uint64_t h, const void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)p)[i]) * 0x100000001b3u;
    return h;
}

static uint64_t hash_call(const struct sparse_call *c)
{
    return hash(hash(0xcbf29ce484222325u, c->o.p, c->o.bytes), c->lse.p, c->lse.bytes);
}

static const struct parity_shape many = { .what = "many runs", .dim = { 1500, 1500, 1 } };
static const struct parity_case any_case = { .op = "sparse", .variant = "", .shape = &many };

/* One recording of the call, launched twice. */
static void graph_result(struct on_device *g, struct sparse_call *c)
{
    gpu_graph graph = NULL;
    struct err e = { 0 };

    CHECK_EQ(gpu_graph_begin(stream_here(), &e), 0);
    device_run(g, stream_here());
    CHECK_EQ(gpu_graph_end(stream_here(), &graph, &e), 0);
    CHECK_EQ(gpu_fill(g->a.o, 0xff, g->o_bytes, stream_here(), &e), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(gpu_graph_launch(graph, stream_here(), &e), 0);
    CHECK_EQ(gpu_to_host(c->o.p, g->a.o, g->o_bytes, stream_here(), &e), 0);
    CHECK_EQ(gpu_to_host(c->lse.p, g->d[4], g->lse_bytes, stream_here(), &e), 0);
    if (e.code)
        fprintf(stderr, "%s: %s\n", g->v->is.name, e.msg);
    gpu_graph_free(graph);
}

/* Two plans of the same pattern, in turn on two streams that do not wait for each other. */
static void test_streams(const struct sparse_gpu_variant *v, struct sparse_call *c, uint64_t want)
{
    struct on_device g[2];
    struct err e = { 0 };
    void *other = NULL;

    CHECK_EQ(gpu_device_ops.open(&device, &other, &e), 0);
    if (!other)
        return;
    for (int i = 0; i < 2; i++)
        CHECK_EQ(device_open(&g[i], v, c, invariant), 0);
    for (int i = 0; i < runs / 10 + 1; i++) {
        device_run(&g[0], stream_here());
        device_run(&g[1], gpu_stream_of(other));
    }
    CHECK_EQ(gpu_sync(gpu_stream_of(other), &e), 0);
    CHECK_EQ(gpu_sync(stream_here(), &e), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(gpu_to_host(c->o.p, g[i].a.o, c->o.bytes, stream_here(), &e), 0);
        CHECK_EQ(gpu_to_host(c->lse.p, g[i].d[4], c->lse.bytes, stream_here(), &e), 0);
        CHECK_EQ(hash_call(c), want);
        device_close(&g[i]);
    }
    gpu_device_ops.close(other);
    CHECK_EQ(gpu_enter(gpu, &e), 0);
}

/* Many runs of one plan, a graph, two streams. */
static void test_bits(const struct sparse_gpu_variant *v, const struct parity_shape *shape)
{
    struct parity_report r = { 0 };
    struct sparse_call c;
    struct on_device g;
    uint64_t first;
    long differ = 0;

    sparse_call_make(&c, shape, PARITY_RANDOM, 5);
    if (device_open(&g, v, &c, invariant) == 0) {
        device_result(&g, &c);
        first = hash_call(&c);
        for (int i = 1; i < runs; i++) {
            device_result(&g, &c);
            differ += hash_call(&c) != first;
        }
        CHECK_EQ(differ, 0);
        graph_result(&g, &c);
        CHECK_EQ(hash_call(&c), first);
        device_close(&g);
        test_streams(v, &c, first);
    }
    sparse_call_release(&c, &any_case, &r);
    CHECK_EQ(r.wrong, 0);
}

/* Head h of a call as a call of its own, over the call's own inputs and `rows` block rows. */
static void alone(const struct sparse_call *c, int h, int rows, struct sparse_call *one)
{
    const size_t dim = (size_t)c->a.dim * sizeof(uint16_t), q_len = (size_t)c->p.q_len;
    const size_t kv = (size_t)c->p.kv_len * dim, whole = (size_t)sparse_blocks(c->p.q_len);
    const int32_t *from = c->row_ptr + (size_t)h * whole;

    *one = *c;
    one->p.heads = 1;
    one->p.q_len = rows * SPARSE_BLOCK < c->p.q_len ? rows * SPARSE_BLOCK : c->p.q_len;
    one->row_ptr = mem_calloc((size_t)rows + 1, sizeof(*one->row_ptr));
    for (int i = 0; i <= rows; i++)
        one->row_ptr[i] = from[i] - from[0];
    one->p.row_ptr = one->row_ptr;
    one->p.col = c->col + from[0];
    one->p.mask = c->p.mask ? c->mask + from[0] : NULL;
    one->q.p = (char *)c->q.p + (size_t)h * q_len * dim;
    one->q.bytes = (size_t)one->p.q_len * dim;
    one->k.p = (char *)c->k.p + (size_t)h * kv;
    one->v.p = (char *)c->v.p + (size_t)h * kv;
    one->k.bytes = one->v.bytes = kv;
    one->o = parity_new(one->q.bytes, 0);
    one->lse = parity_new((size_t)one->p.q_len * sizeof(float), 0);
}

/* An invariant plan: a head's bits are the same alone, or with fewer rows. */
static void test_company(const struct sparse_gpu_variant *v)
{
    struct parity_report r = { 0 };
    struct sparse_call c, one;
    struct on_device g;

    sparse_call_make(&c, &many, PARITY_RANDOM, 6);
    if (device_open(&g, v, &c, true) < 0) {
        printf("sparse %s: no invariant plan\n", v->is.name);
        sparse_call_release(&c, &any_case, &r);
        return;
    }
    device_result(&g, &c);
    device_close(&g);
    for (int h = 0; h < c.p.heads; h++)
        for (int rows = sparse_blocks(c.p.q_len); rows > 0; rows -= 5) {
            const size_t at = (size_t)h * (size_t)c.p.q_len;

            alone(&c, h, rows, &one);
            CHECK_EQ(device_open(&g, v, &one, true), 0);
            device_result(&g, &one);
            CHECK(memcmp(one.o.p, (char *)c.o.p + at * 2 * (size_t)c.a.dim, one.o.bytes) == 0);
            CHECK(memcmp(one.lse.p, (float *)c.lse.p + at, one.lse.bytes) == 0);
            device_close(&g);
            parity_free(&one.o, &any_case, &r);
            parity_free(&one.lse, &any_case, &r);
            mem_free(one.row_ptr);
        }
    sparse_call_release(&c, &any_case, &r);
    CHECK_EQ(r.wrong, 0);
}

/* A mask of ones is no mask, to the bit. */
static void test_ones(const struct sparse_gpu_variant *v)
{
    static const struct parity_shape shapes[] = { { .what = "ones", .dim = { 700, 700, 7 } },
                                                  { .what = "ones", .dim = { 700, 700, 9 } } };

    for (int s = 0; s < 2; s++) {
        struct parity_report r = { 0 };
        struct sparse_call c;
        struct on_device g;
        uint64_t masked;

        sparse_call_make(&c, &shapes[s], PARITY_RANDOM, 7);
        if (device_open(&g, v, &c, invariant) == 0) {
            device_result(&g, &c);
            masked = hash_call(&c);
            device_close(&g);
            c.p.mask = NULL;
            CHECK_EQ(device_open(&g, v, &c, invariant), 0);
            device_result(&g, &c);
            CHECK_EQ(hash_call(&c), masked);
            device_close(&g);
        }
        sparse_call_release(&c, &any_case, &r);
        CHECK_EQ(r.wrong, 0);
    }
}

/* V the same everywhere comes out, within a unit in the last place of its type. */
static void test_constant(const struct sparse_gpu_variant *v)
{
    struct parity_report r = { 0 };
    struct sparse_call c;
    struct on_device g;

    sparse_call_make(&c, &many, PARITY_RANDOM, 8);
    for (size_t i = 0; i < c.v.bytes / 2; i++)
        ((uint16_t *)c.v.p)[i] = f32_to_f16(0.7f);
    if (device_open(&g, v, &c, invariant) == 0) {
        device_result(&g, &c);
        for (size_t i = 0; i < c.o.bytes / 2; i++) {
            const double o = (double)sparse_get(DTYPE_F16, c.o.p, i);

            if (o != 0) /* what sees nothing */
                CHECK_NEAR(o, (double)f16_to_f32(f32_to_f16(0.7f)), 0x1p-11);
        }
        device_close(&g);
    }
    sparse_call_release(&c, &any_case, &r);
    CHECK_EQ(r.wrong, 0);
}

/* ---- the benchmark */

/* One position of many, and none that F64 looks at: the simple variant sees it. */
static int wrong_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct attention_sparse_gpu *s = state;
    const size_t position = 5000 * 64 * sizeof(uint16_t);
    int rc = attention_sparse_gpu_once(c, state, e);

    if (rc < 0)
        return rc;
    return gpu_fill((char *)s->a.o + position, 0x3c, 64 * sizeof(uint16_t), gpu_stream_of(s->gpu),
                    e);
}

static void measure(const struct bench *b, const char *settings, const char *want)
{
    struct worker_options o = { .seed = 1, .dir = "/tmp", .target = 0.01 };
    struct worker *w = NULL;
    struct params point;
    struct result r;
    struct err e = { 0 };

    CHECK_EQ(plan_point_on(b, DEVICE_GPU, settings, &point, &e), 0);
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(worker_case(w, b, &device, &point, 0.02, &r), 0);
    CHECK_EQ(r.status, want ? RESULT_FAILED : RESULT_OK);
    CHECK(!want || strstr(r.reason, want) != NULL);
    printf("%s: %s: %s, %.4g %s, %s %s\n", test_failures ? "FAIL" : "pass", settings, r.variant,
           r.value, r.unit, r.check.reference, r.reason);
    result_release(&r);
    worker_close(w);
}

static void test_bench(void)
{
    struct bench wrong = *registry_find("kernels.attention.sparse");

    measure(&wrong, "blocks=400", NULL);
    measure(&wrong, "blocks=400 masks=bits mode=invariant dtype=bf16", NULL);
    measure(&wrong, "case=protein atoms=3000 cutoff=5 masks=bits queries=2 dim=128", NULL);
    measure(&wrong, "case=diagonal atoms=2000 timing=isolated-cold", NULL);
    wrong.once = wrong_once;
    measure(&wrong, "blocks=400 variant=mma", "wrong output");
}

int main(int argc, char **argv)
{
    static const struct parity_shape wide = { .what = "many runs", .dim = { 300, 9000, 2 } };
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;
    int64_t n = runs;

    only = argc > 1 && strcmp(argv[1], "all") != 0 ? argv[1] : NULL;
    if (argc > 2 && parse_int(argv[2], 1, 1000000, "RUNS", &n, &e) < 0) {
        fprintf(stderr, "%s\n", e.msg);
        return 64;
    }
    runs = (int)n;
    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    CHECK_EQ(gpu_device_ops.open(&device, &handle, &e), 0);
    if (!handle) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    gpu = handle;
    find_variants();
    for (int mode = 0; mode < 2; mode++) {
        invariant = mode == 1;
        test_answers();
        for (int v = 0; v < n_variants; v++) {
            test_bits(&table[v], &many);
            test_bits(&table[v], &wide);
            test_ones(&table[v]);
            test_constant(&table[v]);
        }
    }
    for (int v = 0; v < n_variants; v++)
        test_company(&table[v]);
    test_bench();
    for (int v = 0; v < n_variants; v++)
        printf("%s: sparse %s\n", test_failures ? "FAIL" : "pass", name(v));
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
