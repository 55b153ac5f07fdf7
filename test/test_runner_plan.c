/* From words to rows: names, globs, suites, settings, devices, and every way to misspell them. */
#include "core/plan.h"

#include "core/device.h"
#include "fake_benches.h"
#include "test.h"

static struct device devices[2] = {
    { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops },
    { .kind = DEVICE_GPU, .name = "gpu:0", .ops = &device_cpu_ops }
};

static int plan(const char *name, const char *set, const char *device, struct plan_list *l,
                struct err *e)
{
    struct plan_request rq = { .names = &name,
                               .n_names = name != NULL,
                               .set = &set,
                               .n_set = set != NULL,
                               .device = device,
                               .devices = devices,
                               .n_devices = 2,
                               .no_gpu_why = "no driver" };

    *e = (struct err){ 0 };
    return plan_make(&rq, l, e);
}

static void good_words(void)
{
    struct plan_list l;
    struct err e;
    char text[200];

    CHECK_EQ(plan(NULL, NULL, NULL, &l, &e), 0);
    CHECK_EQ(l.n, 1);
    CHECK_STR(l.suite, "quick");
    params_format(&l.cases[0].params, text, sizeof(text));
    CHECK_STR(text, "mode=good us=20 size=4KiB");
    plan_release(&l);
    CHECK_EQ(plan("full", NULL, NULL, &l, &e), 0);
    CHECK_EQ(l.n, 3); /* us=20,10,40 of fake.work; fake.share is in no suite */
    plan_release(&l);
    CHECK_EQ(plan("fake.*", NULL, "cpu", &l, &e), 0);
    CHECK_EQ(l.n, 2);
    CHECK_STR(l.suite, "custom");
    plan_release(&l);
    CHECK_EQ(plan("fake.work", "us=1,2,2", NULL, &l, &e), 0);
    CHECK_EQ(l.n, 2);
    plan_release(&l);
    CHECK_EQ(plan("fake.work", "mode=*", NULL, &l, &e), 0);
    CHECK_EQ(l.n, 10);
    plan_release(&l);
    CHECK_EQ(plan("fake.work", "size=1MiB,2048", NULL, &l, &e), 0);
    CHECK_STR(params_text(&l.cases[0].params, "size"), "1MiB");
    CHECK_STR(params_text(&l.cases[1].params, "size"), "2KiB");
    CHECK_EQ(params_get(&l.cases[1].params, "size"), 2048);
    plan_release(&l);
}

static void bad_words(void)
{
    static const struct {
        const char *name, *set, *device;
        int code;
        const char *message;
    } cases[] = {
        { "fake.wrok", NULL, NULL, ERR_ARG, "did you mean \"fake.work\"?" },
        { "qiuck", NULL, NULL, ERR_ARG, "did you mean \"quick\"?" },
        { "zzzzzzzzzz", NULL, NULL, ERR_ARG, "headroom list" },
        { "nothing.*", NULL, NULL, ERR_ARG, "nothing.*" },
        { "fake.work", "us", NULL, ERR_ARG, "expected axis=value" },
        { "fake.work", "us=", NULL, ERR_ARG, "expected axis=value" },
        { "fake.work", "=3", NULL, ERR_ARG, "expected axis=value" },
        { "fake.work", "us=0", NULL, ERR_ARG, "from 1 to 100000" },
        { "fake.work", "us=5x", NULL, ERR_ARG, "not a whole number" },
        { "fake.work", "us=1,,2", NULL, ERR_ARG, "not a list of values" },
        { "fake.work", "us=99999999999999999999", NULL, ERR_ARG, "not a whole number" },
        { "fake.work", "mode=goood", NULL, ERR_ARG, "did you mean \"good\"?" },
        { "fake.work", "size=3TB", NULL, ERR_ARG, "not a size" },
        { "fake.work", "size=9999999999G", NULL, ERR_ARG, "not a size" },
        { "fake.work", "size=-1", NULL, ERR_ARG, "not a size" },
        { "fake.work", "speed=1", NULL, ERR_ARG, "no selected benchmark has that axis" },
        { "fake.work", "us=*", NULL, ERR_ARG, "give values" },
        { "fake.work", NULL, "gpu:99", ERR_NOTSUP, "no such device: no driver" },
        { "fake.work", NULL, "gpu:x", ERR_ARG, "expected cpu, gpu or gpu:N" },
        { "fake.work", NULL, "gpu:-1", ERR_ARG, "expected cpu, gpu or gpu:N" },
        { "fake.work", NULL, "tpu", ERR_ARG, "expected cpu, gpu or gpu:N" },
        { "fake.work", NULL, "gpu:0", ERR_ARG, "nothing to measure" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plan_list l;
        struct err e;
        int rc = plan(cases[i].name, cases[i].set, cases[i].device, &l, &e);

        CHECK_EQ(rc, cases[i].code);
        if (!strstr(e.msg, cases[i].message))
            fprintf(stderr, "  message was: %s\n", e.msg);
        CHECK(strstr(e.msg, cases[i].message) != NULL);
        CHECK(l.cases == NULL);
    }
}

static void numbers(void)
{
    static const struct {
        const char *text;
        double want; /* NaN: refused */
    } times[] = { { "2", 2 },    { "0.5", 0.5 },   { "500ms", 0.5 }, { "2m", 120 },
                  { "1s", 1 },   { "nan", NAN },   { "inf", NAN },   { "-1", NAN },
                  { "", NAN },   { "1e999", NAN }, { "0x10", NAN },  { "1 s", NAN },
                  { "2h", NAN }, { "+1", NAN } };

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        double got = NAN;
        int rc = parse_seconds(times[i].text, 0.001, 1000, "--seconds", &got, NULL);

        CHECK_EQ(rc, isnan(times[i].want) ? ERR_ARG : 0);
        if (rc == 0)
            CHECK_NEAR(got, times[i].want, 1e-12);
    }
}

