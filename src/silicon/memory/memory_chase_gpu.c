/* memory_chase_gpu.c - silicon.memory's op=latency on a GPU.
 *
 *   l1    8 KiB, which every L1 holds       l2    an eighth to a quarter of the L2, past the L1
 *   hbm   four times the L2                 host  pinned memory across the link
 *   peer  another GPU's memory across the link; its own L2 answers */
#include "silicon/memory/memory_chase_gpu.h"

#include <stdio.h>

#include "core/size.h"
#include "gpu/gpu.h"
#include "gpu/gpu_link.h"
#include "silicon/memory/peer_gpu.h"

enum {
    L1_BYTES = 8 << 10,
    FAR_BYTES = 2 << 20, /* host and peer: the link is what is asked for */
    /* No multiple of a cycle: a walk must not end where it began.  A kernel finds its L1 empty: 64
     * misses in 524,304 loads. */
    STEPS_L1 = (1 << 19) + CHASE_GPU_UNROLL,
    STEPS_L2 = (1 << 15) + CHASE_GPU_UNROLL,
    STEPS_FAR = (1 << 12) + CHASE_GPU_UNROLL
};

static size_t power_of_two_up(size_t bytes)
{
    size_t p = CHASE_GPU_LINE;

    while (p < bytes)
        p *= 2;
    return p;
}

static size_t bytes_of(const struct memory_chase_gpu *s)
{
    size_t l2 = gpu_properties_of(s->gpu)->l2_bytes;

    switch (s->point.level) {
    case POINT_L1: return L1_BYTES;
    case POINT_L2: return power_of_two_up(l2 / 8 + 1);
    case POINT_HBM: return power_of_two_up(4 * l2);
    case POINT_L3:
    case POINT_DRAM:
    case POINT_HOST:
    case POINT_PEER: break;
    }
    return FAR_BYTES;
}

/* The L2 still holds what was linked last: fill it with something else. */
static int flush_l2(struct memory_chase_gpu *s, struct err *e)
{
    size_t bytes = 2 * gpu_properties_of(s->gpu)->l2_bytes;
    void *other = NULL;
    int rc = 0;

    TRY(gpu_alloc(&other, bytes, e));
    TRY(gpu_fill(other, 0, bytes, gpu_stream_of(s->gpu), e));
    TRY(gpu_sync(gpu_stream_of(s->gpu), e));
out:
    gpu_free(other);
    return rc;
}

static int make_lines(struct memory_chase_gpu *s, size_t bytes, struct err *e)
{
    void *d = NULL;
    int rc = 0;

    if (s->point.level == POINT_HOST) {
        TRY(gpu_link_pinned(&s->pinned, bytes, e));
    } else {
        if (s->peer)
            TRY(gpu_enter(s->peer, e));
        TRY(gpu_alloc(&s->d_lines, bytes, e));
        TRY(gpu_enter(s->gpu, e));
    }
    s->args.lines = s->pinned ? s->pinned : s->d_lines;
    s->args.n = (uint32_t)(bytes / CHASE_GPU_LINE);
    TRY(gpu_alloc(&d, sizeof(*s->args.d_at), e));
    s->args.d_at = d;
    TRY(chase_gpu_link(&s->args, gpu_stream_of(s->gpu), e));
    TRY(gpu_sync(gpu_stream_of(s->gpu), e));
    if (s->point.level == POINT_HBM)
        TRY(flush_l2(s, e));
out:
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    static const char *const loads[] = {
        [CHASE_GPU_L1] = "ld.ca", [CHASE_GPU_L2] = "ld.cg", [CHASE_GPU_NONE] = "ld.cv"
    };
    struct memory_chase_gpu *s = state;
    size_t bytes;
    char size[SIZE_TEXT];
    int rc = 0;

    s->point = point_of(c->params);
    s->gpu = c->device_handle;
    s->args.seed = c->seed;
    s->cache = s->point.level == POINT_L1                                  ? CHASE_GPU_L1
               : s->point.level == POINT_L2 || s->point.level == POINT_HBM ? CHASE_GPU_L2
                                                                           : CHASE_GPU_NONE;
    s->steps = s->point.level == POINT_L1   ? STEPS_L1
               : s->point.level == POINT_L2 ? STEPS_L2
                                            : STEPS_FAR;
    TRY(gpu_enter(s->gpu, e));
    if (s->point.level == POINT_PEER)
        TRY(peer_gpu_open(c, s->point.peer, &s->peer, e));
    bytes = bytes_of(s);
    TRY(make_lines(s, bytes, e));
    snprintf(c->variant, sizeof(c->variant), "pointer chase of one thread, 128-byte lines, %s",
             loads[s->cache]);
    snprintf(c->inputs, sizeof(c->inputs), "one cycle of %u lines, seed %llu", s->args.n,
             (unsigned long long)c->seed);
    result_note(c->result, "%s", size_text(size, bytes));
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_chase_gpu *s = state;

    (void)c;
    s->walked += s->steps;
    return chase_gpu_walk(&s->args, s->cache, s->steps, gpu_stream_of(s->gpu), e);
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_chase_gpu *s = state;
    gpu_stream stream = gpu_stream_of(s->gpu);
    uint64_t at = 0, want;
    int rc = 0;

    snprintf(c->check.reference, sizeof(c->check.reference),
             "where all walks together lead, computed from the cycle's formula");
    c->check.tolerance = 0;
    TRY(once(c, s, e));
    TRY(gpu_to_host(&at, s->args.d_at, sizeof(at), stream, e));
    want = (uint64_t)(uintptr_t)s->args.lines +
           (uint64_t)chase_gpu_line_after(&s->args, s->walked) * CHASE_GPU_LINE;
    c->check.error = at == want ? 0 : 1;
    if (at != want)
        rc = ERR(e, ERR_MISMATCH, "the pointer chase ended at the wrong line");
out:
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct memory_chase_gpu *s = state;
    enum work_memory where = s->point.level == POINT_L1 || s->point.level == POINT_L2 ? WORK_CACHE
                             : s->point.level == POINT_HBM                            ? WORK_HBM
                                                                                      : WORK_LINK;

    (void)c;
    w->items = (double)s->steps;
    w->bytes[where] = (double)(s->steps * sizeof(uint64_t));
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    limit_none(out, "no vendor states the latency of a GPU's load");
    return 0;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct memory_chase_gpu *s = state;
    struct err ignored = { 0 };

    (void)c;
    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    gpu_free(s->args.d_at);
    gpu_free(s->d_lines);
    gpu_link_unpin(s->pinned);
    peer_gpu_close(s->peer, s->gpu);
    *s = (struct memory_chase_gpu){ 0 };
}

const struct point_hooks memory_chase_gpu_hooks = {
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
