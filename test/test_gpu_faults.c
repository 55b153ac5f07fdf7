/* A GPU that fails in every way we can plant, under a whole run: the row says so, the next one is
 * measured in a fresh process.  And the ways to take a GPU's time, on kernels of known length.
 *
 * The test is its own worker: started as "test_gpu_faults worker ..." it measures. */
#include "core/device.h"
#include "core/runner.h"
#include "gpu/gpu.h"
#include "store/store_codec.h"
#include "test.h"

#if HAVE_CUDA
#include "core/registry.h"
#include "gpu/gpu_graph.h"
#include "gpu/gpu_timing.h"
#include "gpu/gpu_try.h"
#include "gpu/gpu_wait.h"
#include "test_gpu_faults.h"

enum { SPIN_NS = 30000, READ_BYTES = 16 << 20 };

enum mode { GOOD, READS, WILD, WILD_VERIFY, ENDLESS, ENDLESS_VERIFY, TOO_LARGE, NO_ROOM, WAITS };
static const char *const modes[] = { "good",        "reads",   "wild",
                                     "wild_verify", "endless", "endless_verify",
                                     "too_large",   "no_room", "waits",
                                     NULL };
static const char *const timings[] = { "batched", "graph", "isolated-hot", "isolated-cold", NULL };
static const struct axis axes[] = {
    { .name = "mode", .help = "?", .kind = AXIS_ENUM, .names = modes, .normal = "good" },
    { .name = "timing", .help = "?", .kind = AXIS_ENUM, .names = timings, .normal = "batched" },
};

struct state {
    struct gpu *gpu;
    enum mode mode;
    void *count, *data, *large; /* device */
};

static const char *timing_of(const struct params *p, const struct device *d)
{
    (void)d;
    return params_text(p, "timing");
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = 0;

    s->gpu = c->device_handle;
    s->mode = (enum mode)params_get(c->params, "mode");
    TRY(gpu_enter(s->gpu, e));
    if (s->mode == NO_ROOM)
        TRY(gpu_memory_need((size_t)1 << 50, "a matrix", e));
    if (s->mode == TOO_LARGE)
        TRY(gpu_alloc(&s->large, (size_t)1 << 50, e));
    TRY(gpu_alloc(&s->count, sizeof(unsigned), e));
    TRY(gpu_alloc(&s->data, READ_BYTES, e));
    TRY(gpu_fill(s->count, 0, sizeof(unsigned), gpu_stream_of(s->gpu), e));
    TRY(gpu_fill(s->data, 0, READ_BYTES, gpu_stream_of(s->gpu), e));
    TRY(gpu_sync(gpu_stream_of(s->gpu), e));
out:
    return rc;
}

static int launch(struct state *s, enum mode mode)
{
    gpu_stream stream = gpu_stream_of(s->gpu);

    switch (mode) {
    case WILD:
    case WILD_VERIFY: return faults_wild(stream);
    case ENDLESS:
    case ENDLESS_VERIFY: return faults_endless(s->count, stream);
    case READS: return faults_read(s->data, READ_BYTES, s->count, stream);
    case GOOD:
    case TOO_LARGE:
    case NO_ROOM:
    case WAITS: break;
    }
    return faults_spin(s->count, SPIN_NS, stream);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    enum mode mode = s->mode == WILD_VERIFY || s->mode == ENDLESS_VERIFY ? GOOD : s->mode;
    int code = launch(s, mode);

    (void)c;
    if (code != 0)
        return ERR(e, ERR_CUDA, "launch: %d", code);
    return s->mode == WAITS ? gpu_sync(gpu_stream_of(s->gpu), e) : 0;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    unsigned before = 0, after = 0;
    gpu_stream stream = gpu_stream_of(s->gpu);
    int rc = 0;

    TRY(gpu_to_host(&before, s->count, sizeof(before), stream, e));
    launch(s, s->mode == WILD_VERIFY || s->mode == ENDLESS_VERIFY ? s->mode : GOOD);
    TRY(gpu_to_host(&after, s->count, sizeof(after), stream, e));
    c->check.error = (double)after - (double)before - 1;
    if (c->check.error != 0)
        rc = ERR(e, ERR_MISMATCH, "counted %u, then %u", before, after);
out:
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    (void)c;
    (void)state;
    w->items = 1;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    gpu_free(s->count);
    gpu_free(s->data);
    gpu_free(s->large);
}

