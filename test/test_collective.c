/* silicon.collective: bytes by NCCL's definition, which rows there are; on a machine with several
 * GPUs every operation checked, a planted error on each rank seen, and the memory given back. */
#include "core/device.h"
#include "core/mem.h"
#include "core/plan.h"
#include "gpu/gpu.h"
#include "silicon/collective/collective_point.h"
#include "test.h"

extern const struct bench bench_silicon_collective;

static struct collective_point at(const char *settings)
{
    struct params p;
    struct err e = { 0 };

    CHECK_EQ(plan_point(&bench_silicon_collective, settings, &p, &e), 0);
    return collective_point_of(&p);
}

/* nccl-tests, doc/PERFORMANCE.md */
static void test_definition(void)
{
    struct collective_point p = at("op=all_reduce gpus=2 size=1GiB");

    CHECK_EQ(p.n, 1 << 28);
    CHECK_NEAR(collective_bus_factor(p), 1, 0);
    CHECK_NEAR(collective_algorithm_bytes(p), 1073741824.0, 0);
    CHECK_NEAR(collective_bus_factor(at("op=all_reduce gpus=8")), 1.75, 1e-15);
    CHECK_NEAR(collective_bus_factor(at("op=all_gather gpus=8")), 0.875, 1e-15);
    CHECK_NEAR(collective_bus_factor(at("op=all_to_all gpus=4")), 0.75, 1e-15);
    p = at("op=all_to_all gpus=3 size=8KiB"); /* not a multiple: what is cut off is not counted */
    CHECK_EQ(p.n, 2046);
    CHECK_NEAR(collective_algorithm_bytes(p), 8184, 0);
}

static bool exists(const char *settings, int index, int of)
{
    struct device d = { .kind = DEVICE_GPU, .index = index, .of = of };
    struct params p;
    struct err e = { 0 };

    CHECK_EQ(plan_point(&bench_silicon_collective, settings, &p, &e), 0);
    return bench_silicon_collective.exists(&p, &d);
}

static void test_rows(void)
{
    CHECK(exists("gpus=2", 0, 1)); /* to be skipped, with the reason */
    CHECK(!exists("gpus=4", 0, 1) && !exists("gpus=4", 0, 3));
    CHECK(exists("gpus=3", 0, 3) && !exists("gpus=3", 1, 3));
}

#if HAVE_CUDA
#include "silicon/collective/collective_gpu.h"

static void run_row(const struct device *device, struct gpu *gpu, const char *settings)
{
    const struct bench *b = &bench_silicon_collective;
    struct params params;
    struct result result = { 0 };
    struct bench_ctx c = { .bench = b,
                           .device = device,
                           .device_handle = gpu,
                           .params = &params,
                           .seed = 42,
                           .dir = ".",
                           .result = &result };
    struct collective *s = mem_calloc(1, b->state_size);
    struct err e = { 0 };
    float off = 0.5F;
    double ns = NAN;
    struct work w = { 0 };
    int rc;

    CHECK_EQ(plan_point(b, settings, &params, &e), 0);
    rc = b->setup(&c, s, &e);
    printf("%s: %s\n", settings, rc < 0 ? e.msg : c.variant);
    if (rc < 0) {
        CHECK_EQ(rc, ERR_NOTSUP);
        b->teardown(&c, s);
        mem_free(s);
        return;
    }
    CHECK_EQ(b->verify(&c, s, &e), 0);
    CHECK_EQ(gpu_device_ops.begin(gpu, &e), 0);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(b->once(&c, s, &e), 0);
    CHECK_EQ(gpu_device_ops.end(gpu, &ns, &e), 0);
    b->work(&c, s, &w);
    printf("  %.1f us, bus %.2f GB/s\n", ns * 1e-4, metric_value(&b->metric, &w, ns / 10));
    CHECK_EQ(b->verify(&c, s, &e), 0);
    for (int r = 0; r < s->point.ranks; r++) {
        const struct collective_rank *k = &s->rank[r];

        /* Into what arrived: the check of what the timing left sees it on each rank. */
        CHECK_EQ(gpu_enter(k->gpu, &e), 0);
        CHECK_EQ(gpu_to_device(k->recv + s->point.n / 3, &off, sizeof(off), k->stream, &e), 0);
        e = (struct err){ 0 };
        CHECK_EQ(b->verify(&c, s, &e), ERR_MISMATCH);
        CHECK(c.check.error == 1);
        e = (struct err){ 0 };
        s->verified = false; /* a fresh operation heals it */
        CHECK_EQ(b->verify(&c, s, &e), 0);
    }
    b->teardown(&c, s);
    b->teardown(&c, s);
    mem_free(s);
}

static void test_gpus(void)
{
    static const char *const rows[] = { "op=all_reduce size=8KiB", "op=all_reduce size=1GiB",
                                        "op=all_gather size=2MiB", "op=all_gather size=1GiB",
                                        "op=all_to_all size=2MiB", "op=all_to_all size=1GiB" };
    struct device devices[DEVICES_MAX];
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;
    int n = gpu_device_ops.list(devices, DEVICES_MAX, why, sizeof(why));

    if (n == 0) {
        printf("%s\n", why);
        return;
    }
    devices[0].of = n;
    CHECK_EQ(gpu_device_ops.open(&devices[0], &handle, &e), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run_row(&devices[0], handle, rows[i]);
    gpu_device_ops.close(handle);
}
#else
static void test_gpus(void)
{
    printf("built without CUDA\n");
}
#endif

int main(void)
{
    test_definition();
    test_rows();
    test_gpus();
    TEST_DONE();
}
