/* Every loop of this GPU: sums, planted mistakes, and how fast it is (printed, not tested). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "gpu/gpu.h"
#include "silicon/compute/compute_gpu.h"
#include "test.h"

#if HAVE_CUDA
static int repetitions = 40; /* under a sanitizer (any argument): 1 */

static struct device device;
static struct gpu *gpu;

static double seconds_of(struct loop_row *r)
{
    struct err e = { 0 };
    double ns = 0;

    for (int i = 0; i < repetitions; i++) /* to the clock that this load leaves */
        CHECK_EQ(loop_row_run(r, &e), 0);
    CHECK_EQ(gpu_device_ops.begin(gpu, &e), 0);
    for (int i = 0; i < repetitions; i++)
        CHECK_EQ(loop_row_run(r, &e), 0);
    CHECK_EQ(gpu_device_ops.end(gpu, &ns, &e), 0);
    return 1e-9 * ns / repetitions;
}

/* One variant alone, through the table that the row chooses from. */
static void test_loop(const struct loop_gpu *l, bool zeros)
{
    const struct gpu_properties *p = gpu_properties_of(gpu);
    struct bench_ctx c = { .device = &device, .device_handle = gpu, .seed = 42 };
    struct loop_row r = { 0 };
    struct check check = { 0 };
    struct err e = { 0 };
    double seconds, hz, rate;
    unsigned wrong = 0x7fc00001;

    if (loop_gpu_supported(l, p->capability, &e) < 0) {
        printf("skipped: %s\n", e.msg);
        return;
    }
    CHECK_EQ(loop_row_open_one(&r, &c, l, zeros, &e), 0);
    CHECK_EQ(loop_row_check(&r, &check, &e), 0);
    seconds = seconds_of(&r);
    hz = gpu_device_ops.clock_hz(gpu);
    CHECK_EQ(loop_row_check(&r, &check, &e), 0);
    rate =
        gpu_ops_per_cycle(p->capability, l->path == LOOP_GPU_FMA ? GPU_CORES : GPU_TENSOR, l->type)
            .value;
    printf("%s: %-5s %-38s %s %8.1f T, %.3f GHz, %5.1f %% of that clock, %.2f ms\n",
           e.code ? "FAIL" : "pass", gpu_type_names[l->type], l->name, zeros ? "zeros " : "random",
           1e-12 * loop_row_ops(&r) / seconds, 1e-9 * hz,
           100 * loop_row_ops(&r) / seconds / (rate * p->multiprocessors * hz), 1e3 * seconds);
    if (e.code)
        fprintf(stderr, "%s\n", e.msg);
    /* One sum of block 0, and one block that is not the first. */
    e = (struct err){ 0 };
    CHECK_EQ(loop_row_run(&r, &e), 0);
    CHECK_EQ(gpu_to_device((char *)r.args.d_sums + 64, &wrong, 4, gpu_stream_of(gpu), &e), 0);
    CHECK_EQ(loop_row_check(&r, &check, &e), ERR_MISMATCH);
    e = (struct err){ 0 };
    loop_row_close(&r);
    CHECK_EQ(loop_row_open_one(&r, &c, l, zeros, &e), 0);
    CHECK_EQ(loop_row_run(&r, &e), 0);
    CHECK_EQ(gpu_to_device(r.args.d_marks + r.args.blocks - 1, &wrong, 4, gpu_stream_of(gpu), &e),
             0);
    CHECK_EQ(loop_row_check(&r, &check, &e), ERR_MISMATCH);
    loop_row_close(&r);
    loop_row_close(&r);
}

/* A product of the library: checked, timed, and with a wrong column. */
static void test_gemm(enum gpu_type type, int64_t n, bool zeros)
{
    struct bench_ctx c = { .device = &device, .device_handle = gpu, .seed = 42 };
    struct gemm_gpu g;
    struct check check = { 0 };
    struct err e = { 0 };
    double ns = 0, ops = 2.0 * (double)n * (double)n * (double)n;
    size_t column;
    struct gemm_gpu_want want = { .type = type, .n = n, .zeros = zeros };
    int rc = gemm_gpu_open(&g, &c, &want, &e);

    column = gemm_data_out_bytes(gemm_data_out_of(type), (size_t)n);
    if (rc == ERR_NOTSUP) {
        printf("skipped: %s n=%lld: %s\n", gpu_type_names[type], (long long)n, e.msg);
        gemm_gpu_close(&g);
        return;
    }
    CHECK_EQ(rc, 0);
    CHECK_EQ(gemm_gpu_check(&g, &check, &e), 0);
    CHECK_EQ(gemm_gpu_run(&g, &e), 0);
    CHECK_EQ(gpu_device_ops.begin(gpu, &e), 0);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(gemm_gpu_run(&g, &e), 0);
    CHECK_EQ(gpu_device_ops.end(gpu, &ns, &e), 0);
    CHECK_EQ(gemm_gpu_check(&g, &check, &e), 0);
    printf("%s: %-5s n=%-6lld %s %8.1f T, error %.3g of %.3g, %d candidates: %s\n",
           e.code ? "FAIL" : "pass", gpu_type_names[type], (long long)n, zeros ? "zeros" : "",
           1e-3 * ops / (ns / 10), check.error, check.tolerance, g.n_candidates, g.name);
    if (e.code)
        fprintf(stderr, "%s\n", e.msg);
    e = (struct err){ 0 };
    if (rc == 0 && !zeros) {
        CHECK_EQ(gemm_gpu_run(&g, &e), 0);
        CHECK_EQ(gpu_fill((char *)g.d_out + (size_t)(n / 3) * column, 0x3a, column,
                          gpu_stream_of(gpu), &e),
                 0);
        CHECK_EQ(gemm_gpu_check(&g, &check, &e), ERR_MISMATCH);
    }
    gemm_gpu_close(&g);
    gemm_gpu_close(&g);
}

