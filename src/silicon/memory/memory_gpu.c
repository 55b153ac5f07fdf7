/* memory_gpu.c - silicon.memory's streams on a GPU: over its own memory, or the host's, which it
 * reaches without a copy (pinned) or whose pages come to it (managed). */
#include "silicon/memory/memory_gpu.h"

#include <stdio.h>

#include "core/mem.h"
#include "core/pick.h"
#include "gpu/gpu.h"
#include "gpu/gpu_link.h"
#include "silicon/memory/link_limit_gpu.h"

enum {
    ARRAY_MOST = 1 << 30, /* bytes */
    L2_TIMES = 4,         /* an array is at least this often the L2 */
    MANAGED = 64 << 20,   /* bytes: more than fits can hang a card */
    SLICE = 1 << 16,      /* elements that the host looks at, at each of SLICES places */
    SLICES = 3
};

/* The ops of the axis are those of the kernels, in the same order. */
static enum stream_gpu_op op_of(struct point p)
{
    return (enum stream_gpu_op)p.op;
}

static int enqueue(struct memory_gpu *s, struct err *e)
{
    return stream_gpu_launch(s->variant, op_of(s->point), &s->args, gpu_stream_of(s->gpu), e);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_gpu *s = state;

    (void)c;
    if (s->point.op == POINT_WRITE)
        s->args.value = s->args.value >= 1e6 ? 1 : s->args.value + 1;
    return enqueue(s, e);
}

/* Managed pages that have come once stay: each repetition finds them at the host again. */
static int prepare(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_gpu *s = state;
    int rc = 0;

    (void)c;
    if (s->point.memory == POINT_MANAGED) {
        TRY(gpu_link_evict(s->args.a, s->args.n * sizeof(double), gpu_stream_of(s->gpu), e));
        TRY(gpu_sync(gpu_stream_of(s->gpu), e));
    }
out:
    return rc;
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct memory_gpu *s = state;

    s->variant = s->tried[which];
    return once(c, s, e);
}

/* As large as fits, between L2_TIMES the L2 and ARRAY_MOST. */
static int size_arrays(struct memory_gpu *s, struct err *e)
{
    const struct gpu_properties *p = gpu_properties_of(s->gpu);
    size_t available, bytes = ARRAY_MOST, least = L2_TIMES * p->l2_bytes;
    int rc = 0;

    if (s->point.level == POINT_HOST) {
        bytes = s->point.memory == POINT_MANAGED ? MANAGED : least;
        s->args.n = bytes / sizeof(double) / STREAM_GPU_BLOCK * STREAM_GPU_BLOCK;
        return 0;
    }
    TRY(gpu_memory_free(&available, e));
    available = available / 10 * 9 / (size_t)point_arrays(s->point.op);
    if (bytes < least)
        bytes = least;
    if (bytes > available)
        bytes = available;
    if (bytes < least || bytes / sizeof(double) < STREAM_GPU_BLOCK)
        return ERR(e, ERR_NOTSUP, "arrays of %.0f MiB, %d times the L2, do not fit: %.0f MiB each",
                   (double)least / (1 << 20), L2_TIMES, (double)available / (1 << 20));
    s->args.n = bytes / sizeof(double) / STREAM_GPU_BLOCK * STREAM_GPU_BLOCK;
out:
    return rc;
}

static int make_array(struct memory_gpu *s, double **out, int which, struct err *e)
{
    size_t bytes = s->args.n * sizeof(double);
    void *d = NULL;
    int rc = 0;

    if (s->point.level == POINT_HOST && s->point.memory == POINT_PINNED)
        TRY(gpu_link_pinned(&d, bytes, e));
    else if (s->point.level == POINT_HOST)
        TRY(gpu_link_managed(s->gpu, &d, bytes, e));
    else
        TRY(gpu_alloc(&d, bytes, e));
    *out = d;
    TRY(stream_gpu_make(*out, s->args.n, s->seed, which, gpu_stream_of(s->gpu), e));
out:
    return rc;
}

