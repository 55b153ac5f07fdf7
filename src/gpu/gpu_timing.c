/* gpu_timing.c - graph replay and isolated repetitions. */
#include "gpu/gpu_timing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/mem.h"
#include "gpu/gpu_gate.h"
#include "gpu/gpu_graph.h"
#include "gpu/gpu_handle.h"
#include "gpu/gpu_try.h"
#include "gpu/gpu_wait.h"

enum {
    FLOOR_ROUNDS = 51,
    PROBE_LINES = 1024,
    PROBE_STRIDE = 1024, /* bytes: no two lines share a sector or are fetched together */
    FLUSH_TIMES = 2,     /* the L2's size; twice as much where that does not empty it */
    FLUSH_TIMES_MAX = 4
};

static const double PROVEN_SHARE = 0.95;

struct gpu_timing {
    struct gpu_gate *gate; /* pinned */
    unsigned ticket;
    gpu_graph graph; /* the recording that is replayed */
    double graph_floor_ns, isolated_floor_ns;
    void *clean, *lines; /* device: what flushes, what is probed */
    size_t clean_bytes;
    unsigned *cycles, *sink; /* device */
    struct gpu_timing_proof proof;
    bool proven, persisting; /* the device has lines that persist */
};

void gpu_timing_close(struct gpu *g)
{
    struct gpu_timing *t = g->timing;

    if (!t)
        return;
    gpu_graph_free(t->graph);
    if (t->gate && !gpu_wait_gave_up())
        cudaFreeHost(t->gate);
    gpu_free(t->clean);
    gpu_free(t->lines);
    gpu_free(t->cycles);
    gpu_free(t->sink);
    mem_free(t);
    g->timing = NULL;
}

static int open_timing(struct gpu *g, struct err *e)
{
    int rc = 0;

    if (g->timing)
        return 0;
    CUDA_TRY(cudaSetDevice(g->index));
    g->timing = mem_calloc(1, sizeof(*g->timing));
    if (!g->timing)
        return ERR(e, ERR_NOMEM, "no memory for the GPU's timing");
    g->timing->graph_floor_ns = g->timing->isolated_floor_ns = (double)NAN;
    CUDA_TRY(cudaMallocHost((void **)&g->timing->gate, sizeof(*g->timing->gate)));
    *g->timing->gate = (struct gpu_gate){ 0 };
out:
    if (rc < 0)
        gpu_timing_close(g);
    return rc;
}

/* Hold the stream back; what is enqueued next begins when open_gate() says so. */
static int close_gate(struct gpu *g, struct err *e)
{
    struct gpu_timing *t = g->timing;
    int rc = 0;

    TRY(gpu_gate_close(t->gate, ++t->ticket, g->stream, e));
    CUDA_TRY(cudaEventRecord(g->start, g->stream));
out:
    return rc;
}

/* Let it run, wait, and read the time between the events. */
static int open_gate(struct gpu *g, double *ns, struct err *e)
{
    struct gpu_timing *t = g->timing;
    cudaError_t enqueued = cudaGetLastError(), recorded = cudaEventRecord(g->stop, g->stream);
    float ms = 0;
    int rc = 0;

    *ns = (double)NAN;
    __atomic_store_n(&t->gate->ticket, t->ticket, __ATOMIC_RELEASE);
    CUDA_TRY(enqueued);
    CUDA_TRY(recorded);
    TRY(gpu_wait_event(g->stop, e));
    if (__atomic_load_n(&t->gate->late, __ATOMIC_ACQUIRE) == t->ticket)
        return ERR(e, ERR_TIMEOUT,
                   "a repetition waits for the GPU itself, which is held back until all is "
                   "enqueued: it can only be timed in batches");
    CUDA_TRY(cudaEventElapsedTime(&ms, g->start, g->stop));
    *ns = 1e6 * (double)ms;
out:
    return rc;
}

/* ---- graph */

static int graph_begin(void *handle, struct err *e)
{
    struct gpu *g = handle;
    int rc = 0;

    gpu_graph_free(g->timing->graph);
    g->timing->graph = NULL;
    TRY(gpu_enter(g, e));
    TRY(gpu_graph_begin(g->stream, e));
out:
    return rc;
}

static int graph_end(void *handle, double *ns, struct err *e)
{
    struct gpu *g = handle;

    *ns = (double)NAN;
    return gpu_graph_end(g->stream, &g->timing->graph, e);
}

static int graph_replay(void *handle, double *ns, struct err *e)
{
    struct gpu *g = handle;
    int rc = 0, opened;

    *ns = (double)NAN;
    TRY(close_gate(g, e));
    rc = gpu_graph_launch(g->timing->graph, g->stream, e);
    opened = open_gate(g, ns, e); /* in any case: nothing may stay behind a closed gate */
    if (rc == 0)
        rc = opened;
out:
    return rc;
}

