/* memory_link_gpu.c - silicon.memory's copies over a link.
 *
 * Host and GPU: cudaMemcpyAsync, which the copy engines do.  Two GPUs: the same, or a kernel that
 * loads and stores, whichever is faster; `read` is begun by the GPU that receives, `write` by the
 * one that sends.  `bidirectional` is both at once, on two streams that start on one event; both
 * directions' bytes count. */
#include "silicon/memory/memory_link_gpu.h"

#include <stdio.h>
#include <string.h>

#include "core/pick.h"
#include "gpu/gpu.h"
#include "silicon/memory/link_limit_gpu.h"
#include "silicon/memory/peer_gpu.h"

enum { COPY_ENGINE = -1 };

/* Each direction has values of its own. */
static uint64_t seed_of(const struct memory_link *s, const struct memory_link_way *w)
{
    return s->seed + 16 * (uint64_t)(w - s->way);
}

static int enqueue(struct memory_link *s, const struct memory_link_way *w, struct err *e)
{
    struct stream_gpu_args args = { .a = w->to.data, .b = w->from.data, .n = s->n };
    int rc = 0;

    if (s->variant == COPY_ENGINE)
        return gpu_link_copy(w->to.data, w->from.data, s->n * sizeof(double), w->stream, e);
    args.multiprocessors = gpu_properties_of(w->engine)->multiprocessors;
    TRY(gpu_enter(w->engine, e));
    TRY(stream_gpu_launch(s->variant, STREAM_GPU_COPY, &args, w->stream, e));
    TRY(gpu_enter(s->gpu, e));
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_link *s = state;
    int rc = 0;

    (void)c;
    if (s->ways > 1)
        TRY(gpu_link_fork(&s->lane, gpu_stream_of(s->gpu), e));
    for (int i = 0; i < s->ways; i++)
        TRY(enqueue(s, &s->way[i], e));
    if (s->ways > 1)
        TRY(gpu_link_join(&s->lane, gpu_stream_of(s->gpu), e));
out:
    return rc;
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct memory_link *s = state;

    s->variant = s->tried[which];
    return once(c, s, e);
}

static int make_end(struct memory_link *s, struct memory_link_end *end, struct gpu *gpu,
                    struct err *e)
{
    size_t bytes = s->n * sizeof(double);
    void *p = NULL;
    int rc = 0;

    end->gpu = gpu;
    if (gpu) {
        TRY(gpu_enter(gpu, e));
        TRY(gpu_alloc(&p, bytes, e));
        end->data = p;
        TRY(gpu_alloc(&p, sizeof(*end->d_wrong), e));
        end->d_wrong = p;
    } else if (s->point.memory == POINT_PINNED) {
        TRY(gpu_link_pinned(&p, bytes, e));
        end->data = p;
    } else {
        TRY(region_map(&end->pageable, bytes, e));
        end->data = end->pageable.p;
    }
out:
    return rc;
}

static void release_end(const struct memory_link *s, struct memory_link_end *end)
{
    struct err ignored = { 0 };

    if (end->gpu && gpu_enter(end->gpu, &ignored) == 0) {
        gpu_free(end->data);
        gpu_free(end->d_wrong);
    } else if (end->pageable.p) {
        region_unmap(&end->pageable);
    } else if (end->data && s->point.memory == POINT_PINNED) {
        gpu_link_unpin(end->data);
    }
    *end = (struct memory_link_end){ 0 };
}

/* The values that a way sends. */
static int fill(struct memory_link *s, const struct memory_link_way *w, struct err *e)
{
    const struct memory_link_end *from = &w->from;
    int rc = 0;

    if (!from->gpu) {
        for (size_t i = 0; i < s->n; i++)
            from->data[i] = point_value(seed_of(s, w), 1, i);
        return 0;
    }
    TRY(gpu_enter(from->gpu, e));
    TRY(stream_gpu_make(from->data, s->n, seed_of(s, w), 1, gpu_stream_of(from->gpu), e));
    TRY(gpu_sync(gpu_stream_of(from->gpu), e));
out:
    return rc;
}

/* Nothing that a check could take for a result may be there before. */
static int poison(struct memory_link *s, const struct memory_link_way *w, struct err *e)
{
    const struct memory_link_end *to = &w->to;
    int rc = 0;

    if (!to->gpu) {
        memset(to->data, 0xff, s->n * sizeof(double));
        return 0;
    }
    TRY(gpu_enter(to->gpu, e));
    TRY(gpu_fill(to->data, 0xff, s->n * sizeof(double), gpu_stream_of(to->gpu), e));
    TRY(gpu_sync(gpu_stream_of(to->gpu), e));
out:
    return rc;
}

/* Every element that arrived, looked at by the end that has it. */
static int check(struct memory_link *s, const struct memory_link_way *w, size_t *wrong,
                 struct err *e)
{
    const struct memory_link_end *to = &w->to;
    unsigned long long n = 0;
    gpu_stream stream;
    int rc = 0;

    if (!to->gpu) {
        for (size_t i = 0; i < s->n; i++)
            *wrong += !(to->data[i] == point_value(seed_of(s, w), 1, i));
        return 0;
    }
    stream = gpu_stream_of(to->gpu);
    TRY(gpu_enter(to->gpu, e));
    TRY(gpu_fill(to->d_wrong, 0, sizeof(n), stream, e));
    TRY(stream_gpu_check(to->data, s->n, seed_of(s, w), STREAM_GPU_WANT_MADE, 0, to->d_wrong,
                         stream, e));
    TRY(gpu_to_host(&n, to->d_wrong, sizeof(n), stream, e));
    *wrong += n;
out:
    return rc;
}

