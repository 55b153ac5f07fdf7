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

static void measure(const struct bench *b, const char *settings, struct result *out)
{
    struct worker_options o = { .seed = 1, .dir = "/tmp", .target = 0.01 };
    struct worker *w = NULL;
    struct params point;
    struct err e = { 0 };

    CHECK_EQ(plan_point(b, settings, &point, &e), 0);
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(worker_case(w, b, &cpu, &point, 0.05, out), 0);
    worker_close(w);
}

int main(void)
{
    struct bench wrong = bench_kernels_norm;
    struct result r;

    measure(&bench_kernels_norm, "kind=layer n=577 rows=3", &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_STR(r.reason, "");
    CHECK(r.check.passed_before && r.check.passed_after);
    CHECK_NEAR(r.work.bytes[WORK_CACHE], 8 * 577 * 3, 0);
    result_release(&r);

    wrong.setup = wrong_setup;
    measure(&wrong, "kind=rms n=64 rows=1", &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "off by") != NULL);
    CHECK(isnan(r.value));
    result_release(&r);
    TEST_DONE();
}