static const struct bench bench_fault = {
    .name = "fault",
    .question = "?",
    .devices = DEVICE_GPU,
    .metric = { .name = "time",
                .unit = "us",
                .basis = METRIC_TIME_PER_ITEM,
                .scale = 1e6,
                .direction = LOWER_IS_BETTER },
    .axes = axes,
    .n_axes = 2,
    .state_size = sizeof(struct state),
    .timing_of = timing_of,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .teardown = teardown,
};
const struct bench *const bench_table[] = { &bench_fault, NULL };

static const struct device_ops *const kinds[] = { &gpu_device_ops, NULL };
static struct device devices[DEVICES_MAX];

/* Rows of these settings, one after the other in one run. */
enum { ROWS_MAX = 16 };
static struct result results[ROWS_MAX];

static int run_rows(const char *set_mode, const char *set_timing)
{
    const char *const names[] = { "fault" }, *const set[] = { set_mode, set_timing };
    struct plan_request rq = { .names = names,
                               .n_names = 1,
                               .set = set,
                               .n_set = 2,
                               .devices = devices,
                               .n_devices = 1,
                               .seconds = 0.2 };
    volatile sig_atomic_t stop = 0;
    struct ceilings ceilings = { 0 };
    struct plan_list plan = { 0 };
    struct runner_config c = { .plan = &plan,
                               .repeats = 1,
                               .seed = 1,
                               .dir = ".",
                               .target = 0.005,
                               .codec = &store_codec,
                               .ceilings = &ceilings,
                               .stop = &stop };
    struct err e = { 0 };
    int n;

    CHECK_EQ(plan_make(&rq, &plan, &e), 0);
    BUG_ON(plan.n > ROWS_MAX);
    CHECK_EQ(runner_run(&c, results, &e), 0);
    n = plan.n;
    for (int i = 0; i < n; i++)
        printf("  %-40.40s %-8s %10.3f us  floor %6.0f ns  %s %s\n",
               results[i].params.n ? results[i].timing_mode : "",
               result_status_name(results[i].status), results[i].value, results[i].floor_ns,
               results[i].reason, results[i].notes[0]);
    plan_release(&plan);
    ceilings_release(&ceilings);
    return n;
}

static void release_rows(int n)
{
    for (int i = 0; i < n; i++)
        result_release(&results[i]);
    memset(results, 0, sizeof(results));
}

