/* The CUDA runtime's wrapper and silicon.memory on a GPU: every variant against values made by the
 * host, planted errors, memory that comes back.  Prints what each variant reaches. */
#include "core/device.h"
#include "core/mem.h"
#include "core/plan.h"
#include "gpu/gpu.h"
#include "test.h"

#if HAVE_CUDA
#include <dlfcn.h>

#include "silicon/memory/memory_gpu.h"
#include "silicon/memory/stream_gpu.h"

extern const struct bench bench_silicon_memory;

enum { N = 37 * STREAM_GPU_BLOCK, GUARD = STREAM_GPU_BLOCK, ALL = N + 2 * GUARD };

static struct device device;
static struct gpu *gpu;

/* Does device 0 have a context in this process?  Asked of the driver itself; -1: it cannot say. */
static int context_active(void)
{
    void *cuda = dlopen("libcuda.so.1", RTLD_NOW);
    int (*get)(int *, int) = NULL;
    int (*state)(int, unsigned *, int *) = NULL;
    unsigned flags;
    int d, active;

    if (!cuda)
        return -1;
    *(void **)&get = dlsym(cuda, "cuDeviceGet");
    *(void **)&state = dlsym(cuda, "cuDevicePrimaryCtxGetState");
    if (!get || !state || get(&d, 0) != 0 || state(d, &flags, &active) != 0)
        return -1;
    return active;
}

static void test_device(void)
{
    const struct gpu_properties *p = gpu_properties_of(gpu);
    double ns = 0, floor = gpu_device_ops.floor_ns(gpu);
    struct err e = { 0 };

    CHECK(p->capability >= 50 && p->multiprocessors > 0 && p->memory_bytes > 0 && p->l2_bytes > 0);
    CHECK(floor > 0 && floor < 1e5);
    CHECK_EQ(gpu_device_ops.begin(gpu, &e), 0);
    CHECK_EQ(gpu_device_ops.end(gpu, &ns, &e), 0);
    CHECK(ns >= 0 && ns < 1e7);
    printf("%s: %d multiprocessors, L2 %.1f MiB, timer's floor %.0f ns, paper %.0f GB/s\n",
           p->model, p->multiprocessors, (double)p->l2_bytes / (1 << 20), floor,
           2e-9 * p->memory_clock_hz * p->memory_bus_bits / 8);
}

static void test_memory(void)
{
    static unsigned char to[1000], from[1000];
    struct err e = { 0 };
    void *d = NULL;
    size_t available;

    for (size_t i = 0; i < sizeof(to); i++)
        to[i] = (unsigned char)(i * 7);
    CHECK_EQ(gpu_alloc(&d, sizeof(to), &e), 0);
    CHECK_EQ(gpu_to_device(d, to, sizeof(to), gpu_stream_of(gpu), &e), 0);
    CHECK_EQ(gpu_to_host(from, d, sizeof(to), gpu_stream_of(gpu), &e), 0);
    CHECK(memcmp(to, from, sizeof(to)) == 0);
    CHECK_EQ(gpu_fill(d, 0x5a, sizeof(to), gpu_stream_of(gpu), &e), 0);
    CHECK_EQ(gpu_to_host(from, d, sizeof(to), gpu_stream_of(gpu), &e), 0);
    CHECK(from[0] == 0x5a && from[999] == 0x5a);
    gpu_free(d);
    CHECK_EQ(gpu_alloc(&d, (size_t)1 << 50, &e), ERR_NOMEM);
    CHECK(d == NULL && strstr(e.msg, "free") != NULL);
    e = (struct err){ 0 };
    CHECK_EQ(gpu_memory_free(&available, &e), 0); /* and the failure is forgotten */
    CHECK(available > 0);
}

/* a, b, c on the device with guards around; the host's copy of a afterwards. */
struct arrays {
    double *a, *b, *c; /* device; the first element after the guard */
    uint64_t *sums;
    unsigned long long *wrong;
    double *host; /* ALL */
};

static double *device_array(int which, struct err *e)
{
    void *d = NULL;
    double *x;

    CHECK_EQ(gpu_alloc(&d, ALL * sizeof(double), e), 0);
    CHECK_EQ(gpu_fill(d, 0xee, ALL * sizeof(double), gpu_stream_of(gpu), e), 0);
    x = (double *)d + GUARD;
    CHECK_EQ(stream_gpu_make(x, N, 9, which, gpu_stream_of(gpu), e), 0);
    return x;
}