static int isolated_begin(void *handle, struct err *e)
{
    struct gpu *g = handle;
    int rc = 0;

    TRY(gpu_enter(g, e));
    TRY(close_gate(g, e));
out:
    return rc;
}

static int isolated_end(void *handle, double *ns, struct err *e)
{
    return open_gate(handle, ns, e);
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int compare_unsigned(const void *a, const void *b)
{
    const unsigned *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Nothing between the events: the median of what they read. */
static int measure_floor(struct gpu *g, int (*replay)(void *, double *, struct err *), double *out,
                         struct err *e)
{
    double ns[FLOOR_ROUNDS];
    int rc = 0;

    for (int i = 0; i < FLOOR_ROUNDS; i++) {
        if (!replay)
            TRY(isolated_begin(g, e));
        TRY(replay ? replay(g, &ns[i], e) : isolated_end(g, &ns[i], e));
    }
    qsort(ns, FLOOR_ROUNDS, sizeof(ns[0]), compare_doubles);
    *out = ns[FLOOR_ROUNDS / 2];
out:
    return rc;
}

static int graph_ready(void *handle, char *note, size_t cap, struct err *e)
{
    struct gpu *g = handle;
    double ns;
    int rc = 0;

    (void)note;
    (void)cap;
    TRY(open_timing(g, e));
    if (isnan(g->timing->graph_floor_ns)) {
        TRY(graph_begin(g, e));
        TRY(graph_end(g, &ns, e));
        TRY(measure_floor(g, graph_replay, &g->timing->graph_floor_ns, e));
    }
out:
    return rc;
}

static double graph_floor(void *handle)
{
    const struct gpu *g = handle;

    return g->timing->graph_floor_ns;
}

/* ---- isolated */

static int hot_ready(void *handle, char *note, size_t cap, struct err *e)
{
    struct gpu *g = handle;
    int rc = 0;

    (void)note;
    (void)cap;
    TRY(open_timing(g, e));
    if (isnan(g->timing->isolated_floor_ns))
        TRY(measure_floor(g, NULL, &g->timing->isolated_floor_ns, e));
out:
    return rc;
}

static double isolated_floor(void *handle)
{
    const struct gpu *g = handle;

    return g->timing->isolated_floor_ns;
}

static int flush(struct gpu *g, struct err *e)
{
    struct gpu_timing *t = g->timing;

    int rc = 0;

    if (t->persisting) /* lines that somebody asked to persist would outlive the reading */
        CUDA_TRY(cudaCtxResetPersistingL2Cache());
    TRY(gpu_gate_flush(t->clean, t->clean_bytes, t->sink, g->properties.multiprocessors, g->stream,
                       e));
out:
    return rc;
}

static int cold_begin(void *handle, struct err *e)
{
    struct gpu *g = handle;
    int rc = 0;

    TRY(gpu_enter(g, e));
    TRY(flush(g, e));
    TRY(close_gate(g, e));
out:
    return rc;
}

/* One pass over the lines, their latencies sorted. */
static int probe(struct gpu *g, unsigned *cycles, struct err *e)
{
    struct gpu_timing *t = g->timing;
    int rc = 0;

    TRY(gpu_gate_probe(t->lines, PROBE_LINES, PROBE_STRIDE, t->cycles, g->stream, e));
    TRY(gpu_to_host(cycles, t->cycles, PROBE_LINES * sizeof(*cycles), g->stream, e));
    qsort(cycles, PROBE_LINES, sizeof(*cycles), compare_unsigned);
out:
    return rc;
}

int gpu_timing_probe(struct gpu *g, bool flushed, struct gpu_timing_proof *out, struct err *e)
{
    unsigned cycles[PROBE_LINES];
    int slower = 0, rc = 0;

    *out = (struct gpu_timing_proof){ .flushed_bytes = flushed ? g->timing->clean_bytes : 0 };
    TRY(probe(g, cycles, e)); /* now the lines are in the L2 */
    TRY(probe(g, cycles, e));
    out->hot_cycles = cycles[PROBE_LINES / 2];
    out->hot_p95_cycles = cycles[PROBE_LINES * 95 / 100];
    if (flushed)
        TRY(flush(g, e));
    TRY(probe(g, cycles, e));
    out->cold_cycles = cycles[PROBE_LINES / 2];
    for (int i = 0; i < PROBE_LINES; i++)
        slower += cycles[i] > out->hot_p95_cycles;
    out->slower_share = (double)slower / PROBE_LINES;
out:
    return rc;
}

/* A clean buffer of so many times the L2. */
static int make_clean(struct gpu *g, size_t times, struct err *e)
{
    struct gpu_timing *t = g->timing;
    size_t bytes = (g->properties.l2_bytes * times + 15) / 16 * 16;
    int rc = 0;

    gpu_free(t->clean);
    t->clean = NULL;
    TRY(gpu_memory_need(bytes, "flushing the L2", e));
    TRY(gpu_alloc(&t->clean, bytes, e));
    TRY(gpu_fill(t->clean, 0, bytes, g->stream, e));
    t->clean_bytes = bytes;
out:
    return rc;
}

/* What flushes and what is probed, and the proof that the one empties the L2 of the other. */
static int prove(struct gpu *g, struct err *e)
{
    struct gpu_timing *t = g->timing;
    int persisting = 0, rc = 0;
    void *d = NULL;

    if (g->properties.l2_bytes == 0)
        return ERR(e, ERR_NOTSUP, "the driver does not say how large the L2 is");
    CUDA_TRY(cudaDeviceGetAttribute(&persisting, cudaDevAttrMaxPersistingL2CacheSize, g->index));
    t->persisting = persisting > 0;
    if (!t->lines) {
        TRY(gpu_alloc(&t->lines, PROBE_LINES * PROBE_STRIDE, e));
        TRY(gpu_fill(t->lines, 0, PROBE_LINES * PROBE_STRIDE, g->stream, e));
        TRY(gpu_alloc(&d, PROBE_LINES * sizeof(*t->cycles), e));
        t->cycles = d;
        TRY(gpu_alloc(&d, sizeof(*t->sink), e));
        t->sink = d;
    }
    for (size_t times = FLUSH_TIMES; times <= FLUSH_TIMES_MAX && !t->proven; times *= 2) {
        TRY(make_clean(g, times, e));
        TRY(gpu_timing_probe(g, true, &t->proof, e));
        t->proven = t->proof.slower_share >= PROVEN_SHARE;
    }
out:
    return rc;
}

static int cold_ready(void *handle, char *note, size_t cap, struct err *e)
{
    struct gpu *g = handle;
    struct gpu_timing *t;
    int rc = 0;

    TRY(hot_ready(g, note, cap, e));
    t = g->timing;
    if (!t->proven)
        TRY(prove(g, e));
    if (!t->proven)
        return ERR(e, ERR_NOTSUP,
                   "reading %.0f MiB does not empty the L2: %.0f %% of %d lines came slower than "
                   "95 %% of those that were in it, %.0f %% are asked for",
                   (double)t->clean_bytes / (1 << 20), 100 * t->proof.slower_share, PROBE_LINES,
                   100 * PROVEN_SHARE);
    snprintf(note, cap,
             "the L2 is flushed: %.0f MiB are read, and then %.1f %% of %d lines come slower than "
             "95 %% of those in it (median %.0f and %.0f cycles)",
             (double)t->clean_bytes / (1 << 20), 100 * t->proof.slower_share, PROBE_LINES,
             t->proof.cold_cycles, t->proof.hot_cycles);
out:
    return rc;
}

static const struct device_timing graph = { .name = "graph",
                                            .max_reps = GPU_TIMING_GRAPH_MAX,
                                            .ready = graph_ready,
                                            .begin = graph_begin,
                                            .end = graph_end,
                                            .replay = graph_replay,
                                            .floor_ns = graph_floor };
static const struct device_timing isolated_hot = { .name = "isolated-hot",
                                                   .max_reps = 1,
                                                   .ready = hot_ready,
                                                   .begin = isolated_begin,
                                                   .end = isolated_end,
                                                   .floor_ns = isolated_floor };
static const struct device_timing isolated_cold = { .name = "isolated-cold",
                                                    .max_reps = 1,
                                                    .ready = cold_ready,
                                                    .begin = cold_begin,
                                                    .end = isolated_end,
                                                    .floor_ns = isolated_floor };

static int begin_wall(void *handle, struct err *e)
{
    struct gpu *g = handle;

    (void)e;
    g->wall_ns = clock_now_ns();
    return 0;
}

static int end_wall(void *handle, double *ns, struct err *e)
{
    const struct gpu *g = handle;

    (void)e;
    *ns = (double)(clock_now_ns() - g->wall_ns);
    return 0;
}

static double floor_wall(void *handle)
{
    (void)handle;
    return clock_measure().overhead_ns;
}

static const struct device_timing wall = {
    .name = "wall",
    .begin = begin_wall,
    .end = end_wall,
    .floor_ns = floor_wall,
    .quiet = true,
};

const struct device_timing *const gpu_timings[] = { &graph, &isolated_hot, &isolated_cold, &wall,
                                                    NULL };