static int make_arrays(struct memory_gpu *s, struct err *e)
{
    size_t sums = s->args.n / 2048;
    void *d = NULL;
    int rc = 0;

    TRY(make_array(s, &s->args.a, 0, e));
    if (point_arrays(s->point.op) >= 2)
        TRY(make_array(s, &s->d_b, 1, e));
    if (point_arrays(s->point.op) >= 3)
        TRY(make_array(s, &s->d_c, 2, e));
    s->args.b = s->d_b;
    s->args.c = s->d_c;
    if (s->point.op == POINT_READ) {
        TRY(gpu_alloc(&d, sums * sizeof(*s->args.sums), e));
        s->args.sums = d;
    }
    TRY(gpu_alloc(&d, sizeof(*s->d_wrong), e));
    s->d_wrong = d;
    TRY(gpu_sync(gpu_stream_of(s->gpu), e));
out:
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_gpu *s = state;
    int best, rc = 0;

    s->point = point_of(c->params);
    s->gpu = c->device_handle;
    s->seed = c->seed;
    s->args.value = POINT_FACTOR;
    s->args.multiprocessors = gpu_properties_of(s->gpu)->multiprocessors;
    TRY(gpu_enter(s->gpu, e));
    TRY(size_arrays(s, e));
    TRY(make_arrays(s, e));
    for (int v = 0; v < stream_gpu_variants(); v++)
        if (stream_gpu_does(v, op_of(s->point)))
            s->tried[s->n_tried++] = v;
    if (s->point.memory == POINT_MANAGED) {
        s->n_tried = 1; /* the pages' way is what is measured, not the loop */
        c->max_reps = 1;
        result_note(c->result,
                    "the pages are at the host before each repetition, and come by fault");
    }
    TRY(pick_fastest(c, s->n_tried, try_variant, s, &best, e));
    s->variant = s->tried[best];
    snprintf(c->variant, sizeof(c->variant), "%s", stream_gpu_name(s->variant));
    snprintf(c->inputs, sizeof(c->inputs), "integers 0-1023 in FP64, seed %llu",
             (unsigned long long)s->seed);
    result_note(c->result, "%.0f MiB an array, %d array%s; the L2 has %.0f MiB",
                (double)(s->args.n * sizeof(double)) / (1 << 20), point_arrays(s->point.op),
                point_arrays(s->point.op) > 1 ? "s" : "",
                (double)gpu_properties_of(s->gpu)->l2_bytes / (1 << 20));
out:
    return rc;
}

static double wanted(const struct memory_gpu *s, uint64_t i)
{
    switch (s->point.op) {
    case POINT_READ: return point_value(s->seed, 0, i);
    case POINT_COPY: return point_value(s->seed, 1, i);
    case POINT_TRIAD: return point_value(s->seed, 1, i) + POINT_FACTOR * point_value(s->seed, 2, i);
    case POINT_WRITE:
    case POINT_LATENCY:
    case POINT_H2D:
    case POINT_D2H:
    case POINT_BIDIRECTIONAL: break;
    }
    return s->args.value;
}

/* A few slices by the host: of the output, or, where the op only reads, of the input. */
static int check_slices(struct memory_gpu *s, size_t *wrong, struct err *e)
{
    size_t n = s->args.n < SLICE ? s->args.n : SLICE;
    double *slice = mem_calloc(n, sizeof(*slice));
    int rc = 0;

    if (!slice)
        return ERR(e, ERR_NOMEM, "no memory to check %zu elements", n);
    for (size_t k = 0; k < SLICES; k++) {
        size_t first = (s->args.n - n) / (SLICES - 1) * k;

        TRY(gpu_to_host(slice, s->args.a + first, n * sizeof(*slice), gpu_stream_of(s->gpu), e));
        for (size_t i = 0; i < n; i++)
            *wrong += !(slice[i] == wanted(s, first + i));
    }
out:
    mem_free(slice);
    return rc;
}

/* read: the sum of the partial sums against one made by the host without the array. */
static int check_sum(struct memory_gpu *s, size_t *wrong, struct err *e)
{
    size_t n = stream_gpu_sums(s->variant, s->args.n, s->args.multiprocessors);
    uint64_t *sums = mem_calloc(n, sizeof(*sums)), got = 0;
    int rc = 0;

    if (!sums)
        return ERR(e, ERR_NOMEM, "no memory to check %zu sums", n);
    TRY(gpu_to_host(sums, s->args.sums, n * sizeof(*sums), gpu_stream_of(s->gpu), e));
    for (size_t i = 0; i < n; i++)
        got += sums[i];
    if (!s->summed) {
        for (uint64_t i = 0; i < s->args.n; i++)
            s->want_sum += point_bits(point_value(s->seed, 0, i));
        s->summed = true;
    }
    *wrong += got != s->want_sum;
out:
    mem_free(sums);
    return rc;
}