static double expected(enum stream_gpu_op op, double value, uint64_t i)
{
    switch (op) {
    case STREAM_GPU_READ: return point_value(9, 0, i);
    case STREAM_GPU_WRITE: return value;
    case STREAM_GPU_COPY: return point_value(9, 1, i);
    case STREAM_GPU_TRIAD: break;
    }
    return point_value(9, 1, i) + value * point_value(9, 2, i);
}

static size_t wrong_on_device(struct arrays *x, enum stream_gpu_op op, double value)
{
    static const enum stream_gpu_want wants[] = { STREAM_GPU_WANT_VALUE, STREAM_GPU_WANT_VALUE,
                                                  STREAM_GPU_WANT_MADE, STREAM_GPU_WANT_TRIAD };
    unsigned long long n = 0;
    gpu_stream s = gpu_stream_of(gpu);
    struct err e = { 0 };

    CHECK_EQ(gpu_fill(x->wrong, 0, sizeof(n), s, &e), 0);
    CHECK_EQ(stream_gpu_check(x->a, N, 9, wants[op], value, x->wrong, s, &e), 0);
    CHECK_EQ(gpu_to_host(&n, x->wrong, sizeof(n), s, &e), 0);
    return n;
}

static void check_launch(struct arrays *x, int variant, enum stream_gpu_op op)
{
    struct stream_gpu_args args = { .a = x->a,
                                    .b = x->b,
                                    .c = x->c,
                                    .n = N,
                                    .value = 3,
                                    .sums = x->sums,
                                    .multiprocessors = gpu_properties_of(gpu)->multiprocessors };
    gpu_stream s = gpu_stream_of(gpu);
    struct err e = { 0 };
    size_t wrong = 0, sums = stream_gpu_sums(variant, N, args.multiprocessors);
    uint64_t guard, got = 0, want = 0, *host_sums;

    CHECK_EQ(stream_gpu_make(x->a, N, 9, 0, s, &e), 0);
    CHECK_EQ(stream_gpu_launch(variant, op, &args, s, &e), 0);
    CHECK_EQ(gpu_to_host(x->host, x->a - GUARD, ALL * sizeof(double), s, &e), 0);
    memset(&guard, 0xee, sizeof(guard));
    for (size_t i = 0; i < GUARD; i++)
        wrong += (point_bits(x->host[i]) != guard) + (point_bits(x->host[GUARD + N + i]) != guard);
    CHECK_EQ(wrong, 0);
    for (size_t i = 0; i < N; i++)
        wrong += !(x->host[GUARD + i] == expected(op, 3, i));
    CHECK_EQ(wrong, 0);
    if (op != STREAM_GPU_READ) {
        CHECK_EQ(wrong_on_device(x, op, 3), 0);
    } else {
        CHECK(sums <= N / 2048);
        host_sums = mem_calloc(sums, sizeof(*host_sums));
        CHECK_EQ(gpu_to_host(host_sums, x->sums, sums * sizeof(*host_sums), s, &e), 0);
        for (size_t i = 0; i < sums; i++)
            got += host_sums[i];
        for (uint64_t i = 0; i < N; i++)
            want += point_bits(point_value(9, 0, i));
        CHECK(got == want);
        mem_free(host_sums);
    }
    if (e.code)
        fprintf(stderr, "%s: %s\n", stream_gpu_name(variant), e.msg);
}

/* The check on the device must see a single wrong element, wherever it is, and NaN. */
static void check_the_check(struct arrays *x)
{
    static const size_t places[] = { 0, 1, N / 2, N - 1 };
    struct stream_gpu_args args = { .a = x->a, .b = x->b, .c = x->c, .n = N, .value = 3 };
    gpu_stream s = gpu_stream_of(gpu);
    struct err e = { 0 };
    double nan_value = NAN, one_more;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        args.multiprocessors = gpu_properties_of(gpu)->multiprocessors;
        CHECK_EQ(stream_gpu_launch(0, STREAM_GPU_TRIAD, &args, s, &e), 0);
        one_more = expected(STREAM_GPU_TRIAD, 3, places[i]) + 1;
        CHECK_EQ(gpu_to_device(x->a + places[i], &one_more, sizeof(double), s, &e), 0);
        CHECK_EQ(wrong_on_device(x, STREAM_GPU_TRIAD, 3), 1);
        CHECK_EQ(gpu_to_device(x->a + places[i], &nan_value, sizeof(double), s, &e), 0);
        CHECK_EQ(wrong_on_device(x, STREAM_GPU_TRIAD, 3), 1);
    }
    args.n = N - 1;
    CHECK_EQ(stream_gpu_launch(0, STREAM_GPU_COPY, &args, s, &e), ERR_ARG);
}

