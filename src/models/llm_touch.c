/* llm_touch.c - models.llm.touch: how fast the cores read a model's weights, as they are mapped.
 *
 * The ceiling of decoding, which has to read them all for every token: the same bytes, in the same
 * caches and pages, and nothing done with them but a sum.
 *
 * Check  the sum of every tensor against a plain loop. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/pick.h"
#include "core/pool.h"
#include "host/cpu.h"
#include "models/llm/llm_subject.h"
#include "silicon/memory/stream.h"

enum {
    CHUNK = 256 << 10, /* bytes a thread takes at a time */
    PIECE = 4 << 10,
    AHEAD = 12 << 10, /* asked for before it is read: hardware stops at the end of a 4 KiB page */
    CANDIDATES = 8
};

struct chunk {
    const double *p; /* 64-byte aligned */
    size_t n;        /* doubles, a multiple of STREAM_BLOCK */
};

struct state {
    struct llm_subject subject;
    struct pool *pool;
    struct chunk *chunks;
    size_t n_chunks;
    double bytes;
    struct way {
        const struct stream_variant *variant;
        bool ahead;
    } way, candidates[CANDIDATES];
    atomic_size_t next;
    atomic_ullong sum;
};

static const struct axis axes[] = { LLM_AXIS_MODEL, LLM_AXIS_DTYPE, LLM_AXIS_THREADS };

static const struct plan plans[] = {
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "threads=one,all", 0.5 },
};

static void cut(struct state *s, const struct tensor *t, size_t *n)
{
    uintptr_t from = ((uintptr_t)t->data + 63) / 64 * 64;
    uintptr_t end = (uintptr_t)t->data + t->bytes;
    size_t unit = STREAM_BLOCK * sizeof(double);

    while (end > from && end - from >= unit) {
        size_t bytes = end - from < CHUNK ? (end - from) / unit * unit : CHUNK;

        if (s->chunks) {
            s->chunks[*n] = (struct chunk){ (const double *)from, bytes / sizeof(double) };
            s->bytes += (double)bytes;
        }
        ++*n;
        from += bytes;
    }
}

static int cut_all(struct state *s, struct err *e)
{
    size_t n;
    const struct tensor *t = model_file_tensors(llm_model_file(s->subject.model), &n);

    for (size_t i = 0; i < n; i++)
        cut(s, &t[i], &s->n_chunks);
    s->chunks = mem_calloc(s->n_chunks, sizeof(*s->chunks));
    if (!s->chunks)
        return ERR(e, ERR_NOMEM, "no memory for %zu chunks", s->n_chunks);
    s->n_chunks = 0;
    for (size_t i = 0; i < n; i++)
        cut(s, &t[i], &s->n_chunks);
    return 0;
}

static uint64_t read_ahead(const struct stream_variant *v, const struct chunk *c)
{
    enum { EACH = PIECE / sizeof(double) };
    uint64_t sum = 0;

    for (size_t at = 0; at < c->n; at += EACH) {
        size_t n = c->n - at < EACH ? c->n - at : EACH;
        const char *next = (const char *)(c->p + at) + AHEAD;

        for (size_t line = 0; line < n * sizeof(double); line += 64)
            __builtin_prefetch(next + line);
        sum += v->read(c->p + at, n, 1);
    }
    return sum;
}

static void touch(void *arg, int thread)
{
    struct state *s = arg;
    uint64_t sum = 0;
    size_t i;

    (void)thread;
    while ((i = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed)) < s->n_chunks)
        sum += s->way.ahead ? read_ahead(s->way.variant, &s->chunks[i])
                            : s->way.variant->read(s->chunks[i].p, s->chunks[i].n, 1);
    atomic_fetch_add(&s->sum, sum);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    (void)e;
    atomic_store(&s->next, 0);
    atomic_store(&s->sum, 0);
    pool_run(s->pool, touch, s);
    return 0;
}

static int try_one(struct bench_ctx *c, void *self, int which, struct err *e)
{
    struct state *s = self;

    s->way = s->candidates[which];
    return once(c, s, e);
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct cpu_info *cpu = cpu_here();
    int n = 0, best, rc = 0;

    TRY(llm_subject_open(&s->subject, c, e));
    TRY(cut_all(s, e));
    if (params_get(c->params, "threads") == 0)
        TRY(pool_new(&s->pool, 1, &cpu->best_cpu, e));
    else
        TRY(pool_new(&s->pool, cpu->n_cores_all, cpu->cores, e));
    for (int i = 0; stream_variants[i] && n + 2 <= CANDIDATES; i++)
        for (int ahead = 1; ahead >= 0; ahead--)
            if (stream_here(stream_variants[i]) && stream_variants[i]->read)
                s->candidates[n++] = (struct way){ stream_variants[i], ahead == 1 };
    s->way = s->candidates[0];
    TRY(pick_fastest(c, n, try_one, s, &best, e));
    s->way = s->candidates[best];
    snprintf(c->variant, sizeof(c->variant), "%s%s", s->way.variant->name,
             s->way.ahead ? ", 12 KiB ahead" : "");
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    uint64_t expected = 0;
    int rc = 0;

    TRY(once(c, s, e));
    for (size_t i = 0; i < s->n_chunks; i++)
        for (size_t k = 0; k < s->chunks[i].n; k++) {
            uint64_t word;

            memcpy(&word, &s->chunks[i].p[k], sizeof(word));
            expected += word;
        }
    snprintf(c->check.reference, sizeof(c->check.reference), "a plain loop's sum of the words");
    c->check.error = expected == atomic_load(&s->sum) ? 0 : 1;
    c->check.tolerance = 0;
    TRY(model_file_check(llm_model_file(s->subject.model), e));
    if (c->check.error > 0)
        rc = ERR(e, ERR_MISMATCH, "the sum of the weights is not what a plain loop finds");
out:
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;

    (void)c;
    w->bytes[WORK_DRAM] = s->bytes;
    w->items = 1;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    char settings[80];

    if (llm_subject_in_caches(s->bytes)) {
        limit_none(out, "caches hold a part of it: between silicon.memory's l%d and dram",
                   cpu_cache_levels(cpu_here()));
        return 0;
    }
    snprintf(settings, sizeof(settings), "op=read level=dram threads=%s",
             params_text(c->params, "threads"));
    return limit_measured(c, out, "silicon.memory", settings, 1, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    pool_free(s->pool);
    mem_free(s->chunks);
    llm_subject_close(&s->subject);
}

const struct bench bench_models_llm_touch = {
    .name = "models.llm.touch",
    .question = "How fast do the cores read a model's weights?",
    .devices = DEVICE_CPU,
    .metric = { .name = "bandwidth",
                .unit = "GB/s",
                .basis = METRIC_BYTES_PER_S,
                .scale = 1e-9,
                .direction = HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .setup_timeout_s = 120,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