/* Rows for every GPU without --device, rows that need a second one, and an axis that means nothing
 * at a point: left out of its settings, and no second row for its second value. */
static void cards(void)
{
    static struct device many[] = {
        { .kind = DEVICE_CPU, .of = 1, .name = "cpu", .ops = &device_cpu_ops },
        { .kind = DEVICE_GPU, .of = 2, .name = "gpu:0", .ops = &device_cpu_ops },
        { .kind = DEVICE_GPU, .of = 2, .index = 1, .name = "gpu:1", .ops = &device_cpu_ops }
    };
    static const char *const want[] = { "gpu:0 path=link size=4KiB", "gpu:0 path=link size=1MiB",
                                        "gpu:0 path=near", "gpu:1 path=link size=4KiB",
                                        "gpu:1 path=link size=1MiB" };
    const char *name = "fake.card";
    struct plan_request rq = { .names = &name, .n_names = 1, .devices = many, .n_devices = 3 };
    struct plan_list l;
    struct params p;
    struct err e = { 0 };
    char text[200], row[240];

    CHECK_EQ(plan_make(&rq, &l, &e), 0);
    CHECK_EQ(l.n, 5);
    for (int i = 0; i < l.n && i < 5; i++) {
        params_format(&l.cases[i].params, text, sizeof(text));
        snprintf(row, sizeof(row), "%s %s", l.cases[i].device->name, text);
        CHECK_STR(row, want[i]);
    }
    CHECK(l.rounds == 1 && l.cases[0].runs == 1 &&
          l.cases[0].seconds == 0.1); /* set-ups are dear */
    plan_release(&l);
    rq.repeat = 4;
    CHECK_EQ(plan_make(&rq, &l, &e), 0);
    CHECK(l.rounds == 4 && l.cases[0].runs == 4 && l.cases[0].seconds == 0.1);
    plan_release(&l);
    rq.repeat = 0;
    rq.n_devices = 1; /* the CPU alone: said, and not taken for a misspelt setting */
    rq.no_gpu_why = "no driver";
    CHECK_EQ(plan_make(&rq, &l, &e), ERR_ARG);
    CHECK(strstr(e.msg, "; there is no GPU: no driver") != NULL);
    e = (struct err){ 0 };
    rq.n_devices = 3;
    rq.device = "gpu:1";
    CHECK_EQ(plan_make(&rq, &l, &e), 0);
    CHECK_EQ(l.n, 3); /* now its own near row, too */
    plan_release(&l);
    rq.device = NULL;
    many[1].of = 1;
    rq.n_devices = 2;
    CHECK_EQ(plan_make(&rq, &l, &e), 0);
    CHECK_EQ(l.n, 1);
    plan_release(&l);
    /* A row's settings lead back to the row. */
    CHECK_EQ(plan_point(&bench_fake_card, "path=near", &p, &e), 0);
    CHECK_EQ(p.n, 1);
    CHECK_EQ(plan_point(&bench_fake_card, "path=link size=2MiB", &p, &e), 0);
    CHECK_EQ(params_get(&p, "size"), 2 << 20);
}

/* An axis of the GPU's rows alone leaves the CPU's rows as they were. */
static void axes_of_a_device(void)
{
    static const struct axis axes[] = {
        { .name = "n", .help = "", .kind = AXIS_INT, .lo = 1, .hi = 9, .normal = "1,2" },
        { .name = "way",
          .help = "",
          .kind = AXIS_ENUM,
          .names = card_paths,
          .normal = "near",
          .devices = DEVICE_GPU },
    };
    const struct bench b = { .name = "fake.both", .axes = axes, .n_axes = 2 };
    struct params p;
    struct err e = { 0 };
    char text[80];

    CHECK_EQ(plan_point_on(&b, DEVICE_CPU, "n=3 way=link", &p, &e), 0);
    params_format(&p, text, sizeof(text));
    CHECK_STR(text, "n=3");
    CHECK_EQ(plan_point_on(&b, DEVICE_GPU, "n=3", &p, &e), 0);
    params_format(&p, text, sizeof(text));
    CHECK_STR(text, "n=3 way=near");
}

/* A row's time is shared by three runs, unless --repeat says how many. */
static void runs(void)
{
    static const double whole = 0.6;
    static const char *const set[] = { "us=10,20" };
    const char *name = "fake.work";
    struct plan_request rq = { .names = &name,
                               .n_names = 1,
                               .set = set,
                               .n_set = 1,
                               .device = "cpu",
                               .seconds = whole,
                               .devices = devices,
                               .n_devices = 2 };
    struct plan_list l;
    struct err e = { 0 };

    CHECK_EQ(plan_make(&rq, &l, &e), 0);
    CHECK(l.n == 2 && l.rounds == PLAN_RUNS && l.cases[1].runs == PLAN_RUNS);
    CHECK_NEAR(l.cases[1].seconds, whole / PLAN_RUNS, 1e-12);
    plan_release(&l);
    rq.repeat = 1;
    CHECK_EQ(plan_make(&rq, &l, &e), 0);
    CHECK(l.rounds == 1 && l.cases[0].runs == 1 && l.cases[0].seconds == whole);
    plan_release(&l);
}

int main(void)
{
    runs();
    cards();
    axes_of_a_device();
    good_words();
    bad_words();
    numbers();
    TEST_DONE();
}
