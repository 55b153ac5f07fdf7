/* llm_load.c - models.llm.load: how long a model's file takes until the first token.
 *
 * do=token   open the file, make an engine, take one token through the model: GB/s of the file
 * do=touch   map the file and read every byte once with all cores: what do=token is held against
 *
 * cache=warm finds the file in the page cache, cache=cold has it dropped from there before each
 * repetition.  Random weights are written to an unnamed file in --dir.
 *
 * Check  the logits against the reference path; every byte of touch is in its sum. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "host/cpu.h"
#include "models/llm/llm_subject.h"
#include "silicon/memory/stream.h"

enum { DO_TOKEN, DO_TOUCH };
enum { CACHE_WARM, CACHE_COLD };
enum { CHUNK = 1 << 20 };

struct state {
    struct llm_subject subject; /* its model is closed while we measure: a mapped page stays */
    int fd;
    char path[1200];
    size_t bytes;
    int32_t token;
    float *logits;
    bool cold, touch;
    struct pool *pool; /* touch */
    const unsigned char *map;
    const struct stream_variant *variant;
    atomic_size_t next;
    atomic_ullong sum, expected;
    bool known;
};

static const char *const do_names[] = { "token", "touch", NULL };
static const char *const cache_names[] = { "warm", "cold", NULL };

static const struct axis axes[] = {
    LLM_AXIS_MODEL,
    LLM_AXIS_THREADS,
    { .name = "do",
      .help = "from the file's name to the first token, or read every byte of the file once",
      .kind = AXIS_ENUM,
      .names = do_names,
      .normal = "token" },
    { .name = "cache",
      .help = "the file is in the page cache, or was dropped from it",
      .kind = AXIS_ENUM,
      .names = cache_names,
      .normal = "warm,cold" },
};

static const struct plan plans[] = {
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "do=token cache=warm,cold", 1.5 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "do=touch cache=warm,cold", 1.0 },
};

/* Random weights go to a file without a name, which can be opened below /proc all the same. */
static int write_scratch(struct state *s, const char *dir, struct err *e)
{
    char name[1100];

    s->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0 && snprintf(name, sizeof(name), "%s/.headroom-XXXXXX", dir) < (int)sizeof(name)) {
        s->fd = mkostemp(name, O_CLOEXEC);
        if (s->fd >= 0)
            unlink(name);
    }
    if (s->fd < 0)
        return ERR(e, ERR_IO, "%.150s: %s", dir, strerror(errno));
    for (size_t at = 0; at < s->subject.n_bytes;) {
        ssize_t n = write(s->fd, (const char *)s->subject.bytes + at, s->subject.n_bytes - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR(e, ERR_IO, "write to a file in %.150s: %s", dir, strerror(errno));
        at += (size_t)n;
    }
    snprintf(s->path, sizeof(s->path), "/proc/self/fd/%d", s->fd);
    return 0;
}

static int open_file(struct state *s, const char *dir, struct err *e)
{
    struct stat st;

    if (s->subject.bytes)
        return write_scratch(s, dir, e);
    snprintf(s->path, sizeof(s->path), "%s", s->subject.path);
    s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &st) < 0)
        return ERR(e, ERR_IO, "%.150s: %s", s->path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return ERR(e, ERR_NOTSUP, "%.150s is no single file", s->path);
    return 0;
}

/* The share of the file's pages that the page cache holds. */
static double cached(const struct state *s)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (s->bytes + page - 1) / page, in = 0;
    unsigned char *resident = mem_calloc(n, 1);
    void *map = mmap(NULL, s->bytes, PROT_READ, MAP_SHARED, s->fd, 0);

    if (resident && map != MAP_FAILED && mincore(map, s->bytes, resident) == 0)
        for (size_t i = 0; i < n; i++)
            in += resident[i] & 1;
    if (map != MAP_FAILED)
        munmap(map, s->bytes);
    mem_free(resident);
    return (double)in / (double)n;
}

static int drop(const struct state *s, struct err *e)
{
    if (fdatasync(s->fd) < 0 && errno != EROFS && errno != EINVAL && errno != EBADF)
        return ERR(e, ERR_IO, "%.150s: %s", s->path, strerror(errno));
    posix_fadvise(s->fd, 0, 0, POSIX_FADV_DONTNEED);
    if (cached(s) > 0.01)
        return ERR(e, ERR_NOTSUP, "the page cache keeps %.0f %% of the file", 100 * cached(s));
    return 0;
}

/* ---- reading every byte ---- */

static void touch(void *arg, int thread)
{
    struct state *s = arg;
    uint64_t sum = 0;

    (void)thread;
    for (;;) {
        size_t at = atomic_fetch_add_explicit(&s->next, CHUNK, memory_order_relaxed), n;

        if (at >= s->bytes)
            break;
        n = s->bytes - at < CHUNK ? s->bytes - at : CHUNK;
        if (n == CHUNK)
            sum += s->variant->read((const double *)(const void *)(s->map + at),
                                    CHUNK / sizeof(double), 1);
        else
            for (size_t i = 0; i < n; i++)
                sum += s->map[at + i];
    }
    atomic_fetch_add(&s->sum, sum);
}

static int touch_once(struct state *s, struct err *e)
{
    s->map = mmap(NULL, s->bytes, PROT_READ, MAP_SHARED, s->fd, 0);
    if (s->map == MAP_FAILED)
        return ERR(e, ERR_IO, "%.150s: %s", s->path, strerror(errno));
    atomic_store(&s->next, 0);
    atomic_store(&s->sum, 0);
    pool_run(s->pool, touch, s);
    munmap((void *)(uintptr_t)s->map, s->bytes);
    return 0;
}