/* A size that the narrow types cannot have is refused, for all types alike. */
static void test_odd_size(void)
{
    const struct bench *b = registry_find("silicon.compute");
    struct params params;
    struct compute_gpu s = { 0 };
    struct bench_ctx c = { .device = &device, .device_handle = gpu, .params = &params };
    struct err e = { 0 };

    CHECK_EQ(plan_point(b, "dtype=bf16 path=cublaslt n=1000", &params, &e), 0);
    CHECK_EQ(b->setup(&c, &s, &e), ERR_ARG);
    CHECK(strstr(e.msg, "multiple of 16"));
    b->teardown(&c, &s);
}

/* A row through the benchmark's hooks, in the order that core calls them. */
static void test_row(const char *settings)
{
    const struct bench *b = registry_find("silicon.compute");
    struct params params;
    struct result result = { 0 };
    struct result_run run;
    struct err e = { 0 };
    struct work w = { 0 };
    struct limits limits = { .binding = -1 };
    void *state = calloc(1, b->state_size);
    struct bench_ctx c = { .bench = b,
                           .device = &device,
                           .device_handle = gpu,
                           .params = &params,
                           .seed = 42,
                           .dir = ".",
                           .clock_hz = (double)NAN,
                           .result = &result };
    int rc;

    result_run_init(&run);
    result.runs = &run;
    CHECK_EQ(plan_point(b, settings, &params, &e), 0);
    CHECK(b->exists(&params, &device) && !b->exists(&params, &device_cpu));
    rc = b->setup(&c, state, &e);
    if (rc == ERR_NOTSUP) {
        printf("skipped: %s: %s\n", settings, e.msg);
    } else {
        CHECK_EQ(rc, 0);
        CHECK_EQ(b->verify(&c, state, &e), 0);
        CHECK_EQ(b->once(&c, state, &e), 0);
        CHECK_EQ(b->verify(&c, state, &e), 0);
        b->work(&c, state, &w);
        CHECK(w.flops > 1e9);
        CHECK_EQ(b->limit(&c, state, &limits, &e), 0);
        printf("%s: %s: %s; %s; limit %.0f (%s%s)\n", e.code ? "FAIL" : "pass", settings, c.variant,
               c.inputs, limits.l[0].value, limits.l[0].source, limits.l[0].reason);
        if (e.code)
            fprintf(stderr, "%s\n", e.msg);
    }
    b->teardown(&c, state);
    free(state);
}

int main(int argc, char **argv)
{
    char why[200] = "";
    struct err e = { 0 };
    void *handle = NULL;

    (void)argv;
    if (argc > 1)
        repetitions = 1;
    if (gpu_device_ops.list(&device, 1, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    CHECK_EQ(gpu_device_ops.open(&device, &handle, &e), 0);
    if (!handle) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    gpu = handle;
    for (const struct loop_gpu *l = loop_gpu_table; l->name; l++)
        test_loop(l, false);
    for (const struct loop_gpu *l = loop_gpu_table; l->name; l++)
        if (l->path == LOOP_GPU_WGMMA)
            test_loop(l, true);
    for (int t = 0; t < GPU_TYPES; t++) {
        test_gemm((enum gpu_type)t, 272, false);
        test_gemm((enum gpu_type)t, 4096, false);
    }
    test_gemm(GPU_BF16, 8192, false);
    test_gemm(GPU_INT8, 8192, false);
    test_gemm(GPU_FP8, 8192, false);
    test_gemm(GPU_BF16, 8192, true);
    test_odd_size();
    test_row("dtype=fp32 path=fma");
    test_row("dtype=bf16 path=loop");
    test_row("dtype=fp8 path=loop data=zeros");
    test_row("dtype=fp4 path=loop");
    test_row("dtype=fp16 path=cublaslt n=1024");
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