/* Good rows between the faults prove that each fault took its process along and no more. */
static void faults(void)
{
    static const struct {
        const char *settings;
        enum result_status status;
        const char *reason;
    } cases[] = {
        { "mode=wild", RESULT_FAILED, "cudaErrorIllegalAddress" },
        { "mode=wild_verify", RESULT_FAILED, "cudaErrorIllegalAddress" },
        { "mode=endless", RESULT_FAILED, "the GPU hangs: what it was given is not done after 1" },
        { "mode=endless_verify", RESULT_FAILED, "the GPU hangs" },
        { "mode=too_large", RESULT_FAILED, "MiB are missing" },
        { "mode=no_room", RESULT_SKIPPED, "a matrix needs 1073741824.0 MiB of GPU memory" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char set[64];
        int n;

        snprintf(set, sizeof(set), "%s,good", cases[i].settings);
        n = run_rows(set, "timing=batched");
        CHECK_EQ(n, 2);
        CHECK_EQ(results[0].status, cases[i].status);
        CHECK(strstr(results[0].reason, cases[i].reason) != NULL);
        CHECK(isnan(results[0].value));
        CHECK_EQ(results[1].status, RESULT_OK);
        release_rows(n);
    }
}

static void ways_to_take_time(void)
{
    int n = run_rows("mode=good", "timing=batched,graph,isolated-hot,isolated-cold");
    double hot, cold;

    CHECK_EQ(n, 4);
    for (int i = 0; i < n; i++) {
        CHECK_EQ(results[i].status, RESULT_OK);
        CHECK_STR(results[i].timing_mode, timings[i]);
        CHECK(results[i].value > 0.99e-3 * SPIN_NS && results[i].value < 1.4e-3 * SPIN_NS);
        CHECK(results[i].floor_ns > 0 && results[i].floor_ns < 2e4);
    }
    CHECK(strstr(results[3].notes[0], "the L2 is flushed") != NULL);
    release_rows(n);

    n = run_rows("mode=reads", "timing=batched,isolated-hot,isolated-cold");
    hot = results[1].value;
    cold = results[2].value;
    CHECK(cold > 1.05 * hot);
    release_rows(n);

    /* A repetition that waits for the device would wait for the gate: refused, and what is in
     * batches goes on. */
    n = run_rows("mode=waits", "timing=isolated-hot,graph,batched");
    CHECK_EQ(results[0].status, RESULT_FAILED);
    CHECK_EQ(results[1].status, RESULT_FAILED);
    CHECK_EQ(results[2].status, RESULT_OK);
    release_rows(n);
}

/* A graph runs what was recorded, as often as it is launched; the stream is free afterwards. */
static void graphs(struct gpu *g)
{
    gpu_stream s = gpu_stream_of(g);
    struct err e = { 0 };
    gpu_graph graph = NULL;
    void *count = NULL;
    unsigned n = 0;

    CHECK_EQ(gpu_alloc(&count, sizeof(n), &e), 0);
    CHECK_EQ(gpu_fill(count, 0, sizeof(n), s, &e), 0);
    CHECK_EQ(gpu_graph_begin(s, &e), 0);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(faults_spin(count, 100, s), 0);
    CHECK_EQ(gpu_graph_end(s, &graph, &e), 0);
    CHECK_EQ(gpu_to_host(&n, count, sizeof(n), s, &e), 0);
    CHECK_EQ(n, 0);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(gpu_graph_launch(graph, s, &e), 0);
    CHECK_EQ(gpu_to_host(&n, count, sizeof(n), s, &e), 0);
    CHECK_EQ(n, 50);
    gpu_graph_free(graph);

    CHECK_EQ(gpu_graph_begin(s, &e), 0);
    CHECK(gpu_sync(s, &e) < 0); /* waiting is refused while recording, and spoils it */
    CHECK(gpu_graph_end(s, &graph, NULL) < 0);
    CHECK(graph == NULL);
    e = (struct err){ 0 };
    CHECK_EQ(gpu_sync(s, &e), 0);
    gpu_free(count);
}

/* The probe must see a flush that was left out. */
static void flush_is_seen(struct gpu *g)
{
    struct gpu_timing_proof with, without;
    struct err e = { 0 };
    char note[200] = "";

    CHECK_EQ(gpu_timings[2]->ready(g, note, sizeof(note), &e), 0);
    if (e.code) {
        fprintf(stderr, "%s\n", e.msg);
        return;
    }
    CHECK_EQ(gpu_timing_probe(g, false, &without, &e), 0);
    CHECK_EQ(gpu_timing_probe(g, true, &with, &e), 0);
    printf(
        "  without a flush %.1f %% of the lines are slower (median %.0f after %.0f cycles), with "
        "it %.1f %% (%.0f)\n",
        100 * without.slower_share, without.cold_cycles, without.hot_cycles,
        100 * with.slower_share, with.cold_cycles);
    CHECK(without.slower_share < 0.5);
    CHECK(with.slower_share >= 0.95);
}

int main(int argc, char **argv)
{
    bool is_worker = argc > 1 && strcmp(argv[1], "worker") == 0;
    struct err e = { 0 };
    void *handle = NULL;
    char why[200] = "";

    if (is_worker) {
        gpu_wait_set_seconds(1.5);
        return runner_worker_main(argc - 1, argv + 1, NULL, &store_codec, kinds, NULL) < 0;
    }
    CHECK_EQ(gpu_refused(3, &e), ERR_NOTSUP); /* cudaComputeModeExclusiveProcess */
    CHECK(strstr(e.msg, "another process holds this GPU") != NULL);
    if (device_list(kinds, devices, why, sizeof(why)) == 0)
        TEST_SKIP("%s", why);
    e = (struct err){ 0 };
    CHECK_EQ(gpu_device_ops.open(&devices[0], &handle, &e), 0);
    graphs(handle);
    flush_is_seen(handle);
    gpu_device_ops.close(handle);
    if (argc > 1 && strcmp(argv[1], "checks") == 0) /* what a sanitizer can look at */
        TEST_DONE();
    ways_to_take_time();
    faults();
    TEST_DONE();
}

#else
int main(void)
{
    char why[200] = "";

    CHECK_EQ(gpu_count(why, sizeof(why)), 0);
    TEST_SKIP("%s", why);
}
#endif
