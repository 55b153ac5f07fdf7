/* kernels.gemv through the worker: it measures, and a wrong kernel has no number. */
#include "test.h"

#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"

#include "../src/kernels/gemv.c"

static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };

static const struct gemv_variant *right;

/* The mistake to be caught: one output, by a thousandth. */
static void wrong_run(const struct weight *w, size_t row0, size_t row1, const struct act *x, int n,
                      float *y, size_t ldy)
{
    right->run(w, row0, row1, x, n, y, ldy);
    if (row1 == w->rows)
        y[(size_t)(n - 1) * ldy + row1 - 1] *= 1.001f;
}

static int wrong_setup(struct bench_ctx *c, void *state, struct err *e)
{
    static struct gemv_variant wrong;
    struct state *s = state;
    int rc = setup(c, state, e);

    right = s->v;
    wrong = *right;
    wrong.run = wrong_run;
    s->v = &wrong;
    return rc;
}

const struct bench *const bench_table[] = { &bench_kernels_gemv, NULL };

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
    struct bench wrong = bench_kernels_gemv;
    struct result r;

    measure(&bench_kernels_gemv, "dtype=Q4_0 rows=37 cols=96 tokens=3 weights=resident", &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_STR(r.reason, "");
    CHECK(r.check.passed_before && r.check.passed_after);
    CHECK(r.value > 0);
    result_release(&r);

    measure(&bench_kernels_gemv, "dtype=TQ2_64 rows=1536 cols=576 threads=one", &r);
    CHECK(r.status == RESULT_OK || r.status == RESULT_SKIPPED); /* caches unknown, little memory */
    result_release(&r);

    wrong.setup = wrong_setup;
    measure(&wrong, "dtype=Q8_0 rows=5 cols=64 weights=resident", &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "row 4, vector 0 is") != NULL);
    CHECK(isnan(r.value));
    result_release(&r);
    TEST_DONE();
}
