/* The example of CONTRIBUTING.md is a benchmark that works: it is measured through the worker, a
 * wrong result of it has no number, and its plans are valid. */
#include "test.h"

#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"

#include "../docs/skeleton_bench.c"

static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };

/* The mistake to be caught: the last element is left out. */
static int wrong_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc;

    s->x[s->n - 1] = 1;
    s->n--;
    rc = once(c, state, e);
    s->n++;
    return rc;
}

const struct bench *const bench_table[] = { &bench_skeleton, NULL };

static void measure(const struct bench *b, struct result *out)
{
    struct worker_options o = { .seed = 1, .dir = "/tmp", .target = 0.01 };
    struct worker *w = NULL;
    struct params point;
    struct err e = { 0 };

    CHECK_EQ(plan_point(b, "size=64KiB", &point, &e), 0);
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(worker_case(w, b, &cpu, &point, 0.2, out), 0);
    worker_close(w);
}

static void test_measured(void)
{
    struct result r;

    measure(&bench_skeleton, &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_STR(r.reason, "");
    CHECK(r.check.done && r.check.passed_before && r.check.passed_after);
    /* From 2 MHz under an emulator to more than any core can do. */
    CHECK(r.value > 1e-3 && r.value < 1e3);
    CHECK(r.value_lo <= r.value && r.value <= r.value_hi);
    CHECK_NEAR(r.work.bytes[WORK_CACHE], 65536, 0);
    CHECK_EQ(r.limits.l[0].kind, LIMIT_NONE); /* no clock probe was given to the worker */
    result_release(&r);
}

static void test_wrong_has_no_number(void)
{
    struct bench wrong = bench_skeleton;
    struct result r;

    wrong.once = wrong_once;
    measure(&wrong, &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "the sum is") != NULL);
    CHECK(isnan(r.value));
    result_release(&r);
}

static void test_plans(void)
{
    static const char *const suites[] = { "quick", "standard", "full" };
    static const int rows[] = { 1, 3, 3 };

    for (int i = 0; i < 3; i++) {
        struct plan_request rq = { .names = &suites[i],
                                   .n_names = 1,
                                   .devices = &cpu,
                                   .n_devices = 1,
                                   .no_gpu_why = "not asked for" };
        struct plan_list l;
        struct err e = { 0 };

        CHECK_EQ(plan_make(&rq, &l, &e), 0);
        CHECK_EQ(l.n, rows[i]);
        plan_release(&l);
    }
}

int main(void)
{
    test_measured();
    test_wrong_has_no_number();
    test_plans();
    TEST_DONE();
}
