/* What kernels.norm, .softmax, .rope and .activation share, by the example of the norms: measured
 * through the worker, with a right and a wrong kernel. */
#include "test.h"

#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"

#include "../src/kernels/norm.c"

static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };

static void wrong_run(struct row_bench *s, int variant, size_t row)
{
    run(s, variant, row);
    s->y[row * s->n + s->n / 2] += 1e-3f;
}

/* The mistake to be caught: one value, by a thousandth. */
static int wrong_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = setup(c, state, e);

    s->row.op.run = wrong_run;
    return rc;
}

const struct bench *const bench_table[] = { &bench_kernels_norm, NULL };

static void measure(const struct bench *b, const struct device *d, const char *settings,
                    struct result *out)
{
    struct worker_options o = { .seed = 1, .dir = "/tmp", .target = 0.01 };
    struct worker *w = NULL;
    struct params point;
    struct err e = { 0 };

    CHECK_EQ(plan_point_on(b, d->kind, settings, &point, &e), 0);
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(worker_case(w, b, d, &point, 0.05, out), 0);
    worker_close(w);
}

#if HAVE_CUDA
static int wrong_run_gpu(struct row_bench *s, int variant, gpu_stream stream, struct err *e)
{
    char *last = (char *)s->gpu.d_y + (s->gpu.rows * s->n - 1) * 2;
    int rc = run_gpu(s, variant, stream, e);

    return rc < 0 ? rc : gpu_fill(last, 0x3c, 1, stream, e);
}

/* One byte of the last value. */
static int wrong_setup_gpu(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = setup(c, state, e);

    s->row.op.gpu.run = wrong_run_gpu;
    return rc;
}

/* In every way to take time; and wrong. */
static void on_a_gpu(const struct device *gpu)
{
    static const char *const rows[] = { "kind=layer n=577 rows=3 dtype=F16 timing=graph",
                                        "kind=rms n=576 rows=1 dtype=F32 timing=batched",
                                        "n=4096 rows=512 dtype=BF16 timing=isolated-hot",
                                        "n=4096 rows=512 variant=block timing=isolated-cold" };
    struct bench wrong = bench_kernels_norm;
    struct result r;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        measure(&bench_kernels_norm, gpu, rows[i], &r);
        CHECK_EQ(r.status, RESULT_OK);
        CHECK_STR(r.reason, "");
        CHECK(r.check.passed_before && r.check.passed_after);
        printf("%s: %s, %.4g GB/s\n", rows[i], r.variant, r.value);
        result_release(&r);
    }
    wrong.setup = wrong_setup_gpu;
    measure(&wrong, gpu, "n=64 rows=5", &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "off by") != NULL);
    result_release(&r);
}
#endif

int main(void)
{
    struct device gpu;
    char why[200] = "";
    struct bench wrong = bench_kernels_norm;
    struct result r;

    measure(&bench_kernels_norm, &cpu, "kind=layer n=577 rows=3", &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_STR(r.reason, "");
    CHECK(r.check.passed_before && r.check.passed_after);
    CHECK_NEAR(r.work.bytes[WORK_CACHE], 8 * 577 * 3, 0);
    result_release(&r);

    wrong.setup = wrong_setup;
    measure(&wrong, &cpu, "kind=rms n=64 rows=1", &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "off by") != NULL);
    CHECK(isnan(r.value));
    result_release(&r);
    if (gpu_device_ops.list(&gpu, 1, why, sizeof(why)) == 0)
        printf("the GPU's rows: %s\n", why);
#if HAVE_CUDA
    else
        on_a_gpu(&gpu);
#endif
    TEST_DONE();
}
