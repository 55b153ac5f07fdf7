/* pick_fastest on a clock made here. */
#include "core/pick.h"
#include "test.h"

static double now_ns, started_ns;
static int runs;

static int begin(void *handle, struct err *e)
{
    (void)handle;
    (void)e;
    started_ns = now_ns;
    return 0;
}

static int end(void *handle, double *ns, struct err *e)
{
    (void)handle;
    (void)e;
    *ns = now_ns - started_ns;
    return 0;
}

static const struct device_ops ops = { .begin = begin, .end = end };

/* self: the cost of each candidate; every other run of one is disturbed. */
static int run(struct bench_ctx *c, void *self, int which, struct err *e)
{
    const double *cost = self;

    (void)c;
    if (cost[which] < 0)
        return ERR(e, ERR_CUDA, "candidate %d fails", which);
    now_ns += cost[which] * (runs++ % 2 ? 10 : 1);
    return 0;
}

static int pick(const double *cost, int n, int *best)
{
    struct device device = { .ops = &ops };
    struct bench_ctx c = { .device = &device };
    struct err e = { 0 };

    runs = 0;
    return pick_fastest(&c, n, run, (void *)(uintptr_t)cost, best, &e);
}

/* A GPU's clock was high once, for the one that is slower. */
static int run_lucky(struct bench_ctx *c, void *self, int which, struct err *e)
{
    (void)c;
    (void)self;
    (void)e;
    now_ns += which == 1 ? 10 : runs == 4 ? 5 : 11;
    runs++;
    return 0;
}

static void lucky_once(void)
{
    struct device device = { .ops = &ops, .kind = DEVICE_GPU };
    struct bench_ctx c = { .device = &device };
    int best = -1;

    runs = 0;
    CHECK_EQ(pick_fastest(&c, 2, run_lucky, NULL, &best, NULL), 0);
    CHECK_EQ(best, 1);
    device.kind = DEVICE_CPU;
    runs = 0;
    CHECK_EQ(pick_fastest(&c, 2, run_lucky, NULL, &best, NULL), 0);
    CHECK_EQ(best, 0);
}

/* Each choice is kept, and made again without a trial where it fits. */
static void again(void)
{
    static struct result row;
    struct device device = { .ops = &ops };
    struct bench_ctx c = { .device = &device, .result = &row };
    double cost[] = { 9, 3, 5 };
    int best = -1;

    CHECK_EQ(pick_fastest(&c, 3, run, cost, &best, NULL), 0);
    CHECK_EQ(pick_fastest(&c, 1, run, cost, &best, NULL), 0); /* nothing to choose */
    CHECK_EQ(pick_fastest(&c, 2, run, cost, &best, NULL), 0);
    CHECK_STR(result_find(&row, "picks")->text, "1,1");

    c.picks = "2,0,7";
    runs = 0;
    CHECK_EQ(pick_fastest(&c, 3, run, cost, &best, NULL), 0);
    CHECK_EQ(best, 2);
    CHECK_EQ(pick_fastest(&c, 1, run, cost, &best, NULL), 0);
    CHECK_EQ(best, 0);
    CHECK_EQ(pick_fastest(&c, 3, run, cost, &best, NULL), 0);
    CHECK_EQ(best, 0);
    CHECK_EQ(runs, 0);
    CHECK_EQ(pick_fastest(&c, 3, run, cost, &best, NULL), 0); /* 7 is none of them */
    CHECK_EQ(best, 1);
    CHECK(runs > 0);
    c.picks = "x";
    CHECK_EQ(pick_fastest(&c, 3, run, cost, &best, NULL), 0);
    CHECK_EQ(best, 1);
}

int main(void)
{
    int best = -1;

    again();

    CHECK_EQ(pick((double[]){ 5 }, 1, &best), 0);
    CHECK_EQ(best, 0);
    CHECK_EQ(runs, 0);
    CHECK_EQ(pick((double[]){ 5, 4, 6 }, 3, &best), 0);
    CHECK_EQ(best, 1);
    CHECK_EQ(runs, 3 * (PICK_ROUNDS + 1));
    CHECK_EQ(pick((double[]){ 7, 6, 5 }, 3, &best), 0);
    CHECK_EQ(best, 2);
    CHECK_EQ(pick((double[]){ 5, 5, 5 }, 3, &best), 0);
    CHECK_EQ(best, 0);
    CHECK_EQ(pick((double[]){ 5, 4, 20 }, 3, &best), 0); /* the third runs in three rounds only */
    CHECK_EQ(best, 1);
    CHECK_EQ(runs, 3 * 3 + 2 * (PICK_ROUNDS - 2));
    CHECK_EQ(pick((double[]){ 5, -1, 4 }, 3, &best), ERR_CUDA);
    lucky_once();
    TEST_DONE();
}
