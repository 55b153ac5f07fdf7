/* kernels.attention.planner through the worker: right plans, and one that leaves a block out. */
#include "test.h"

#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"

#include "../src/kernels/attention_planner.c"

static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };

const struct bench *const bench_table[] = { &bench_kernels_attention_planner, NULL };

static int wrong_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = once(c, state, e);

    if (rc == 0)
        s->plan.pieces[0].count--;
    return rc;
}

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

static void test_right(void)
{
    static const char *const settings[] = { "blocks=800 workers=132", "blocks=200 mode=invariant",
                                            "case=uniform atoms=3000 workers=7",
                                            "case=protein atoms=2000 workers=1" };

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        struct result r;

        measure(&bench_kernels_attention_planner, settings[i], &r);
        CHECK_EQ(r.status, RESULT_OK);
        CHECK_STR(r.reason, "");
        CHECK_NEAR(r.check.error, 0, 0);
        CHECK(result_find(&r, "balance")->value >= 1);
        result_release(&r);
    }
}

static void test_wrong_has_no_number(void)
{
    struct bench wrong = bench_kernels_attention_planner;
    struct result r;

    wrong.once = wrong_once;
    measure(&wrong, "blocks=800", &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "1 blocks are not in one piece") != NULL);
    result_release(&r);
}

int main(void)
{
    test_right();
    test_wrong_has_no_number();
    TEST_DONE();
}