/* Every element, by a kernel that looks at one element a thread. */
static int check_elements(struct memory_gpu *s, size_t *wrong, struct err *e)
{
    static const enum stream_gpu_want wants[] = {
        [POINT_WRITE] = STREAM_GPU_WANT_VALUE,
        [POINT_COPY] = STREAM_GPU_WANT_MADE,
        [POINT_TRIAD] = STREAM_GPU_WANT_TRIAD,
    };
    unsigned long long n = 0;
    gpu_stream stream = gpu_stream_of(s->gpu);
    int rc = 0;

    TRY(gpu_fill(s->d_wrong, 0, sizeof(n), stream, e));
    TRY(stream_gpu_check(s->args.a, s->args.n, s->seed, wants[s->point.op], s->args.value,
                         s->d_wrong, stream, e));
    TRY(gpu_to_host(&n, s->d_wrong, sizeof(n), stream, e));
    *wrong += n;
out:
    return rc;
}

/* Nothing that a check could take for a result may be there before. */
static int poison(struct memory_gpu *s, struct err *e)
{
    gpu_stream stream = gpu_stream_of(s->gpu);

    if (s->point.op == POINT_READ)
        return gpu_fill(s->args.sums, 0xff, s->args.n / 2048 * sizeof(*s->args.sums), stream, e);
    return gpu_fill(s->args.a, 0xff, s->args.n * sizeof(double), stream, e);
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    static const char *const references[] = {
        [POINT_READ] = "64-bit sum of the values made anew by the host",
        [POINT_WRITE] = "every element against the value written last",
        [POINT_COPY] = "every element against its value made anew",
        [POINT_TRIAD] = "every element against b + 3 c made anew, exact in FP64",
    };
    struct memory_gpu *s = state;
    size_t wrong = 0;
    int rc = 0;

    snprintf(c->check.reference, sizeof(c->check.reference), "%s", references[s->point.op]);
    c->check.tolerance = 0;
    TRY(gpu_enter(s->gpu, e));
    if (!s->verified) {
        TRY(poison(s, e));
        TRY(once(c, s, e));
    }
    s->verified = true;
    TRY(check_slices(s, &wrong, e));
    if (s->point.op == POINT_READ)
        TRY(check_sum(s, &wrong, e));
    else
        TRY(check_elements(s, &wrong, e));
    c->check.error = (double)wrong;
    if (wrong > 0)
        rc = ERR(e, ERR_MISMATCH, "%s (%s): %zu %s wrong", c->variant, params_text(c->params, "op"),
                 wrong, s->point.op == POINT_READ ? "sums or inputs are" : "elements are");
out:
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct memory_gpu *s = state;

    enum work_memory where = s->point.level == POINT_HBM             ? WORK_HBM
                             : gpu_properties_of(s->gpu)->integrated ? WORK_DRAM
                                                                     : WORK_LINK;

    (void)c;
    w->bytes[where] = point_bytes(s->point.op) * (double)s->args.n;
    if (s->point.op == POINT_TRIAD)
        w->flops = 2 * (double)s->args.n;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct memory_gpu *s = state;
    const struct gpu_properties *p = gpu_properties_of(s->gpu);
    double bytes_per_s = 2 * p->memory_clock_hz * p->memory_bus_bits / 8;

    if (s->point.level == POINT_HOST && p->integrated)
        return limit_measured(c, out, "silicon.memory",
                              s->point.op == POINT_READ ? "op=read level=hbm threads=all"
                                                        : "op=write level=hbm threads=all",
                              1, e);
    if (s->point.level == POINT_HOST)
        return link_limit(c, &(struct link_limit_of){ s->gpu, NULL, 1 }, out, e);
    if (bytes_per_s > 0)
        limit_paper(out, 1e-9 * bytes_per_s,
                    "2 transfers x %.0f MHz memory clock x %d bit / 8, as the driver says",
                    p->memory_clock_hz * 1e-6, p->memory_bus_bits);
    else
        limit_none(out, "the driver does not say the memory's clock or width");
    return 0;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct memory_gpu *s = state;
    struct err ignored = { 0 };

    (void)c;
    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    if (s->point.level == POINT_HOST && s->point.memory == POINT_PINNED)
        gpu_link_unpin(s->args.a);
    else
        gpu_free(s->args.a);
    gpu_free(s->d_b);
    gpu_free(s->d_c);
    gpu_free(s->args.sums);
    gpu_free(s->d_wrong);
    *s = (struct memory_gpu){ 0 };
}

const struct point_hooks memory_gpu_hooks = {
    .setup = setup,
    .verify = verify,
    .prepare = prepare,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
