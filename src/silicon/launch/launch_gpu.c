/* launch_gpu.c - silicon.launch's hooks on a GPU. */
#include "silicon/launch/launch_gpu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gpu/gpu_graph.h"
#include "gpu/gpu_try.h"
#include "gpu/gpu_wait.h"

enum {
    CHECK_LAUNCHES = 200, /* kernels whose count is checked */
    CHECK_ROUNDS = 64,    /* barriers in which a block is held up */
    TICK_READINGS = 128   /* of the events, to see their step */
};

static bool is_barrier(enum launch_what what)
{
    return what == LAUNCH_ATOMIC || what == LAUNCH_COOPERATIVE || what == LAUNCH_CLUSTERS;
}

static bool needs_sm90(enum launch_what what)
{
    return what == LAUNCH_CLUSTERS || what == LAUNCH_AFTER || what == LAUNCH_EARLY;
}

static enum launch_barrier barrier_of(enum launch_what what)
{
    if (what == LAUNCH_CLUSTERS)
        return LAUNCH_BARRIER_CLUSTER;
    return what == LAUNCH_COOPERATIVE ? LAUNCH_BARRIER_COOPERATIVE : LAUNCH_BARRIER_ATOMIC;
}

static int launch_barrier(struct launch_gpu *s, enum launch_barrier kind, int rounds, bool check,
                          struct err *e)
{
    gpu_stream stream = gpu_stream_of(s->gpu);

    s->barrier.rounds = rounds;
#if HAVE_SM90
    if (kind == LAUNCH_BARRIER_CLUSTER)
        return launch_barrier_cluster(&s->barrier, s->blocks, check, stream, e);
#endif
    return launch_barrier_grid(kind, &s->barrier, s->blocks, check, stream, e);
}

static int launch_next(struct launch_gpu *s, enum launch_dependent how, bool hold, struct err *e)
{
#if HAVE_SM90
    return launch_dependent(how, s->d_count, s->blocks, hold, gpu_stream_of(s->gpu), e);
#else
    (void)s;
    (void)how;
    (void)hold;
    return ERR(e, ERR_NOTSUP, "built without code for compute capability 9.0");
#endif
}

int launch_gpu_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct launch_gpu *s = state;
    gpu_stream stream = gpu_stream_of(s->gpu);
    int rc = 0;

    (void)c;
    switch (s->what) {
    case LAUNCH_KERNEL:
    case LAUNCH_GRAPH_NODE: return launch_kernel_count(s->d_count, stream, e);
    case LAUNCH_ROUND_TRIP:
        TRY(launch_kernel_count(s->d_count, stream, e));
        CUDA_TRY(cudaStreamSynchronize(stream)); /* the runtime's own way to wait is the subject */
        break;
    case LAUNCH_EVENT: CUDA_TRY(cudaEventRecord(s->event, stream)); break;
    case LAUNCH_ATOMIC:
    case LAUNCH_COOPERATIVE:
    case LAUNCH_CLUSTERS: return launch_barrier(s, barrier_of(s->what), LAUNCH_ROUNDS, false, e);
    case LAUNCH_AFTER: return launch_next(s, LAUNCH_DEPENDENT_AFTER, false, e);
    case LAUNCH_EARLY: return launch_next(s, LAUNCH_DEPENDENT_EARLY, false, e);
    }
out:
    return rc;
}