static void test_variants(void)
{
    struct arrays x = { 0 };
    struct err e = { 0 };
    void *d = NULL;

    x.a = device_array(0, &e);
    x.b = device_array(1, &e);
    x.c = device_array(2, &e);
    CHECK_EQ(gpu_alloc(&d, N / 2048 * sizeof(*x.sums), &e), 0);
    x.sums = d;
    CHECK_EQ(gpu_alloc(&d, sizeof(*x.wrong), &e), 0);
    x.wrong = d;
    x.host = mem_calloc(ALL, sizeof(*x.host));
    for (int v = 0; v < stream_gpu_variants(); v++)
        for (int op = 0; op < 4; op++)
            if (stream_gpu_does(v, (enum stream_gpu_op)op))
                check_launch(&x, v, (enum stream_gpu_op)op);
    check_the_check(&x);
    gpu_free(x.a - GUARD);
    gpu_free(x.b - GUARD);
    gpu_free(x.c - GUARD);
    gpu_free(x.sums);
    gpu_free(x.wrong);
    mem_free(x.host);
}

/* What one variant reaches at the row's size: for whoever tunes the table. */
static void print_variant(struct bench_ctx *c, struct memory_gpu *s, int variant, double bytes)
{
    enum { REPS = 20 };
    struct err e = { 0 };
    double ns = NAN;

    s->variant = variant;
    CHECK_EQ(gpu_device_ops.begin(gpu, &e), 0);
    for (int i = 0; i < REPS; i++)
        CHECK_EQ(c->bench->once(c, s, &e), 0);
    CHECK_EQ(gpu_device_ops.end(gpu, &ns, &e), 0);
    printf("  %-60s %8.1f GB/s\n", stream_gpu_name(variant), REPS * bytes / ns);
}

static void run_row(const char *op)
{
    const struct bench *b = &bench_silicon_memory;
    struct params params;
    struct result result = { 0 };
    struct memory_gpu s = { 0 };
    struct bench_ctx c = { .bench = b,
                           .device = &device,
                           .device_handle = gpu,
                           .params = &params,
                           .seed = 42,
                           .dir = ".",
                           .result = &result };
    struct err e = { 0 };
    struct work w = { 0 };
    struct limits limits = { .binding = -1 };
    size_t before = 0, after = 0;
    double off = 1e9;
    char settings[64];

    snprintf(settings, sizeof(settings), "op=%s level=hbm threads=all", op);
    CHECK_EQ(plan_point(b, settings, &params, &e), 0);
    CHECK(b->exists(&params, &device) && !b->exists(&params, &device_cpu));
    CHECK_EQ(gpu_memory_free(&before, &e), 0);
    CHECK_EQ(b->setup(&c, &s, &e), 0);
    CHECK_EQ(b->verify(&c, &s, &e), 0);
    CHECK_EQ(b->once(&c, &s, &e), 0);
    CHECK_EQ(b->verify(&c, &s, &e), 0);
    b->work(&c, &s, &w);
    CHECK_EQ(b->limit(&c, &s, &limits, &e), 0);
    printf("%s: chosen %s; %s; limit %.0f GB/s (%s%s)\n", op, c.variant, result.notes[0],
           limits.l[0].value, limits.l[0].source, limits.l[0].reason);
    for (int i = 0; i < s.n_tried; i++)
        print_variant(&c, &s, s.tried[i], w.bytes[WORK_HBM]);
    if (e.code)
        fprintf(stderr, "%s: %s\n", op, e.msg);

    /* A single wrong element far from the slices that the host looks at; for read, of the input. */
    CHECK_EQ(b->verify(&c, &s, &e), 0);
    CHECK_EQ(gpu_to_device(s.args.a + s.args.n / 3, &off, sizeof(off), gpu_stream_of(gpu), &e), 0);
    if (s.point.op == POINT_READ)
        CHECK_EQ(b->once(&c, &s, &e), 0);
    CHECK_EQ(b->verify(&c, &s, &e), ERR_MISMATCH);
    CHECK(c.check.error == 1);
    b->teardown(&c, &s);
    b->teardown(&c, &s);
    e = (struct err){ 0 };
    CHECK_EQ(gpu_memory_free(&after, &e), 0);
    CHECK(after >= before);
}

int main(void)
{
    static const char *const ops[] = { "read", "write", "copy", "triad" };
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;

    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    CHECK(context_active() != 1); /* listing asks the driver only */
    CHECK_EQ(gpu_device_ops.open(&device, &handle, &e), 0);
    if (!handle) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    gpu = handle;
    CHECK_EQ(gpu_enter(gpu, &e), 0);
    test_device();
    test_memory();
    test_variants();
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
        run_row(ops[i]);
    gpu_device_ops.close(handle);
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
