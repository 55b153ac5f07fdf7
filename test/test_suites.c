/* The suites keep their promises on paper: what the rows of each are planned to take. */
#include "core/device.h"
#include "core/plan.h"
#include "core/registry.h"
#include "test.h"

static struct device devices[2] = {
    { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops },
    { .kind = DEVICE_GPU, .name = "gpu:0", .ops = &device_cpu_ops }
};

/* Planned seconds of a suite on the CPU and one GPU, and of its longest benchmark. */
static double planned(const char *suite, double *longest, int *rows)
{
    struct plan_request rq = { .names = &suite, .n_names = 1, .devices = devices, .n_devices = 2 };
    struct plan_list l;
    struct err e = { 0 };
    double total = 0;

    *longest = 0;
    CHECK_EQ(plan_make(&rq, &l, &e), 0);
    *rows = l.n;
    for (int b = 0; bench_table[b]; b++) {
        double seconds = 0;

        for (int i = 0; i < l.n; i++)
            if (l.cases[i].bench == bench_table[b])
                seconds += l.cases[i].runs * l.cases[i].seconds;
        total += seconds;
        *longest = fmax(*longest, seconds);
    }
    printf("%-8s %3d rows, %6.1f s planned, longest benchmark %6.1f s\n", suite, l.n, total,
           *longest);
    plan_release(&l);
    return total;
}

/* A benchmark of GPUs alone, where there is none: said, and not taken for misspelt settings. */
static void without_gpu(void)
{
    const char *name = "silicon.launch";
    struct plan_request rq = {
        .names = &name, .n_names = 1, .devices = devices, .n_devices = 1, .no_gpu_why = "no driver"
    };
    struct plan_list l;
    struct err e = { 0 };

    CHECK_EQ(plan_make(&rq, &l, &e), ERR_NOTSUP);
    CHECK_STR(e.msg, "silicon.launch needs a GPU: no driver");
}

int main(void)
{
    double longest;
    int rows;

    /* 30 s, 5 min and 15 min are promised; setups and checks need their part of it. */
    CHECK(planned("quick", &longest, &rows) <= 25);
    CHECK(rows >= 10);
    CHECK(planned("standard", &longest, &rows) <= 220);
    CHECK(planned("full", &longest, &rows) <= 700);
    CHECK(longest <= 300);
    for (int i = 0; bench_table[i]; i++) {
        CHECK(bench_table[i]->setup && bench_table[i]->verify && bench_table[i]->once);
        CHECK(bench_table[i]->work && bench_table[i]->question && bench_table[i]->limit);
    }
    without_gpu();
    TEST_DONE();
}
