/* memory_stream.c - silicon.memory's streams on a CPU.
 *
 * Each thread walks arrays of its own.  At DRAM a repetition is one pass over all arrays; in the
 * caches it is as many passes as move about PASS_BYTES a thread, so that starting the threads
 * together costs nothing that shows. */
#include "silicon/memory/memory_stream.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/pick.h"
#include "core/size.h"
#include "host/cpu.h"
#include "silicon/memory/place.h"

enum {
    PASS_BYTES = 32 << 20,
    /* Arrays start this much apart modulo a page: a load is never mistaken for one that waits for
     * the stores just before it (the CPUs compare the low 12 bits of addresses first). */
    STAGGER = 512
};

static void map_part(void *state, int thread)
{
    struct memory_stream *s = state;
    struct memory_stream_part *p = &s->parts[thread];
    size_t pitch = s->n + STAGGER / sizeof(double);
    int arrays = point_arrays(s->point.op);
    uint64_t first = (uint64_t)thread * s->n;

    if (region_map(&p->region, pitch * (size_t)arrays * sizeof(double), &p->err) < 0)
        return;
    p->a = p->region.p;
    if (arrays >= 2)
        p->b = p->a + pitch;
    if (arrays >= 3)
        p->c = p->a + 2 * pitch;
    for (size_t i = 0; i < s->n; i++) {
        if (s->point.op == POINT_READ)
            p->a[i] = point_value(s->seed, 0, first + i);
        if (p->b)
            p->b[i] = point_value(s->seed, 1, first + i);
        if (p->c)
            p->c[i] = point_value(s->seed, 2, first + i);
    }
}

static void run_part(void *state, int thread)
{
    struct memory_stream *s = state;
    struct memory_stream_part *p = &s->parts[thread];
    const struct stream_variant *v = s->variant;

    switch (s->point.op) {
    case POINT_READ: p->sum = v->read(p->a, s->n, s->passes); break;
    case POINT_WRITE: v->write(p->a, s->written, s->n, s->passes); break;
    case POINT_COPY: v->copy(p->a, p->b, s->n, s->passes); break;
    case POINT_TRIAD: v->triad(p->a, p->b, p->c, POINT_FACTOR, s->n, s->passes); break;
    case POINT_LATENCY:
    case POINT_H2D:
    case POINT_D2H:
    case POINT_BIDIRECTIONAL: BUG_ON(true);
    }
}

/* Nothing that a check could take for a result may be there before. */
static void poison_part(void *state, int thread)
{
    struct memory_stream *s = state;
    struct memory_stream_part *p = &s->parts[thread];

    p->sum = 0;
    if (s->point.op != POINT_READ)
        memset(p->a, 0xff, s->n * sizeof(double));
}

static void check_part(void *state, int thread)
{
    struct memory_stream *s = state;
    struct memory_stream_part *p = &s->parts[thread];
    uint64_t first = (uint64_t)thread * s->n, sum = 0;

    p->wrong = 0;
    for (size_t i = 0; i < s->n; i++) {
        double want = s->written;

        if (s->point.op == POINT_READ) {
            sum += point_bits(point_value(s->seed, 0, first + i));
            continue;
        }
        if (s->point.op == POINT_COPY)
            want = point_value(s->seed, 1, first + i);
        else if (s->point.op == POINT_TRIAD)
            want = point_value(s->seed, 1, first + i) +
                   POINT_FACTOR * point_value(s->seed, 2, first + i);
        p->wrong += !(p->a[i] == want);
    }
    if (s->point.op == POINT_READ)
        p->wrong = p->sum != sum * s->passes;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_stream *s = state;

    (void)c;
    (void)e;
    s->written = s->written >= 1e6 ? 1 : s->written + 1;
    pool_run(s->pool, run_part, s);
    return 0;
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct memory_stream *s = state;

    s->variant = s->candidates[which];
    return once(c, s, e);
}

/* Every vector width that runs here; streaming stores only where the arrays leave the caches. */
static int candidates_for(struct point point,
                          const struct stream_variant *out[MEMORY_STREAM_CANDIDATES])
{
    bool leaves = point.level == POINT_DRAM && point.op != POINT_READ;
    int n = 0;

    for (int i = 0; stream_variants[i] && n < MEMORY_STREAM_CANDIDATES; i++) {
        const struct stream_variant *v = stream_variants[i];

        if (!stream_here(v) || (v->streaming && !leaves))
            continue;
        if (v == &stream_portable && n > 0)
            continue; /* it is what remains where there is no vector unit */
        out[n++] = v;
    }
    return n;
}