static int alloc_zero(struct launch_gpu *s, unsigned **out, size_t n, struct err *e)
{
    void *d = NULL;
    int rc = 0;

    TRY(gpu_alloc(&d, n * sizeof(**out), e));
    *out = d;
    TRY(gpu_fill(d, 0, n * sizeof(**out), gpu_stream_of(s->gpu), e));
out:
    return rc;
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The smallest step between two different readings of the events, over 1, 2, ... kernels. */
static int note_tick(struct bench_ctx *c, struct launch_gpu *s, struct err *e)
{
    double ns[TICK_READINGS], tick = (double)INFINITY;
    int rc = 0;

    for (int i = 0; i < TICK_READINGS; i++) {
        TRY(c->device->ops->begin(c->device_handle, e));
        for (int k = 0; k <= i % 8; k++)
            TRY(launch_kernel_count(s->d_count, gpu_stream_of(s->gpu), e));
        TRY(c->device->ops->end(c->device_handle, &ns[i], e));
    }
    qsort(ns, TICK_READINGS, sizeof(ns[0]), compare_doubles);
    for (int i = 1; i < TICK_READINGS; i++)
        if (ns[i] - ns[i - 1] > 0.5) /* less is the rounding of a float in milliseconds */
            tick = fmin(tick, ns[i] - ns[i - 1]);
    if (isfinite(tick))
        result_note(c->result, "readings of two events differ by steps of %.0f ns", tick);
    result_note(c->result, "two events with nothing between read %.0f ns",
                c->device->ops->floor_ns(c->device_handle));
out:
    return rc;
}

static const char *variant_name(enum launch_what what)
{
    switch (what) {
    case LAUNCH_KERNEL:
    case LAUNCH_GRAPH_NODE: return "1 thread, adds one to a counter";
    case LAUNCH_ROUND_TRIP: return "1 thread, adds one; the host spins until it is done";
    case LAUNCH_EVENT: return "an event without the host waiting";
    case LAUNCH_ATOMIC: return "red.release on one counter, ld.acquire until all are there";
    case LAUNCH_COOPERATIVE: return "cooperative groups' grid.sync()";
    case LAUNCH_CLUSTERS: return "barrier.cluster, all clusters at once";
    case LAUNCH_AFTER: return "a block a multiprocessor, after the one before";
    case LAUNCH_EARLY: break;
    }
    return "a block a multiprocessor, griddepcontrol";
}

int launch_gpu_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct launch_gpu *s = state;
    const struct gpu_properties *p;
    int rc = 0;

    s->what = (enum launch_what)params_get(c->params, "what");
    s->gpu = c->device_handle;
    p = gpu_properties_of(s->gpu);
    s->blocks = p->multiprocessors;
    if (needs_sm90(s->what) && (p->capability < 90 || !HAVE_SM90))
        return ERR(e, ERR_NOTSUP,
                   p->capability < 90 ? "needs a GPU of compute capability 9.0"
                                      : "built without code for compute capability 9.0");
    TRY(gpu_enter(s->gpu, e));
    TRY(alloc_zero(s, &s->d_count, 1, e));
    TRY(alloc_zero(s, &s->barrier.arrived, 1, e));
    TRY(alloc_zero(s, &s->barrier.early, 1, e));
    TRY(alloc_zero(s, &s->barrier.passed, (size_t)s->blocks, e));
    TRY(alloc_zero(s, &s->barrier.phase, (size_t)s->blocks, e));
    CUDA_TRY(cudaEventCreateWithFlags(&s->event, cudaEventDisableTiming));
    if (s->what == LAUNCH_EVENT)
        TRY(note_tick(c, s, e));
    snprintf(c->variant, sizeof(c->variant), "%s", variant_name(s->what));
    snprintf(c->inputs, sizeof(c->inputs), "none");
    if (is_barrier(s->what))
        result_note(c->result, "%d blocks of %d threads, one a multiprocessor",
                    s->what == LAUNCH_CLUSTERS ? s->blocks / LAUNCH_CLUSTER * LAUNCH_CLUSTER
                                               : s->blocks,
                    LAUNCH_BARRIER_THREADS);
    TRY(gpu_sync(gpu_stream_of(s->gpu), e));
out:
    return rc;
}

/* How far the counter is from having been added to `want` times by what `enqueue` enqueues. */
static int count_wrong(struct launch_gpu *s, unsigned want,
                       int (*enqueue)(struct launch_gpu *s, int how, struct err *e), int how,
                       unsigned *wrong, struct err *e)
{
    unsigned before = 0, after = 0;
    gpu_stream stream = gpu_stream_of(s->gpu);
    int rc = 0;

    TRY(gpu_to_host(&before, s->d_count, sizeof(before), stream, e));
    TRY(enqueue(s, how, e));
    TRY(gpu_to_host(&after, s->d_count, sizeof(after), stream, e));
    *wrong = after - before > want ? after - before - want : want - (after - before);
out:
    return rc;
}

/* In a graph, where kernels follow each other most closely. */
static int enqueue_graph(struct launch_gpu *s, int how, struct err *e)
{
    gpu_stream stream = gpu_stream_of(s->gpu);
    gpu_graph graph = NULL;
    int rc = 0, recorded = 0;

    TRY(gpu_graph_begin(stream, e));
    for (int i = 0; i < CHECK_LAUNCHES / 2 && recorded == 0; i++)
        recorded = how < 0 ? launch_kernel_count(s->d_count, stream, e)
                           : launch_next(s, (enum launch_dependent)how, true, e);
    TRY(gpu_graph_end(stream, &graph, e));
    rc = recorded;
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = gpu_graph_launch(graph, stream, e);
    if (rc == 0)
        rc = gpu_sync(stream, e);
out:
    gpu_graph_free(graph);
    return rc;
}

static int enqueue_kernels(struct launch_gpu *s, int how, struct err *e)
{
    int rc = 0;

    (void)how;
    for (int i = 0; i < CHECK_LAUNCHES; i++) {
        TRY(launch_kernel_count(s->d_count, gpu_stream_of(s->gpu), e));
        if (s->what == LAUNCH_ROUND_TRIP)
            CUDA_TRY(cudaStreamSynchronize(gpu_stream_of(s->gpu)));
    }
    /* An event that was recorded after them has happened when they have. */
    CUDA_TRY(cudaEventRecord(s->event, gpu_stream_of(s->gpu)));
    TRY(gpu_wait_event(s->event, e));
out:
    return rc;
}

