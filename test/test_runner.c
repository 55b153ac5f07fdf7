/* A whole run over worker processes: crashes, hangs, repeats, signals.
 *
 * The test is its own worker: started as "test_runner worker ..." it measures. */
#include "core/runner.h"

#include <sys/wait.h>

#include "core/device.h"
#include "fake_benches.h"
#include "store/store_codec.h"
#include "test.h"

static bool is_worker;

/* A device that no worker sees: lost since the run was planned. */
static int list_lost(struct device *out, int cap, char *why, size_t why_cap)
{
    if (is_worker || cap < 1) {
        snprintf(why, why_cap, "the bus is empty");
        return 0;
    }
    out[0] = device_cpu;
    snprintf(out[0].name, sizeof(out[0].name), "lost:0");
    return 1;
}

static const struct device_ops lost_ops = { .timing_mode = "none", .list = list_lost };
static const struct device_ops *const kinds[] = { &device_cpu_ops, &lost_ops, NULL };
static struct device devices[DEVICES_MAX];
static volatile sig_atomic_t stop;

struct seen {
    int starts, dones, progress, stop_after_dones;
    bool stop_in_warm_up, stop_in_sampling;
};

static int on_event(void *self, const struct runner_event *ev, struct err *e)
{
    struct seen *s = self;

    (void)e;
    s->starts += ev->kind == RUNNER_CASE_START;
    s->dones += ev->kind == RUNNER_CASE_DONE;
    s->progress += ev->kind == RUNNER_CASE_PROGRESS;
    if (s->stop_after_dones && s->dones == s->stop_after_dones)
        stop = SIGINT;
    if (s->stop_in_warm_up && ev->progress && ev->progress->warming_up)
        stop = SIGINT;
    if (s->stop_in_sampling && ev->progress && ev->progress->n > 20)
        stop = SIGINT;
    return 0;
}

enum { ROWS_MAX = 16 };

struct run {
    struct plan_list plan;
    struct result results[ROWS_MAX];
    struct ceilings ceilings;
    struct seen seen;
    int rc;
    struct err e;
};

static void start(struct run *r, const char *const *names, int n_names, const char *const *set,
                  int n_set, struct runner_config c)
{
    struct plan_request rq = { .names = names,
                               .n_names = n_names,
                               .set = set,
                               .n_set = n_set,
                               .devices = devices,
                               .n_devices = 1,
                               .repeat = c.repeats,
                               .seconds = r->seen.stop_in_sampling ? 5 : 0 };

    stop = 0;
    CHECK_EQ(plan_make(&rq, &r->plan, &r->e), 0);
    BUG_ON(r->plan.n > ROWS_MAX);
    c.plan = &r->plan;
    if (c.repeats == 0)
        c.repeats = r->plan.rounds;
    c.codec = &store_codec;
    c.ceilings = &r->ceilings;
    c.seed = 1;
    c.target = 0.005;
    c.dir = ".";
    c.stop = &stop;
    c.on_event = on_event;
    c.self = &r->seen;
    r->rc = runner_run(&c, r->results, &r->e);
}

static void finish(struct run *r)
{
    for (int i = 0; i < r->plan.n; i++)
        result_release(&r->results[i]);
    plan_release(&r->plan);
    ceilings_release(&r->ceilings);
    *r = (struct run){ 0 };
    while (waitpid(-1, NULL, WNOHANG) > 0)
        CHECK(!"a worker was left behind");
}

static struct run r; /* results are large */

static void crash_and_hang_are_rows(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const set[] = { "mode=good,crash,hang,absent,device,wrong" };

    start(&r, names, 1, set, 1, (struct runner_config){ .repeats = 1, .hang_seconds = 0.7 });
    CHECK_EQ(r.rc, 0);
    CHECK_EQ(r.plan.n, 6);
    CHECK_EQ(r.results[0].status, RESULT_OK);
    CHECK_EQ(r.results[1].status, RESULT_FAILED);
    CHECK(strstr(r.results[1].reason, "crashed: signal 11") != NULL);
    CHECK_EQ(r.results[2].status, RESULT_FAILED);
    CHECK(strstr(r.results[2].reason, "hung: no sign of life") != NULL);
    CHECK_EQ(r.results[3].status, RESULT_SKIPPED);
    CHECK_EQ(r.results[4].status, RESULT_FAILED);
    CHECK(strstr(r.results[4].reason, "fell off the bus") != NULL);
    CHECK_EQ(r.results[5].status, RESULT_FAILED);
    CHECK(strstr(r.results[5].reason, "wrong output") != NULL);
    CHECK_EQ(r.seen.starts, 6);
    CHECK_EQ(r.seen.dones, 6);
    CHECK(r.seen.progress > 6);
    CHECK(ceilings_get(&r.ceilings, "fake.work mode=good us=20 size=4KiB @cpu") != NULL);
    finish(&r);
}

