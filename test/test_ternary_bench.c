/* kernels.ternary through the worker: it measures, and a wrong kernel has no number. */
#include "test.h"

#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "core/worker.h"

#include "../src/kernels/ternary.c"

static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };

/* The mistake to be caught: one weight of the matrix, after the answer was made. */
static int wrong_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = cpu_setup(c, state, e);
    struct ternary *t = s->t.op == TERNARY_CHAIN ? &s->t.chain.m[29][TERNARY_DOWN] : &s->t.m;

    ternary_set(t, 3, 5, ternary_get(t, 3, 5) == 1 ? -1 : 1);
    return rc;
}

extern const struct bench bench_silicon_memory, bench_silicon_compute; /* its limits */
const struct bench *const bench_table[] = { &bench_kernels_ternary, &bench_silicon_memory,
                                            &bench_silicon_compute, NULL };

static struct ceilings ceilings; /* measured once for all rows */

static void measure(const struct bench *b, const char *settings, struct result *out)
{
    struct worker_options o = { .seed = 1, .dir = "/tmp", .target = 0.01, .ceilings = &ceilings };
    struct worker *w = NULL;
    struct params point;
    struct err e = { 0 };

    CHECK_EQ(plan_point(b, settings, &point, &e), 0);
    CHECK(b->exists(&point, &cpu));
    CHECK_EQ(worker_open(&w, &o, &e), 0);
    CHECK_EQ(worker_case(w, b, &cpu, &point, 0.05, out), 0);
    worker_close(w);
}

static void measures(const char *settings)
{
    struct result r;

    measure(&bench_kernels_ternary, settings, &r);
    CHECK_EQ(r.status, RESULT_OK);
    CHECK_STR(r.reason, "");
    CHECK(r.check.passed_before && r.check.passed_after);
    CHECK(r.value > 0);
    result_release(&r);
}

static void is_caught(const char *settings)
{
    struct bench wrong = bench_kernels_ternary;
    struct result r;

    wrong.setup = wrong_setup;
    measure(&wrong, settings, &r);
    CHECK_EQ(r.status, RESULT_FAILED);
    CHECK(strstr(r.reason, "have other bits") != NULL);
    CHECK(isnan(r.value));
    result_release(&r);
}

static bool exists_at(const char *settings)
{
    struct params point;
    struct err e = { 0 };

    CHECK_EQ(plan_point(&bench_kernels_ternary, settings, &point, &e), 0);
    return exists(&point, &cpu);
}

/* A chain's time is held against bytes over a rate: a bound below it, in its unit. */
static void test_limit(void)
{
    struct result r;
    const struct limit *l;

    measure(&bench_kernels_ternary, "op=chain shape=smollm-135m", &r);
    CHECK_STR(r.unit, "us");
    CHECK(r.limits.binding >= 0);
    l = &r.limits.l[r.limits.binding >= 0 ? r.limits.binding : 0];
    CHECK(l->value > 1 && l->value < r.value);
    CHECK(l->lo <= l->value && l->value <= l->hi);
    result_release(&r);
}

int main(void)
{
    measures("shape=192x576");
    measures("shape=192x576 tokens=17 fused=strict threads=all");
    measures("shape=192x576 fused=ready variant=scalar");
    measures("op=chain shape=smollm-135m threads=all");
    test_limit();
    is_caught("shape=192x576 tokens=2 fused=apart");
    is_caught("op=chain shape=smollm-135m");
    CHECK(!exists_at("op=chain shape=192x576"));
    CHECK(!exists_at("shape=smollm-135m"));
    CHECK(!exists_at("op=chain shape=smollm-135m tokens=2"));
    ceilings_release(&ceilings);
    TEST_DONE();
}
