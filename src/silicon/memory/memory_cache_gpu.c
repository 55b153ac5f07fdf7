/* memory_cache_gpu.c - silicon.memory inside a GPU's L1 and L2.
 *
 *   l1  32 KiB a multiprocessor, read only: stores go through to the L2
 *   l2  all arrays together a quarter of the L2, which may hold two copies of what both of its
 *       halves are asked for */
#include "silicon/memory/memory_cache_gpu.h"

#include <math.h>
#include <stdio.h>

#include "core/mem.h"
#include "core/size.h"
#include "gpu/gpu.h"

enum {
    L2_PART = 4,           /* a 4th of it */
    REPETITION_MIB_L1 = 64 /* for each multiprocessor; about half a millisecond */
};
static const double REPETITION_BYTES_L2 = 4e9;

static enum stream_gpu_op op_of(struct point p)
{
    return (enum stream_gpu_op)p.op;
}

static double bytes_of_pass(const struct memory_cache_gpu *s)
{
    return point_bytes(s->point.op) * (double)s->args.n;
}

static int size_arrays(struct memory_cache_gpu *s, struct err *e)
{
    const struct gpu_properties *p = gpu_properties_of(s->gpu);
    size_t array = p->l2_bytes / L2_PART / (size_t)point_arrays(s->point.op);

    s->args.multiprocessors = p->multiprocessors;
    if (s->point.level == POINT_L1) {
        s->args.n = (size_t)p->multiprocessors * CACHE_GPU_L1_PART;
        s->args.passes = (REPETITION_MIB_L1 << 20) / (CACHE_GPU_L1_PART * sizeof(double));
        return 0;
    }
    s->args.n = array / sizeof(double) / CACHE_GPU_BLOCK * CACHE_GPU_BLOCK;
    if (s->args.n < 8 * CACHE_GPU_BLOCK)
        return ERR(e, ERR_NOTSUP, "an L2 of %zu KiB is too small to measure alone",
                   p->l2_bytes >> 10);
    s->args.passes = (unsigned)fmax(1, REPETITION_BYTES_L2 / bytes_of_pass(s));
    return 0;
}

static int make_array(struct memory_cache_gpu *s, double **out, int which, struct err *e)
{
    void *d = NULL;
    int rc = 0;

    TRY(gpu_alloc(&d, s->args.n * sizeof(double), e));
    *out = d;
    TRY(stream_gpu_make(*out, s->args.n, s->seed, which, gpu_stream_of(s->gpu), e));
out:
    return rc;
}

static int make_arrays(struct memory_cache_gpu *s, struct err *e)
{
    void *d = NULL;
    int rc = 0;

    TRY(make_array(s, &s->args.a, 0, e));
    if (point_arrays(s->point.op) >= 2)
        TRY(make_array(s, &s->d_b, 1, e));
    if (point_arrays(s->point.op) >= 3)
        TRY(make_array(s, &s->d_c, 2, e));
    s->args.b = s->d_b;
    s->args.c = s->d_c;
    TRY(gpu_alloc(&d, (size_t)cache_gpu_sums(s->args.multiprocessors) * sizeof(uint32_t), e));
    s->args.sums = d;
    TRY(gpu_alloc(&d, sizeof(*s->d_wrong), e));
    s->d_wrong = d;
    TRY(gpu_sync(gpu_stream_of(s->gpu), e));
out:
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_cache_gpu *s = state;
    char size[SIZE_TEXT];
    int rc = 0;

    s->point = point_of(c->params);
    s->gpu = c->device_handle;
    s->seed = c->seed;
    s->args.value = POINT_FACTOR;
    TRY(gpu_enter(s->gpu, e));
    TRY(size_arrays(s, e));
    TRY(make_arrays(s, e));
    for (uint64_t i = 0; s->point.op == POINT_READ && i < s->args.n; i++) {
        uint64_t bits = point_bits(point_value(s->seed, 0, i));

        s->want_sum += (uint32_t)bits + (uint32_t)(bits >> 32);
    }
    snprintf(c->variant, sizeof(c->variant), "%s",
             s->point.level == POINT_L1 ? "2 x 16 B a thread, ld.ca" : "4 x 16 B a thread, .cg");
    snprintf(c->inputs, sizeof(c->inputs), "integers 0-1023 in FP64, seed %llu",
             (unsigned long long)s->seed);
    result_note(c->result, "%s in %d array%s, %u passes a launch",
                size_text(size, s->args.n * sizeof(double) * (size_t)point_arrays(s->point.op)),
                point_arrays(s->point.op), point_arrays(s->point.op) > 1 ? "s" : "",
                s->args.passes);
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_cache_gpu *s = state;

    (void)c;
    if (s->point.op == POINT_WRITE)
        s->args.value = s->args.value >= 1e6 ? 1 : s->args.value + 1;
    if (s->point.level == POINT_L1)
        return cache_gpu_read_l1(&s->args, gpu_stream_of(s->gpu), e);
    return cache_gpu_l2(op_of(s->point), &s->args, gpu_stream_of(s->gpu), e);
}