static void repeats_are_processes(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const set[] = { "us=10,20" };

    start(&r, names, 1, set, 1, (struct runner_config){ .repeats = 3 });
    CHECK_EQ(r.rc, 0);
    CHECK_EQ(r.plan.n, 2);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(r.results[i].status, RESULT_OK);
        CHECK_EQ(r.results[i].n_runs, 3);
        CHECK(r.results[i].value_lo <= r.results[i].value);
        CHECK(r.results[i].value <= r.results[i].value_hi);
    }
    CHECK_EQ(r.seen.dones, 6);
    finish(&r);
}

/* Where nobody says how many: three, which share the row's time and go round by round. */
static void rounds_share_the_time(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const set[] = { "us=10,20" };
    double planned;

    start(&r, names, 1, set, 1, (struct runner_config){ .repeats = 1 });
    planned = r.plan.cases[0].seconds;
    finish(&r);
    start(&r, names, 1, set, 1, (struct runner_config){ 0 });
    CHECK_EQ(r.rc, 0);
    CHECK_EQ(r.plan.rounds, PLAN_RUNS);
    CHECK_NEAR(r.plan.cases[0].seconds, planned / PLAN_RUNS, 1e-12);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(r.results[i].n_runs, PLAN_RUNS);
    CHECK(r.results[0].runs[1].start_unix_s >= r.results[1].runs[0].start_unix_s);
    finish(&r);

    /* The suite's time is over in the first round: what there is stands, and says so. */
    start(&r, names, 1, set, 1, (struct runner_config){ .run_seconds_max = 0.001 });
    CHECK_EQ(r.rc, 0);
    CHECK_EQ(r.results[0].status, RESULT_OK);
    CHECK_EQ(r.results[0].n_runs, 1);
    CHECK(strstr(r.results[0].notes[0], "1 of 3 runs: the suite's time of 0 s was over") ||
          strstr(r.results[0].notes[1], "1 of 3 runs: the suite's time of 0 s was over"));
    CHECK_EQ(r.results[1].status, RESULT_SKIPPED);
    finish(&r);
}

static void signals_keep_what_was_measured(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const set[] = { "us=10,20,30,40" };

    r.seen.stop_after_dones = 2;
    start(&r, names, 1, set, 1, (struct runner_config){ .repeats = 1 });
    CHECK_EQ(r.rc, ERR_INTERRUPT);
    CHECK_EQ(r.results[0].status, RESULT_OK);
    CHECK_EQ(r.results[1].status, RESULT_OK);
    CHECK_EQ(r.results[3].status, RESULT_SKIPPED);
    CHECK(r.results[3].reason[0] != '\0');
    finish(&r);
}

/* What was only warmed up has no value, and so is not ok. */
static void signal_before_the_first_sample(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const set[] = { "us=50000" };

    r.seen.stop_in_warm_up = true;
    start(&r, names, 1, set, 1, (struct runner_config){ .repeats = 1 });
    CHECK_EQ(r.rc, ERR_INTERRUPT);
    CHECK_EQ(r.results[0].status, RESULT_SKIPPED);
    CHECK_STR(r.results[0].reason, "interrupted before it was measured");
    CHECK_EQ(r.results[0].n_runs, 0);
    finish(&r);
}

static void signal_while_sampling(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const set[] = { "us=1000" };

    r.seen.stop_in_sampling = true; /* of a row of five seconds */
    start(&r, names, 1, set, 1, (struct runner_config){ .repeats = 1 });
    CHECK_EQ(r.rc, ERR_INTERRUPT);
    CHECK_EQ(r.results[0].status, RESULT_OK);
    CHECK(r.results[0].value > 100 && r.results[0].value < 1001);
    CHECK(r.results[0].check.passed_after);
    CHECK(r.results[0].n_runs == 1 && r.results[0].runs[0].sampling.n > 20);
    CHECK(strstr(r.results[0].notes[0], "interrupted while sampling") ||
          strstr(r.results[0].notes[1], "interrupted while sampling"));
    finish(&r);
}

/* A row that fails in a later repeat keeps its first run, but has no value. */
static void failure_in_a_later_repeat(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const launcher[] = { "/bin/sh", "-c",
                                            "test -e once && exit 3; touch once; exec \"$@\"", "sh",
                                            NULL };
    char dir[] = "/tmp/headroom-test-XXXXXX", was[4096];

    CHECK(getcwd(was, sizeof(was)) && mkdtemp(dir) && chdir(dir) == 0);
    start(&r, names, 1, NULL, 0, (struct runner_config){ .repeats = 2, .launcher = launcher });
    CHECK_EQ(r.rc, 0);
    CHECK_EQ(r.results[0].status, RESULT_FAILED);
    CHECK(strstr(r.results[0].reason, "in a later run: ") != NULL);
    CHECK(strstr(r.results[0].reason, "exit code 3") != NULL);
    CHECK_EQ(r.results[0].n_runs, 1);
    CHECK(isnan(r.results[0].value) && isnan(r.results[0].value_lo));
    finish(&r);
    CHECK(unlink("once") == 0 && chdir(was) == 0 && rmdir(dir) == 0);
}

