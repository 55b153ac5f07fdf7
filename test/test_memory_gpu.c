/* silicon.memory on a GPU inside its caches, over its link and to a peer: every kind of row
 * checked, a planted error seen, and all memory given back. */
#include "core/mem.h"
#include "core/plan.h"
#include "gpu/gpu.h"
#include "test.h"

#if HAVE_CUDA
#include "silicon/memory/memory_cache_gpu.h"
#include "silicon/memory/memory_chase_gpu.h"
#include "silicon/memory/memory_gpu.h"
#include "silicon/memory/memory_link_gpu.h"

extern const struct bench bench_silicon_memory;

/* Page tables and staging buffers that the driver keeps for the next time. */
enum { KEPT = 8 << 20 };

static struct device devices[16];
static int n_devices;

/* One wrong element among what arrived, or among what was read. */
static void plant_array(double *data, size_t at, struct gpu *where, bool on_host)
{
    double off = 1e9;
    struct err e = { 0 };

    if (on_host) {
        data[at] = off;
        return;
    }
    CHECK_EQ(gpu_enter(where, &e), 0);
    CHECK_EQ(gpu_to_device(data + at, &off, sizeof(off), gpu_stream_of(where), &e), 0);
}

/* The walk's next line leads to itself. */
static void plant_link(struct memory_chase_gpu *s)
{
    uint64_t at = 0;
    struct err e = { 0 };
    gpu_stream stream = gpu_stream_of(s->gpu);

    CHECK_EQ(gpu_to_host(&at, s->args.d_at, sizeof(at), stream, &e), 0);
    CHECK_EQ(gpu_to_device((void *)(uintptr_t)at, &at, sizeof(at), stream, &e), 0);
}

static void plant(struct bench_ctx *c, void *state, struct err *e)
{
    struct point p = point_of(c->params);

    if (point_is_copy(p)) {
        struct memory_link *s = state;
        struct memory_link_way *w = &s->way[s->ways - 1];

        plant_array(w->to.data, s->n / 3, w->to.gpu, !w->to.gpu);
        CHECK_EQ(gpu_enter(s->gpu, e), 0);
    } else if (p.op == POINT_LATENCY) {
        plant_link(state);
    } else if (p.level == POINT_HOST) {
        struct memory_gpu *s = state;

        plant_array(s->args.a, s->args.n / 3, s->gpu, true);
    } else {
        struct memory_cache_gpu *s = state;

        plant_array(s->args.a, s->args.n / 3, s->gpu, false);
    }
    if (p.op == POINT_READ && p.level != POINT_PEER)
        CHECK_EQ(c->bench->once(c, state, e), 0);
}

/* What it reaches, for the eye. */
static void print_speed(struct bench_ctx *c, void *state)
{
    const struct bench *b = c->bench;
    struct err e = { 0 };
    struct work w = { 0 };
    double ns = NAN;
    enum { REPS = 5 };

    CHECK_EQ(b->prepare(c, state, &e), 0);
    CHECK_EQ(gpu_device_ops.begin(c->device_handle, &e), 0);
    for (int i = 0; i < (c->max_reps ? 1 : REPS); i++)
        CHECK_EQ(b->once(c, state, &e), 0);
    CHECK_EQ(gpu_device_ops.end(c->device_handle, &ns, &e), 0);
    b->work(c, state, &w);
    printf("%-60s %10.2f %s  (%s)\n", params_text(c->params, "op"),
           metric_value(b->metric_of(c->params), &w, ns / (c->max_reps ? 1 : REPS)),
           b->metric_of(c->params)->unit, c->variant);
}

/* may_keep: the driver keeps device memory that managed pages had moved to, for the next. */
static void run_row(struct gpu *gpu, const char *settings, bool may_keep)
{
    const struct bench *b = &bench_silicon_memory;
    struct params params;
    struct result result = { 0 };
    struct limits limits = { .binding = -1 };
    struct bench_ctx c = { .bench = b,
                           .device = &devices[0],
                           .device_handle = gpu,
                           .params = &params,
                           .seed = 42,
                           .dir = ".",
                           .clock_hz = NAN,
                           .result = &result };
    void *state = mem_calloc(1, b->state_size);
    struct err e = { 0 };
    size_t before = 0, after = 0;
    int rc;

    CHECK_EQ(plan_point(b, settings, &params, &e), 0);
    CHECK_EQ(gpu_memory_free(&before, &e), 0);
    rc = b->setup(&c, state, &e);
    if (rc == ERR_NOTSUP) {
        printf("%s: %s\n", settings, e.msg);
        b->teardown(&c, state);
        mem_free(state);
        return;
    }
    CHECK_EQ(rc, 0);
    printf("%-60s ", settings);
    CHECK_EQ(b->prepare(&c, state, &e), 0);
    CHECK_EQ(b->verify(&c, state, &e), 0);
    print_speed(&c, state);
    CHECK_EQ(b->verify(&c, state, &e), 0);
    CHECK(c.check.error <= c.check.tolerance);
    if (!gpu_properties_of(gpu)->integrated) {
        CHECK_EQ(b->limit(&c, state, &limits, &e), 0);
        CHECK_EQ(limits.n, 1);
    }
    if (e.code)
        fprintf(stderr, "%s: %s\n", settings, e.msg);
    plant(&c, state, &e);
    rc = b->verify(&c, state, &e);
    if (rc != ERR_MISMATCH)
        fprintf(stderr, "%s: the planted error is not seen\n", settings);
    CHECK_EQ(rc, ERR_MISMATCH);
    CHECK(c.check.error > c.check.tolerance);
    b->teardown(&c, state);
    b->teardown(&c, state);
    e = (struct err){ 0 };
    CHECK_EQ(gpu_memory_free(&after, &e), 0);
    if (after + KEPT < before)
        fprintf(stderr, "%s: %zu KiB are not given back\n", settings, (before - after) >> 10);
    if (!may_keep)
        CHECK(after + KEPT >= before);
    mem_free(state);
}

static const char *const rows[] = {
    "op=read level=l1",
    "op=read level=l2",
    "op=write level=l2",
    "op=copy level=l2",
    "op=triad level=l2",
    "op=latency level=l1 threads=one",
    "op=latency level=l2 threads=one",
    "op=latency level=hbm threads=one",
    "op=latency level=host threads=one",
    "op=read level=host",
    "op=write level=host",
    "op=read level=host memory=managed", /* a second time: see main() */
    "op=h2d size=4KiB",
    "op=h2d size=64MiB",
    "op=d2h size=64MiB",
    "op=bidirectional size=64MiB",
    "op=h2d memory=pageable size=64MiB",
    "op=d2h memory=pageable size=4KiB",
    "op=d2h memory=pageable size=64MiB",
    "op=bidirectional memory=pageable size=16MiB",
    "op=read level=peer size=256MiB",
    "op=write level=peer size=256MiB",
    "op=bidirectional level=peer size=256MiB",
    "op=read level=peer size=4KiB",
    "op=latency level=peer threads=one",
};

int main(void)
{
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;

    n_devices = gpu_device_ops.list(devices, 16, why, sizeof(why));
    if (n_devices == 0)
        TEST_SKIP("%s", why);
    for (int i = 0; i < n_devices; i++)
        devices[i].of = n_devices;
    CHECK_EQ(gpu_device_ops.open(&devices[0], &handle, &e), 0);
    CHECK_EQ(gpu_enter(handle, &e), 0);
    run_row(handle, "op=read level=host memory=managed", true);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run_row(handle, rows[i], false);
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