/* read: all blocks' sums together. */
static int check_sum(struct memory_cache_gpu *s, size_t *wrong, struct err *e)
{
    int n = s->point.level == POINT_L1 ? s->args.multiprocessors
                                       : cache_gpu_sums(s->args.multiprocessors);
    uint32_t *sums = mem_calloc((size_t)n, sizeof(*sums)), got = 0;
    int rc = 0;

    if (!sums)
        return ERR(e, ERR_NOMEM, "no memory to check %d sums", n);
    TRY(gpu_to_host(sums, s->args.sums, (size_t)n * sizeof(*sums), gpu_stream_of(s->gpu), e));
    for (int i = 0; i < n; i++)
        got += sums[i];
    *wrong += got != s->want_sum * s->args.passes;
out:
    mem_free(sums);
    return rc;
}

static int check_elements(struct memory_cache_gpu *s, size_t *wrong, struct err *e)
{
    enum stream_gpu_want want = s->point.op == POINT_WRITE  ? STREAM_GPU_WANT_VALUE
                                : s->point.op == POINT_COPY ? STREAM_GPU_WANT_MADE
                                                            : STREAM_GPU_WANT_TRIAD;
    gpu_stream stream = gpu_stream_of(s->gpu);
    unsigned long long n = 0;
    int rc = 0;

    TRY(gpu_fill(s->d_wrong, 0, sizeof(n), stream, e));
    TRY(stream_gpu_check(s->args.a, s->args.n, s->seed, want, s->args.value, s->d_wrong, stream,
                         e));
    TRY(gpu_to_host(&n, s->d_wrong, sizeof(n), stream, e));
    *wrong += n;
out:
    return rc;
}

/* Nothing that a check could take for a result may be there before. */
static int poison(struct memory_cache_gpu *s, struct err *e)
{
    size_t sums = (size_t)cache_gpu_sums(s->args.multiprocessors) * sizeof(*s->args.sums);

    if (s->point.op == POINT_READ)
        return gpu_fill(s->args.sums, 0xff, sums, gpu_stream_of(s->gpu), e);
    return gpu_fill(s->args.a, 0xff, s->args.n * sizeof(double), gpu_stream_of(s->gpu), e);
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_cache_gpu *s = state;
    size_t wrong = 0;
    int rc = 0;

    snprintf(c->check.reference, sizeof(c->check.reference), "%s",
             s->point.op == POINT_READ ? "32-bit sum of all passes, made anew by the host"
                                       : "every element against its value made anew");
    c->check.tolerance = 0;
    /* First what the timed repetitions left, then a repetition over poisoned memory. */
    for (int fresh = s->verified ? 0 : 1; fresh <= 1 && wrong == 0; fresh++) {
        if (fresh) {
            TRY(poison(s, e));
            TRY(once(c, s, e));
        }
        if (s->point.op == POINT_READ)
            TRY(check_sum(s, &wrong, e));
        else
            TRY(check_elements(s, &wrong, e));
    }
    s->verified = true;
    c->check.error = (double)wrong;
    if (wrong > 0)
        rc = ERR(e, ERR_MISMATCH, "%s (%s): %zu %s wrong", c->variant, params_text(c->params, "op"),
                 wrong, s->point.op == POINT_READ ? "sums are" : "elements are");
out:
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct memory_cache_gpu *s = state;

    (void)c;
    w->bytes[WORK_CACHE] = bytes_of_pass(s) * s->args.passes;
    if (s->point.op == POINT_TRIAD)
        w->flops = 2 * (double)s->args.n * s->args.passes;
}

/* Bytes a clock that one multiprocessor loads from its L1, and stores: CUDA C++ Programming Guide,
 * architecture sections, and the tuning guides; Turing has half of what its neighbours have. */
static int l1_bytes_per_clock(int capability)
{
    return capability == 75 ? 64 : 128;
}

/* What comes from the L2 passes the L1 on its way: its rate bounds both, the L2 generously. */
static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct memory_cache_gpu *s = state;
    const struct gpu_properties *p = gpu_properties_of(s->gpu);
    int bytes = l1_bytes_per_clock(p->capability);
    bool seen = isfinite(c->clock_hz);
    double hz = seen ? c->clock_hz : p->clock_hz;
    /* Loads and stores have ways of their own. */
    int ways = s->point.op == POINT_COPY || s->point.op == POINT_TRIAD ? 2 : 1;

    (void)e;
    if (hz > 0)
        limit_paper(out, 1e-9 * hz * bytes * p->multiprocessors * ways,
                    "%d multiprocessors x %d B a clock%s x %.2f GHz (%s)%s", p->multiprocessors,
                    bytes, ways > 1 ? " in and out" : "", hz * 1e-9, seen ? "seen" : "highest",
                    s->point.level == POINT_L2 ? "; the L2's own rate is not published" : "");
    else
        limit_none(out, "the GPU's clock is not known");
    return 0;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct memory_cache_gpu *s = state;
    struct err ignored = { 0 };

    (void)c;
    if (!s->gpu || gpu_enter(s->gpu, &ignored) < 0)
        return;
    gpu_free(s->args.a);
    gpu_free(s->d_b);
    gpu_free(s->d_c);
    gpu_free(s->args.sums);
    gpu_free(s->d_wrong);
    *s = (struct memory_cache_gpu){ 0 };
}

const struct point_hooks memory_cache_gpu_hooks = {
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