/* Started as a launcher: a worker that talks nonsense and then lives on. */
static int babble(const char *fd_text, const char *text)
{
    if (write((int)strtol(fd_text, NULL, 10), text, strlen(text)) < 0)
        return 1;
    for (;;)
        pause();
}

static void nonsense_is_a_row(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const said[] = { "result\n{\"name\": 1}\n", "the moon is a cheese\n" };
    char self[4096] = "";

    CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    for (int i = 0; i < 2; i++) {
        const char *const launcher[] = { self, "babble", said[i], NULL };

        start(&r, names, 1, NULL, 0, (struct runner_config){ .repeats = 1, .launcher = launcher });
        CHECK_EQ(r.rc, 0);
        CHECK_EQ(r.results[0].status, RESULT_FAILED);
        CHECK(strstr(r.results[0].reason, "the worker's answer makes no sense: ") != NULL);
        CHECK(i == 0 || strstr(r.results[0].reason, "the moon is a cheese") != NULL);
        CHECK_EQ(r.results[0].n_runs, 0);
        finish(&r);
    }
}

/* A launcher that closes its side and stays is no reason to wait for ever. */
static void launcher_that_stays(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const launcher[] = {
        "/bin/sh", "-c", "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec sleep 1000", "sh", NULL
    };

    start(&r, names, 1, NULL, 0, (struct runner_config){ .repeats = 1, .launcher = launcher });
    CHECK_EQ(r.rc, 0);
    CHECK_EQ(r.results[0].status, RESULT_FAILED);
    CHECK(strstr(r.results[0].reason, "crashed: signal 9") != NULL);
    finish(&r);
}

static void bounded_run(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const set[] = { "us=10,20,30,40" };

    start(&r, names, 1, set, 1, (struct runner_config){ .repeats = 1, .run_seconds_max = 0.05 });
    CHECK_EQ(r.rc, 0);
    CHECK_EQ(r.results[0].status, RESULT_OK);
    CHECK_EQ(r.results[3].status, RESULT_SKIPPED);
    CHECK(strstr(r.results[3].reason, "time of 0 s was over") != NULL);
    finish(&r);
}

static void launcher_that_is_not_there(void)
{
    static const char *const names[] = { "fake.work" };
    static const char *const launcher[] = { "/nonexistent/launcher", NULL };

    start(&r, names, 1, NULL, 0, (struct runner_config){ .repeats = 1, .launcher = launcher });
    CHECK_EQ(r.results[0].status, RESULT_FAILED);
    CHECK(strstr(r.results[0].reason, "could not be started") != NULL);
    finish(&r);
}

static void device_lost(void)
{
    static const char *const names[] = { "fake.work" };

    devices[0] = devices[1];
    start(&r, names, 1, NULL, 0, (struct runner_config){ .repeats = 1 });
    CHECK_EQ(r.rc, 0);
    CHECK_EQ(r.plan.n, 1);
    CHECK_EQ(r.results[0].status, RESULT_FAILED);
    CHECK_STR(r.results[0].reason, "lost:0 is not there any more: the bus is empty");
    CHECK_STR(r.results[0].device, "lost:0");
    CHECK_STR(r.results[0].timing_mode, "");
    CHECK(isnan(r.results[0].value));
    finish(&r);
}

int main(int argc, char **argv)
{
    char why[64];

    is_worker = argc > 1 && strcmp(argv[1], "worker") == 0;
    if (is_worker)
        return runner_worker_main(argc - 1, argv + 1, NULL, &store_codec, kinds, NULL) < 0;
    if (HEADROOM_EMULATED)
        TEST_SKIP("an emulator cannot start the worker");
    if (argc > 5 && strcmp(argv[1], "babble") == 0)
        return babble(argv[5], argv[2]);
    CHECK_EQ(device_list(kinds, devices, why, sizeof(why)), 2);
    crash_and_hang_are_rows();
    repeats_are_processes();
    rounds_share_the_time();
    signals_keep_what_was_measured();
    signal_before_the_first_sample();
    signal_while_sampling();
    failure_in_a_later_repeat();
    nonsense_is_a_row();
    bounded_run();
    launcher_that_is_not_there();
    launcher_that_stays();
    device_lost();
    TEST_DONE();
}