/* Who sends to whom, and whose engines do it. */
static int make_ways(struct memory_link *s, struct err *e)
{
    struct gpu *a = s->gpu, *b = s->peer; /* b: NULL is the host */
    bool out = s->point.op == POINT_D2H || s->point.op == POINT_WRITE ||
               s->point.op == POINT_BIDIRECTIONAL;
    int rc = 0;

    s->ways = s->point.op == POINT_BIDIRECTIONAL ? 2 : 1;
    s->way[0].engine = a;
    s->way[0].stream = gpu_stream_of(a);
    TRY(make_end(s, &s->way[0].from, out ? a : b, e));
    TRY(make_end(s, &s->way[0].to, out ? b : a, e));
    if (s->ways > 1) {
        s->way[1].engine = b ? b : a;
        TRY(gpu_link_lane_open(&s->lane, s->way[1].engine, a, e));
        s->way[1].stream = s->lane.stream;
        TRY(make_end(s, &s->way[1].from, b, e));
        TRY(make_end(s, &s->way[1].to, a, e));
    }
    for (int i = 0; i < s->ways; i++)
        TRY(fill(s, &s->way[i], e));
    TRY(gpu_enter(a, e));
out:
    return rc;
}

/* Copy engines always; between GPUs also a kernel, with and without the hint. */
static void list_variants(struct memory_link *s)
{
    s->tried[s->n_tried++] = COPY_ENGINE;
    if (s->point.level == POINT_PEER && s->n % STREAM_GPU_BLOCK == 0)
        for (int v = 0; v < 2; v++)
            s->tried[s->n_tried++] = v;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_link *s = state;
    int best, rc = 0;

    s->point = point_of(c->params);
    s->gpu = c->device_handle;
    s->seed = c->seed;
    s->n = s->point.bytes / sizeof(double);
    s->variant = COPY_ENGINE;
    TRY(gpu_enter(s->gpu, e));
    if (s->point.level == POINT_PEER)
        TRY(peer_gpu_open(c, s->point.peer, &s->peer, e));
    TRY(make_ways(s, e));
    list_variants(s);
    TRY(pick_fastest(c, s->n_tried, try_variant, s, &best, e));
    s->variant = s->tried[best];
    if (s->variant == COPY_ENGINE)
        snprintf(c->variant, sizeof(c->variant), "copy engine (cudaMemcpyAsync)");
    else
        snprintf(c->variant, sizeof(c->variant), "%s", stream_gpu_name(s->variant));
    snprintf(c->inputs, sizeof(c->inputs), "integers 0-1023 in FP64, seed %llu",
             (unsigned long long)s->seed);
    if (gpu_properties_of(s->gpu)->integrated && s->point.level != POINT_PEER)
        result_note(c->result,
                    "this GPU shares the host's memory: a copy within it, over no PCIe link");
    /* CUDA Runtime API, "API synchronization behavior". */
    if (s->ways > 1 && !s->peer && s->point.memory == POINT_PAGEABLE)
        result_note(c->result, "one after the other: from the GPU to pageable memory the driver "
                               "returns when the copy is done");
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_link *s = state;
    size_t wrong = 0;
    int rc = 0;

    snprintf(c->check.reference, sizeof(c->check.reference),
             "every element, where it arrived, against its value made anew");
    c->check.tolerance = 0;
    /* First what the timed repetitions left, then a repetition over poisoned memory. */
    for (int fresh = s->verified ? 0 : 1; fresh <= 1 && wrong == 0; fresh++) {
        for (int i = 0; fresh && i < s->ways; i++)
            TRY(poison(s, &s->way[i], e));
        TRY(gpu_enter(s->gpu, e));
        if (fresh)
            TRY(once(c, s, e));
        TRY(gpu_sync(gpu_stream_of(s->gpu), e));
        for (int i = 0; i < s->ways; i++)
            TRY(check(s, &s->way[i], &wrong, e));
    }
    TRY(gpu_enter(s->gpu, e));
    s->verified = true;
    c->check.error = (double)wrong;
    if (wrong > 0)
        rc = ERR(e, ERR_MISMATCH, "%s (%s): %zu elements are wrong", c->variant,
                 params_text(c->params, "op"), wrong);
out:
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct memory_link *s = state;
    bool within = gpu_properties_of(s->gpu)->integrated && s->point.level != POINT_PEER;

    (void)c;
    w->bytes[within ? WORK_DRAM : WORK_LINK] = (double)s->ways * (double)s->n * sizeof(double);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct memory_link *s = state;

    return link_limit(c, &(struct link_limit_of){ s->gpu, s->peer, s->ways }, out, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct memory_link *s = state;
    struct err ignored = { 0 };

    (void)c;
    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    for (int i = 0; i < 2; i++) {
        release_end(s, &s->way[i].from);
        release_end(s, &s->way[i].to);
    }
    gpu_link_lane_close(&s->lane);
    gpu_enter(s->gpu, &ignored);
    peer_gpu_close(s->peer, s->gpu);
    *s = (struct memory_link){ 0 };
}

const struct point_hooks memory_link_hooks = {
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
