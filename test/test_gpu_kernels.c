/* What rows say of their kernels, on a GPU: launches against a hand count, registers against the
 * runtime's own, occupancy and shared memory against what two kernels were written to have. */
#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"
#include "gpu/gpu.h"
#include "test.h"

#if HAVE_CUDA
#include "gpu/gpu_kernels.h"
#include "gpu/gpu_try.h"
#include "test_gpu_kernels.h"

extern const struct bench bench_silicon_launch, bench_silicon_compute, bench_silicon_memory;

static struct device device;

/* fake.kernels: three launches of one kernel, two of another, a copy, a fill; or what cannot be
 * recorded. */
static const char *const modes[] = { "five", "none", "waits", "many", NULL };
static const struct axis axes[] = {
    { .name = "mode", .help = "?", .kind = AXIS_ENUM, .names = modes, .normal = "five" },
};
enum mode { FIVE, NONE, WAITS, MANY };
enum { MANY_SHAPES = GPU_KERNELS_MAX + 8 };

struct state {
    struct gpu *gpu;
    enum mode mode;
    void *count;
    unsigned once;
};

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = 0;

    s->gpu = c->device_handle;
    s->mode = (enum mode)params_get(c->params, "mode");
    TRY(gpu_enter(s->gpu, e));
    TRY(gpu_alloc(&s->count, 2 * sizeof(unsigned), e));
    TRY(gpu_fill(s->count, 0, 2 * sizeof(unsigned), gpu_stream_of(s->gpu), e));
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    return 0;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    gpu_stream stream = gpu_stream_of(s->gpu);
    unsigned *count = s->count;
    int rc = 0;

    (void)c;
    s->once++;
    if (s->mode == NONE)
        return 0;
    for (unsigned i = 0; s->mode == MANY && i < MANY_SHAPES; i++)
        CUDA_TRY((cudaError_t)kernels_small(count, i + 1, stream));
    if (s->mode == MANY)
        return 0;
    CUDA_TRY((cudaError_t)kernels_small(count, 7, stream));
    CUDA_TRY((cudaError_t)kernels_small(count, 7, stream));
    CUDA_TRY((cudaError_t)kernels_large(count, 3, stream));
    CUDA_TRY((cudaError_t)kernels_large(count, 3, stream));
    CUDA_TRY((cudaError_t)kernels_small(count, 8, stream));
    TRY(gpu_copy(count + 1, count, sizeof(*count), stream, e));
    TRY(gpu_fill(count, 0, sizeof(*count), stream, e));
    if (s->mode == WAITS)
        TRY(gpu_sync(stream, e));
out:
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    (void)c;
    (void)state;
    w->items = 1;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    gpu_free(s->count);
}

