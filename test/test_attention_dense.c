/* kernels.attention.dense as it is measured: through the worker, with a right and a wrong
 * kernel. */
#include "test.h"

#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"

#include "../src/kernels/attention_dense.c"

static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };

/* The mistake to be caught: one value, by a thousandth. */
static int wrong_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = once(c, state, e);

    s->out[row_floats(&s->layer[0]) * (size_t)s->layer[0].tokens - 1] += 1e-3f;
    return rc;
}

const struct bench *const bench_table[] = { &bench_kernels_attention_dense, NULL };

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

#define HEADS "heads=4 kv_heads=2 head_dim=16"

static void test_prompt(void)
{
    struct result r;

    measure(&bench_kernels_attention_dense, "tokens=3 context=5 " HEADS, &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_STR(r.reason, "");
    CHECK(r.check.passed_before && r.check.passed_after);
    CHECK_NEAR(r.work.flops, 4 * 64 * (3 + 4 + 5), 0);
    /* Five positions of 2 heads of 16 values in F16, K and V; 3 tokens of 64 floats, in and out. */
    CHECK_NEAR(r.work.bytes[WORK_CACHE], 5 * 2 * 32 * 2 + 3 * 2 * 64 * 4, 0);
    result_release(&r);
}

static void test_decoding(void)
{
    struct result r;

    measure(&bench_kernels_attention_dense, "tokens=1 context=300 kv=f32 " HEADS, &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_STR(r.reason, "");
    CHECK_NEAR(r.work.bytes[WORK_DRAM] / r.work.items, 300 * 2 * 32 * 4 + 2 * 64 * 4, 0);
    CHECK(r.work.bytes[WORK_DRAM] >= 250e6);
    result_release(&r);
}

static void test_wrong_has_no_number(void)
{
    struct bench wrong = bench_kernels_attention_dense;
    struct result r;

    wrong.once = wrong_once;
    measure(&wrong, "tokens=2 context=40 " HEADS, &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "off by") != NULL);
    CHECK(isnan(r.value));
    result_release(&r);
}

int main(void)
{
    test_prompt();
    test_wrong_has_no_number();
    if (!HEADROOM_INSTRUMENTED) /* it walks 256 MiB */
        test_decoding();
    TEST_DONE();
}
