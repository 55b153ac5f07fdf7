/* test_progress.c - the status line and the plain lines of a run, under a clock of its own. */
#include "test.h"

#include "core/mem.h"
#include "report/progress.h"
#include "report/textline.h"

enum { ROWS = 4 };
static const uint64_t SECOND = 1000000000;

static const struct axis axes[] = { { .name = "op" }, { .name = "depth" } };
static const struct bench bench = { .name = "silicon.storage" };
static const struct device cpu = { .kind = DEVICE_CPU, .name = "cpu" };
static const struct device gpu = { .kind = DEVICE_GPU, .name = "gpu:0" };
static struct plan_case cases[ROWS];
static const struct plan_list plan = { .cases = cases, .n = ROWS };

static char *text;
static size_t text_n, seen;
static int width = 80;

static int columns(void *self)
{
    (void)self;
    return width;
}

static void plan_rows(void)
{
    for (int i = 0; i < ROWS; i++) {
        cases[i] =
            (struct plan_case){ .bench = &bench, .device = i == 3 ? &gpu : &cpu, .seconds = 2 };
        cases[i].params.n = 2;
        cases[i].params.p[0].axis = &axes[0];
        cases[i].params.p[1].axis = &axes[1];
        snprintf(cases[i].params.p[0].text, AXIS_TEXT, "read");
        snprintf(cases[i].params.p[1].text, AXIS_TEXT, "%d", 1 << i);
    }
}

static struct progress begin(bool live, bool utf8)
{
    struct progress p;
    const struct progress_config c = { .f = open_memstream(&text, &text_n),
                                       .live = live,
                                       .utf8 = utf8,
                                       .plan = &plan,
                                       .columns = columns };

    progress_begin(&p, &c, 0);
    return p;
}

/* What was written since the last call. */
static const char *written(struct progress *p)
{
    const char *new;

    fflush(p->c.f);
    new = text + seen;
    seen = text_n;
    return new;
}

static void end(struct progress *p)
{
    fclose(p->c.f);
    free(text);
    text = NULL;
    seen = 0;
}

static void send(struct progress *p, enum runner_event_kind kind, int index, double seconds)
{
    const struct sampling_progress s = { .n = 212, .median_ns = 5012345, .half_width = 0.0031 };
    const struct runner_event ev = { .kind = kind,
                                     .index = index,
                                     .total = ROWS,
                                     .repeats = 1,
                                     .phase = kind == RUNNER_CASE_PROGRESS ? "sampling" : NULL,
                                     .progress = kind == RUNNER_CASE_PROGRESS ? &s : NULL };

    progress_event(p, &ev, (uint64_t)(seconds * (double)SECOND));
}

static void done(struct progress *p, int index, enum result_status status, double seconds)
{
    struct result r = { .status = status,
                        .value = 3.21,
                        .value_lo = 3.2,
                        .value_hi = 3.22,
                        .percent = 64.25,
                        .unit = "GB/s",
                        .reason = "no\x1b[2J space" };
    const struct runner_event ev = {
        .kind = RUNNER_CASE_DONE, .index = index, .total = ROWS, .repeats = 1, .result = &r
    };

    progress_event(p, &ev, (uint64_t)(seconds * (double)SECOND));
}

static void test_live(void)
{
    struct progress p = begin(true, true);

    send(&p, RUNNER_CASE_START, 0, 0);
    CHECK_STR(written(&p), "\r1/4 silicon.storage read depth=1  starting  "
                           "\xE2\x96\x91\xE2\x96\x91\xE2\x96\x91\xE2\x96\x91\xE2\x96\x91\xE2\x96"
                           "\x91\xE2\x96\x91\xE2\x96\x91\xE2\x96\x91\xE2\x96\x91\xE2\x96\x91\xE2"
                           "\x96\x91 8.0 s left\x1b[K");
    /* Within 100 ms nothing is drawn again. */
    send(&p, RUNNER_CASE_PROGRESS, 0, 0.05);
    CHECK_STR(written(&p), "");
    send(&p, RUNNER_CASE_PROGRESS, 0, 0.5);
    CHECK(strstr(written(&p), "sampling 5.012 ms \xC2\xB1 0.3 %") != NULL);
    done(&p, 0, RESULT_OK, 2);
    CHECK_STR(written(&p), "");
    send(&p, RUNNER_CASE_START, 3, 2);
    CHECK(strstr(written(&p), "4/4 silicon.storage read depth=8 gpu:0") != NULL);
    /* A failure stays on the screen. */
    done(&p, 3, RESULT_FAILED, 3);
    CHECK_STR(written(&p),
              "\r\x1b[K4/4 silicon.storage read depth=8 gpu:0: FAILED: no [2J space\n");
    send(&p, RUNNER_CASE_START, 1, 3);
    written(&p);
    progress_clear(&p);
    CHECK_STR(written(&p), "\r\x1b[K");
    progress_clear(&p);
    CHECK_STR(written(&p), "");
    end(&p);
}