int launch_gpu_check_dependent(struct launch_gpu *s, enum launch_dependent how, int launches,
                               unsigned *wrong, struct err *e)
{
    unsigned one;
    int rc = 0;

    *wrong = 0;
    for (int done = 0; done < launches; done += CHECK_LAUNCHES) {
        TRY(count_wrong(s, CHECK_LAUNCHES, enqueue_graph, (int)how, &one, e));
        *wrong += one;
    }
out:
    return rc;
}

int launch_gpu_check_barrier(struct launch_gpu *s, enum launch_barrier kind, int rounds,
                             unsigned *wrong, struct err *e)
{
    enum { BLOCKS_MAX = 1024 };
    unsigned passed[BLOCKS_MAX], early = 0;
    gpu_stream stream = gpu_stream_of(s->gpu);
    int n = s->blocks, rc = 0;

    if (n > BLOCKS_MAX)
        return ERR(e, ERR_NOTSUP, "more than %d multiprocessors", BLOCKS_MAX);
    TRY(gpu_fill(s->barrier.early, 0, sizeof(early), stream, e));
    TRY(gpu_fill(s->barrier.passed, 0, (size_t)n * sizeof(passed[0]), stream, e));
    TRY(gpu_fill(s->barrier.phase, 0, (size_t)n * sizeof(passed[0]), stream, e));
    TRY(launch_barrier(s, kind, rounds, true, e));
    TRY(gpu_to_host(&early, s->barrier.early, sizeof(early), stream, e));
    TRY(gpu_to_host(passed, s->barrier.passed, (size_t)n * sizeof(passed[0]), stream, e));
    if (kind == LAUNCH_BARRIER_CLUSTER)
        n = n / LAUNCH_CLUSTER * LAUNCH_CLUSTER;
    *wrong = early;
    for (int b = 0; b < n; b++)
        *wrong += passed[b] != (unsigned)rounds;
out:
    return rc;
}

int launch_gpu_verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct launch_gpu *s = state;
    unsigned wrong = 0;
    int rc = 0;

    if (is_barrier(s->what)) {
        TRY(launch_gpu_check_barrier(s, barrier_of(s->what), CHECK_ROUNDS, &wrong, e));
        snprintf(c->check.reference, sizeof(c->check.reference),
                 "phases of other blocks behind %d barriers, a block held up in each",
                 CHECK_ROUNDS);
    } else {
        if (s->what == LAUNCH_AFTER || s->what == LAUNCH_EARLY)
            TRY(launch_gpu_check_dependent(
                s, s->what == LAUNCH_EARLY ? LAUNCH_DEPENDENT_EARLY : LAUNCH_DEPENDENT_AFTER,
                CHECK_LAUNCHES, &wrong, e));
        else
            TRY(count_wrong(s, CHECK_LAUNCHES,
                            s->what == LAUNCH_GRAPH_NODE ? enqueue_graph : enqueue_kernels, -1,
                            &wrong, e));
        snprintf(c->check.reference, sizeof(c->check.reference),
                 "what %d kernels counted, each from the one before", CHECK_LAUNCHES);
    }
    c->check.error = wrong;
    c->check.tolerance = 0;
    if (wrong > 0)
        rc = ERR(e, ERR_MISMATCH,
                 is_barrier(s->what) ? "%u times a block was let through a barrier early"
                                     : "the kernels' count is off by %u",
                 wrong);
out:
    return rc;
}

int launch_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct launch_gpu *s = state;

    switch (s->what) {
    case LAUNCH_ROUND_TRIP: return limit_measured(c, out, "silicon.launch", "what=kernel", 1, e);
    case LAUNCH_AFTER: return limit_measured(c, out, "silicon.launch", "what=graph_node", 1, e);
    case LAUNCH_KERNEL:
    case LAUNCH_GRAPH_NODE:
    case LAUNCH_EVENT:
    case LAUNCH_EARLY:
        limit_none(out, "no paper says what it costs; it is itself the latency limit of others");
        break;
    case LAUNCH_ATOMIC:
    case LAUNCH_COOPERATIVE:
        /* The last block's arrival goes to the L2, and from there to who waits: one way each. */
        return limit_measured_on(c, out,
                                 &(struct limit_row){ .device = c->device,
                                                      .bench = "silicon.memory",
                                                      .settings = "op=latency level=l2 threads=one",
                                                      .factor = 1e-3, /* it is in ns */
                                                      .phases = 1 },
                                 e);
    case LAUNCH_CLUSTERS:
        limit_none(out, "no paper says how fast the blocks of a cluster can meet");
        break;
    }
    return 0;
}

void launch_gpu_teardown(struct bench_ctx *c, void *state)
{
    struct launch_gpu *s = state;

    (void)c;
    if (s->event && !gpu_wait_gave_up())
        cudaEventDestroy(s->event);
    gpu_free(s->d_count);
    gpu_free(s->barrier.arrived);
    gpu_free(s->barrier.early);
    gpu_free(s->barrier.passed);
    gpu_free(s->barrier.phase);
}
