/* test_launch.c - silicon.launch: every row on a GPU; a barrier that lets through and a kernel that
 * does not wait, planted, are seen. */
#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"
#include "gpu/gpu.h"
#include "silicon/launch/launch_gpu.h"
#include "test.h"

#if HAVE_CUDA
extern const struct bench bench_silicon_launch;

static struct device device;

static void row(struct worker *w, const char *what)
{
    struct result r;
    struct params p;
    struct err e = { 0 };
    char settings[64];

    snprintf(settings, sizeof(settings), "what=%s", what);
    CHECK_EQ(plan_point(&bench_silicon_launch, settings, &p, &e), 0);
    CHECK_EQ(worker_case(w, &bench_silicon_launch, &device, &p, 0.2, &r), 0);
    printf("%-20s %-8s %9.4f us [%.4f, %.4f] %-8s %s%s | %s | %s\n", what,
           result_status_name(r.status), r.value, r.value_lo, r.value_hi, r.timing_mode, r.reason,
           r.variant, r.notes[0], r.notes[1]);
    CHECK(r.status == RESULT_OK || r.status == RESULT_SKIPPED);
    CHECK(r.status != RESULT_OK || (r.value > 0.05 && r.value < 1000));
    result_release(&r);
}

/* The checks must see what they are for.  serial: under a sanitizer, which lets no kernel begin
 * before the one in front of it has ended. */
static void planted(struct gpu *g, bool serial)
{
    struct params p;
    struct result result = { 0 };
    struct bench_ctx c = { .bench = &bench_silicon_launch,
                           .device = &device,
                           .device_handle = g,
                           .params = &p,
                           .dir = ".",
                           .result = &result };
    struct launch_gpu s = { 0 };
    struct err e = { 0 };
    unsigned wrong = 1;

    CHECK_EQ(plan_point(&bench_silicon_launch, "what=barrier_atomic", &p, &e), 0);
    CHECK_EQ(launch_gpu_setup(&c, &s, &e), 0);
    CHECK_EQ(launch_gpu_check_barrier(&s, LAUNCH_BARRIER_ATOMIC, 500, &wrong, &e), 0);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(launch_gpu_check_barrier(&s, LAUNCH_BARRIER_COOPERATIVE, 500, &wrong, &e), 0);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(launch_gpu_check_barrier(&s, LAUNCH_BARRIER_NONE, 50, &wrong, &e), 0);
    printf("without a barrier %u faults are seen\n", wrong);
    CHECK(wrong > 0);
    if (gpu_properties_of(g)->capability >= 90) {
        CHECK_EQ(launch_gpu_check_barrier(&s, LAUNCH_BARRIER_CLUSTER, 500, &wrong, &e), 0);
        CHECK_EQ(wrong, 0);
        CHECK_EQ(launch_gpu_check_dependent(&s, LAUNCH_DEPENDENT_EARLY, 2000, &wrong, &e), 0);
        CHECK_EQ(wrong, 0);
        CHECK_EQ(launch_gpu_check_dependent(&s, LAUNCH_DEPENDENT_PLANTED, 2000, &wrong, &e), 0);
        printf("of 2000 kernels that do not wait %u are lost\n", wrong);
        CHECK(wrong > 0 || serial);
    }
    launch_gpu_teardown(&c, &s);
    if (e.code)
        fprintf(stderr, "%s\n", e.msg);
}

int main(int argc, char **argv)
{
    static const char *const whats[] = { "kernel",          "graph_node",     "round_trip",
                                         "event",           "barrier_atomic", "barrier_cooperative",
                                         "barrier_cluster", "dependent",      "dependent_early" };
    bool checks_only = argc > 1 && strcmp(argv[1], "checks") == 0;
    struct ceilings ceilings = { 0 };
    struct worker_options o = { .seed = 1, .dir = ".", .target = 0.005, .ceilings = &ceilings };
    struct worker *w;
    struct err e = { 0 };
    void *handle = NULL;
    char why[200] = "";

    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    CHECK_EQ(gpu_device_ops.open(&device, &handle, &e), 0);
    planted(handle, checks_only);
    gpu_device_ops.close(handle);
    if (checks_only) /* the rows would take for ever */
        TEST_DONE();
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++)
        row(w, whats[i]);
    worker_close(w);
    ceilings_release(&ceilings);
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