/* Never as wide as the terminal, however narrow, and asked anew each time. */
static void test_width(void)
{
    for (width = 0; width < 130; width++) {
        struct progress p = begin(true, width % 2);
        const char *line;
        char visible[4096];

        send(&p, RUNNER_CASE_PROGRESS, 2, 0.5);
        line = written(&p);
        snprintf(visible, sizeof(visible), "%.*s", (int)(strlen(line) - 4), line + 1);
        CHECK(textline_width(visible) < (size_t)(width > 2 ? width : 2));
        CHECK(line[0] == '\r' && strcmp(line + strlen(line) - 3, "\x1b[K") == 0);
        end(&p);
    }
    width = 80;
}

static void test_plain(void)
{
    struct progress p = begin(false, false);

    send(&p, RUNNER_CASE_START, 0, 0);
    send(&p, RUNNER_CASE_PROGRESS, 0, 1);
    CHECK_STR(written(&p), "");
    done(&p, 0, RESULT_OK, 2);
    CHECK_STR(written(&p), "1/4 silicon.storage read depth=1: 3.210 +- 0.010 GB/s, 64.2 % of the "
                           "limit\n");
    done(&p, 1, RESULT_SKIPPED, 2);
    CHECK_STR(written(&p), "2/4 silicon.storage read depth=2: skipped: no [2J space\n");
    done(&p, 2, RESULT_INVALID, 4);
    CHECK_STR(written(&p), "3/4 silicon.storage read depth=4: INVALID: no [2J space\n");
    progress_clear(&p);
    CHECK_STR(written(&p), "");
    end(&p);
}

static double left(const struct progress *p, int index, int repeat, int repeats, double seconds)
{
    const struct runner_event ev = { .kind = RUNNER_CASE_PROGRESS,
                                     .index = index,
                                     .total = ROWS,
                                     .repeat = repeat,
                                     .repeats = repeats };

    return progress_left_s(p, &ev, (uint64_t)(seconds * (double)SECOND));
}

/* Four rows of 2 s each. */
static void test_time_left(void)
{
    struct progress p = begin(false, false);

    CHECK_NEAR(left(&p, 0, 0, 1, 0), 8, 1e-9);
    CHECK_NEAR(left(&p, 0, 0, 1, 0.5), 7.5, 1e-9);
    CHECK_NEAR(left(&p, 0, 0, 1, 50), 6, 1e-9); /* a late row is about to end */
    CHECK_NEAR(left(&p, 0, 0, 3, 0), 24, 1e-9);
    CHECK_NEAR(left(&p, 3, 2, 3, 0), 2, 1e-9);
    cases[1].runs = 1; /* in the first round only */
    CHECK_NEAR(left(&p, 0, 0, 3, 0), 20, 1e-9);
    CHECK_NEAR(left(&p, 0, 1, 3, 0), 12, 1e-9);
    cases[1].runs = 0;
    done(&p, 0, RESULT_OK, 1); /* twice as fast as planned */
    CHECK_NEAR(left(&p, 1, 0, 1, 1), 3, 1e-9);
    done(&p, 1, RESULT_SKIPPED, 1.01); /* which a skipped row does not change */
    CHECK_NEAR(left(&p, 2, 0, 1, 1.01), 2, 1e-9);
    done(&p, 2, RESULT_OK, 1000); /* held at five times the plan */
    CHECK_NEAR(left(&p, 3, 0, 1, 1000), 10, 1e-9);
    end(&p);
}

int main(void)
{
    plan_rows();
    test_live();
    test_width();
    test_plain();
    test_time_left();
    TEST_DONE();
}