static int map_all(struct memory_stream *s, struct bench_ctx *c, struct err *e)
{
    char size[SIZE_TEXT];
    size_t bytes;

    pool_run(s->pool, map_part, s);
    for (int i = 0; i < s->threads; i++)
        if (s->parts[i].err.code)
            return ERR(e, s->parts[i].err.code, "%s", s->parts[i].err.msg);
    bytes = s->n * sizeof(double) * (size_t)point_arrays(s->point.op);
    result_note(c->result, "%s%s in %s", size_text(size, bytes), s->threads > 1 ? " a thread" : "",
                region_pages_name(s->parts[0].region.pages));
    return 0;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_stream *s = state;
    struct place place;
    size_t array;
    int best, rc = 0;

    s->point = point_of(c->params);
    s->seed = c->seed;
    TRY(place_find(&place, cpu_here(), s->point, e));
    array = place.bytes / (size_t)point_arrays(s->point.op);
    s->n = array / sizeof(double) / STREAM_BLOCK * STREAM_BLOCK;
    if (s->n == 0) {
        rc = ERR(e, ERR_NOTSUP, "a working set of %zu bytes is too small to measure", place.bytes);
        goto out;
    }
    s->passes = 1;
    if (s->point.level != POINT_DRAM && place.bytes < PASS_BYTES)
        s->passes = PASS_BYTES / place.bytes;
    s->threads = place.threads;
    s->parts = mem_calloc((size_t)s->threads, sizeof(*s->parts));
    if (!s->parts) {
        rc = ERR(e, ERR_NOMEM, "no memory for %d threads", s->threads);
        goto out;
    }
    TRY(pool_new(&s->pool, s->threads, place.cpus, e));
    TRY(map_all(s, c, e));
    TRY(pick_fastest(c, candidates_for(s->point, s->candidates), try_variant, s, &best, e));
    s->variant = s->candidates[best];
    snprintf(c->variant, sizeof(c->variant), "%s", s->variant->name);
    snprintf(c->inputs, sizeof(c->inputs), "integers 0-1023 in FP64, seed %llu",
             (unsigned long long)s->seed);
    if (s->point.level == POINT_DRAM && s->point.op != POINT_READ)
        result_note(c->result, "bytes as STREAM counts them: useful reads and writes, no "
                               "write-allocate");
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    static const char *const references[] = {
        [POINT_READ] = "64-bit sum of the values made anew one by one",
        [POINT_WRITE] = "every element against the value written last",
        [POINT_COPY] = "every element against its value made anew",
        [POINT_TRIAD] = "every element against b + 3 c made anew, exact in FP64",
    };
    struct memory_stream *s = state;
    size_t wrong = 0;

    snprintf(c->check.reference, sizeof(c->check.reference), "%s", references[s->point.op]);
    c->check.tolerance = 0;
    /* First what the timed repetitions left, then a repetition over poisoned memory. */
    for (int fresh = s->verified ? 0 : 1; fresh <= 1 && wrong == 0; fresh++) {
        if (fresh) {
            pool_run(s->pool, poison_part, s);
            once(c, s, e);
        }
        pool_run(s->pool, check_part, s);
        for (int i = 0; i < s->threads; i++)
            wrong += s->parts[i].wrong;
    }
    s->verified = true;
    c->check.error = (double)wrong;
    if (wrong > 0)
        return ERR(e, ERR_MISMATCH, "%s (%s): %zu %s wrong", c->variant,
                   params_text(c->params, "op"), wrong,
                   s->point.op == POINT_READ ? "sums are" : "elements are");
    return 0;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct memory_stream *s = state;
    double bytes = point_bytes(s->point.op) * (double)s->n * (double)s->passes * s->threads;

    (void)c;
    w->bytes[s->point.level == POINT_DRAM ? WORK_DRAM : WORK_CACHE] = bytes;
    if (s->point.op == POINT_TRIAD)
        w->flops = 2 * (double)s->n * (double)s->passes * s->threads;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct memory_stream *s = state;

    (void)e;
    place_limit(out, cpu_here(), s->point, s->threads, c->clock_hz);
    return 0;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct memory_stream *s = state;

    (void)c;
    pool_free(s->pool);
    for (int i = 0; s->parts && i < s->threads; i++)
        region_unmap(&s->parts[i].region);
    mem_free(s->parts);
    *s = (struct memory_stream){ 0 };
}

const struct point_hooks memory_stream_hooks = {
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
