/* A row for a tool that watches: what is between the marks, and what a failure leaves. */
#include "core/device.h"
#include "core/marked_row.h"
#include "core/plan.h"
#include "core/registry.h"
#include "test.h"

/* Every call, by a letter: s set-up, v verify, p prepare, o once, ( ) marks, t teardown. */
static char calls[64];
static volatile sig_atomic_t stop;
static int fail_at, stop_at; /* the call of `once` that does so; 0: none */

static void note(char c)
{
    size_t n = strlen(calls);

    if (n + 1 < sizeof(calls))
        calls[n] = c;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    (void)state;
    (void)e;
    note('s');
    snprintf(c->variant, sizeof(c->variant), "plain");
    return 0;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    note('v');
    return 0;
}

static int prepare(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    note('p');
    return 0;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    int *n = state;

    (void)c;
    note('o');
    ++*n;
    if (*n == stop_at)
        stop = 2;
    return *n == fail_at ? ERR(e, ERR_CUDA, "the device is gone") : 0;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    (void)c;
    (void)state;
    w->items = 1;
}

static void teardown(struct bench_ctx *c, void *state)
{
    (void)c;
    (void)state;
    note('t');
}

static struct bench bench_fake = {
    .name = "fake",
    .question = "?",
    .devices = DEVICE_CPU,
    .metric = { .name = "rate",
                .unit = "1/s",
                .basis = METRIC_ITEMS_PER_S,
                .scale = 1,
                .direction = HIGHER_IS_BETTER },
    .state_size = sizeof(int),
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .teardown = teardown,
};
const struct bench *const bench_table[] = { &bench_fake, NULL };

static int begin(void *self, void *handle, const char *label, struct err *e)
{
    (void)handle;
    note('(');
    CHECK_STR(label, "fake ");
    return self ? ERR(e, ERR_IO, "nobody watches") : 0;
}

static int end(void *self, void *handle, struct err *e)
{
    (void)self;
    (void)handle;
    (void)e;
    note(')');
    return 0;
}

static int run(void *self, uint64_t repetitions, uint64_t *done, const char *message)
{
    struct params p = { 0 };
    struct marked_row r = { .bench = &bench_fake,
                            .device = &device_cpu,
                            .params = &p,
                            .dir = ".",
                            .models = "",
                            .repetitions = repetitions,
                            .marks = { .begin = begin, .end = end, .self = self },
                            .stop = &stop };
    struct err e = { 0 };
    int rc;

    memset(calls, 0, sizeof(calls));
    stop = 0;
    rc = marked_row_run(&r, &e);
    CHECK(strstr(e.msg, message) != NULL);
    CHECK_STR(r.variant, "plain");
    *done = r.done;
    return rc;
}

int main(void)
{
    uint64_t done;
    int watched = 1;

    CHECK_EQ(run(NULL, 3, &done, ""), 0);
    CHECK_STR(calls, "svoo(ooo)vt");
    CHECK_EQ(done, 3);

    bench_fake.prepare = prepare;
    CHECK_EQ(run(NULL, 1, &done, ""), 0);
    CHECK_STR(calls, "svpopo(po)vt");
    bench_fake.prepare = NULL;

    /* Whatever happens, an open mark is closed and what was set up is taken down. */
    fail_at = MARKED_ROW_WARM_UPS + 2;
    CHECK_EQ(run(NULL, 5, &done, "the device is gone"), ERR_CUDA);
    CHECK_STR(calls, "svoo(oo)t");
    CHECK_EQ(done, 1);
    fail_at = 1;
    CHECK_EQ(run(NULL, 5, &done, "the device is gone"), ERR_CUDA);
    CHECK_STR(calls, "svot");
    fail_at = 0;
    stop_at = MARKED_ROW_WARM_UPS + 2;
    CHECK_EQ(run(NULL, 5, &done, "interrupted"), ERR_INTERRUPT);
    CHECK_STR(calls, "svoo(oo)t");
    CHECK_EQ(done, 2);
    stop_at = 0;
    CHECK_EQ(run(&watched, 5, &done, "nobody watches"), ERR_IO);
    CHECK_STR(calls, "svoo(t");
    TEST_DONE();
}