/* ---- the first token ---- */

static int token_once(struct bench_ctx *c, struct state *s, struct err *e)
{
    struct llm_model *m = NULL;
    struct llm *g = NULL;
    struct llm_options o = { .context = 512,
                             .threads = params_get(c->params, "threads") == 0 ? 1 : 0,
                             .kv_dtype = DTYPE_F16 };
    struct llm_prompt p = { .tokens = &s->token, .n = 1, .logits = s->logits };
    int rc = 0;

    TRY(llm_model_open(&m, s->path, e));
    TRY(llm_new(&g, m, &o, e));
    TRY(llm_prefill(g, &p, e));
out:
    llm_free(g);
    llm_model_close(m);
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct cpu_info *cpu = cpu_here();
    int rc = 0;

    s->fd = -1;
    s->cold = params_get(c->params, "cache") == CACHE_COLD;
    s->touch = params_get(c->params, "do") == DO_TOUCH;
    TRY(llm_subject_open(&s->subject, c, e));
    TRY(open_file(s, c->dir, e));
    s->bytes = (size_t)lseek(s->fd, 0, SEEK_END);
    TRY(llm_subject_tokens(&s->subject, 1, &s->token, e));
    s->logits = mem_calloc((size_t)llm_model_config(s->subject.model)->vocab, sizeof(*s->logits));
    if (!s->logits)
        return ERR(e, ERR_NOMEM, "no memory for the logits");
    if (s->touch && params_get(c->params, "threads") == 0)
        TRY(pool_new(&s->pool, 1, &cpu->best_cpu, e));
    else if (s->touch)
        TRY(pool_new(&s->pool, cpu->n_cores_all, cpu->cores, e));
    for (int i = 0; stream_variants[i] && !s->variant; i++)
        if (stream_here(stream_variants[i]) && stream_variants[i]->read)
            s->variant = stream_variants[i];
    snprintf(c->variant, sizeof(c->variant), "%s", s->touch ? s->variant->name : "mapped");
    if (s->cold)
        c->max_reps = 1;
out:
    return rc;
}

static int check_touch(struct bench_ctx *c, struct state *s, struct err *e)
{
    unsigned char buf[4096];
    uint64_t expected = 0, word;
    size_t whole = s->bytes / CHUNK * CHUNK;
    int rc = 0;

    for (size_t at = 0; at < s->bytes; at += sizeof(buf)) {
        ssize_t n = pread(s->fd, buf, sizeof(buf), (off_t)at);

        if (n <= 0)
            return ERR(e, ERR_IO, "%.150s: %s", s->path, n < 0 ? strerror(errno) : "it shrank");
        if (at < whole)
            for (size_t i = 0; i < sizeof(buf); i += sizeof(word)) {
                memcpy(&word, buf + i, sizeof(word));
                expected += word;
            }
        else
            for (ssize_t i = 0; i < n; i++)
                expected += buf[i];
    }
    TRY(touch_once(s, e));
    snprintf(c->check.reference, sizeof(c->check.reference), "the sum of what read() gives");
    c->check.error = expected == atomic_load(&s->sum) ? 0 : 1;
    c->check.tolerance = 0;
    if (c->check.error > 0)
        rc = ERR(e, ERR_MISMATCH, "the mapped bytes are not those that read() gives");
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    struct llm_options o = { .context = 64, .kv_dtype = DTYPE_F16 };
    struct llm *g = NULL;
    int rc = 0;

    if (s->touch) {
        TRY(check_touch(c, s, e));
        goto out;
    }
    if (!s->subject.model) {
        TRY(llm_model_open(&s->subject.model, s->path, e));
        TRY(tokenizer_open(&s->subject.tokenizer, llm_model_file(s->subject.model), e));
    }
    TRY(llm_new(&g, s->subject.model, &o, e));
    TRY(llm_subject_check(&s->subject, g, c, e));
out:
    llm_free(g);
    /* While it is open its pages are in use, and nothing can drop them. */
    tokenizer_close(s->subject.tokenizer);
    s->subject.tokenizer = NULL;
    llm_model_close(s->subject.model);
    s->subject.model = NULL;
    return rc;
}

static int prepare(struct bench_ctx *c, void *state, struct err *e)
{
    const struct state *s = state;

    (void)c;
    return s->cold ? drop(s, e) : 0;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    return s->touch ? touch_once(s, e) : token_once(c, s, e);
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;

    (void)c;
    w->bytes[s->cold ? WORK_STORAGE : WORK_DRAM] = (double)s->bytes;
    w->items = 1;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    char settings[160];

    if (!s->touch) {
        snprintf(settings, sizeof(settings), "model=%s threads=%s do=touch cache=%s",
                 params_text(c->params, "model"), params_text(c->params, "threads"),
                 params_text(c->params, "cache"));
        return limit_measured(c, out, c->bench->name, settings, 1, e);
    }
    if (s->cold) { /* reading ahead may get more out of a disk than O_DIRECT at any one depth */
        limit_none(out, "what the disk gives is silicon.storage's question");
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
    mem_free(s->logits);
    llm_subject_close(&s->subject);
    if (s->fd > 0)
        close(s->fd);
}

const struct bench bench_models_llm_load = {
    .name = "models.llm.load",
    .question = "How long does a model's file take until the first token?",
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
    .allocates = true,
    .setup = setup,
    .verify = verify,
    .prepare = prepare,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