static const struct bench bench_fake = {
    .name = "fake.kernels",
    .question = "?",
    .devices = DEVICE_GPU,
    .metric = { .name = "rate",
                .unit = "1/s",
                .basis = METRIC_ITEMS_PER_S,
                .scale = 1,
                .direction = HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = 1,
    .state_size = sizeof(struct state),
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .teardown = teardown,
};
const struct bench *const bench_table[] = { &bench_fake, &bench_silicon_launch,
                                            &bench_silicon_compute, &bench_silicon_memory, NULL };

static void show(const struct result *r)
{
    char settings[200];

    result_settings(r, settings, sizeof(settings));
    printf("%s %s: %s %s\n", r->name, settings, result_status_name(r->status), r->reason);
    for (int i = 0; i < r->n_properties; i++) {
        const struct result_property *p = &r->properties[i];

        if (p->text[0])
            printf("    %s: %s\n", p->name, p->text);
        else
            printf("    %s: %g %s\n", p->name, p->value, p->unit);
    }
}

static void measure(const struct bench *b, const char *settings, struct result *out)
{
    struct ceilings ceilings = { 0 };
    struct worker_options o = { .seed = 1, .dir = ".", .target = 0.005, .ceilings = &ceilings };
    struct worker *w;
    struct params p;
    struct err e = { 0 };

    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(plan_point(b, settings, &p, &e), 0);
    CHECK_EQ(worker_case(w, b, &device, &p, 0.1, out), 0);
    worker_close(w);
    ceilings_release(&ceilings);
    show(out);
}

static double value(const struct result *r, const char *name)
{
    const struct result_property *p = result_find(r, name);

    return p && !p->text[0] ? p->value : (double)NAN;
}

static const char *text(const struct result *r, const char *name)
{
    const struct result_property *p = result_find(r, name);

    return p ? p->text : "";
}

static void five(void)
{
    struct cudaDeviceProp p;
    struct result r;
    char want[200];
    double resident;

    CHECK_EQ(cudaGetDeviceProperties(&p, device.index), cudaSuccess);
    measure(&bench_fake, "mode=five", &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_NEAR(value(&r, "launches"), 5, 0);
    CHECK_NEAR(value(&r, "copies"), 1, 0);
    CHECK_NEAR(value(&r, "fills"), 1, 0);
    CHECK_STR(text(&r, "kernel"), "large_kernel, 3x2 blocks of 1024");
    CHECK_NEAR(value(&r, "registers"), kernels_large_registers(), 0);
    CHECK_NEAR(value(&r, "shared_memory"), LARGE_STATIC + LARGE_DYNAMIC, 0);
    CHECK_NEAR(value(&r, "local_memory"), 0, 0);
    /* Registers and shared memory leave room for every block that the threads leave room for. */
    resident = p.maxThreadsPerMultiProcessor / LARGE_THREADS * LARGE_THREADS;
    CHECK_NEAR(value(&r, "occupancy"), 100 * resident / p.maxThreadsPerMultiProcessor, 1e-9);
    snprintf(want, sizeof(want), "small_kernel<3> x2, 7 of 64, %d regs, 0 B shared, 0 B local",
             kernels_small_registers());
    CHECK(strncmp(text(&r, "kernel_2"), want, strlen(want)) == 0);
    snprintf(want, sizeof(want), "small_kernel<3> x1, 8 of 64, %d regs, 0 B shared, 0 B local",
             kernels_small_registers());
    CHECK(strncmp(text(&r, "kernel_3"), want, strlen(want)) == 0);
    CHECK(result_find(&r, "kernel_4") == NULL);
    result_release(&r);
}

static void edges(void)
{
    struct result r;

    measure(&bench_fake, "mode=none", &r);
    CHECK_NEAR(value(&r, "launches"), 0, 0);
    CHECK(result_find(&r, "kernel") == NULL && result_find(&r, "copies") == NULL);
    result_release(&r);

    /* It cannot be recorded: the value stands, and the next row is none the worse. */
    measure(&bench_fake, "mode=waits", &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK(strncmp(text(&r, "launches"), "not recorded: ", 14) == 0);
    CHECK(result_find(&r, "kernel") == NULL);
    result_release(&r);

    measure(&bench_fake, "mode=many", &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_NEAR(value(&r, "launches"), MANY_SHAPES, 0);
    result_release(&r);
}

/* Hand counts of benchmarks that were there before. */
static void real(void)
{
    static const struct {
        const char *settings;
        double launches;
    } known[] = { { "what=kernel", 1 },
                  { "what=graph_node", 1 },
                  { "what=event", 0 },
                  { "what=barrier_atomic", 1 } };
    struct result r;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        measure(&bench_silicon_launch, known[i].settings, &r);
        CHECK_NEAR(value(&r, "launches"), known[i].launches, 0);
        result_release(&r);
    }
    measure(&bench_silicon_launch, "what=round_trip", &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK(strncmp(text(&r, "launches"), "not recorded: ", 14) == 0);
    result_release(&r);
    measure(&bench_silicon_memory, "op=triad level=hbm", &r);
    result_release(&r);
}

int main(int argc, char **argv)
{
    struct result r;
    char why[200] = "";

    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    five();
    edges();
    real();
    if (argc > 1) { /* a library's kernels: settings of silicon.compute */
        measure(&bench_silicon_compute, argv[1], &r);
        CHECK(value(&r, "launches") >= 1 && value(&r, "registers") > 0);
        result_release(&r);
    }
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
