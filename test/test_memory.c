/* silicon.memory on the CPU: every variant against plain values, planted wrong kernels, the pointer
 * chase, working sets and bounds of machines made here. */
#include "core/device.h"
#include "core/mem.h"
#include "core/plan.h"
#include "silicon/memory/chase.h"
#include "silicon/memory/memory_latency.h"
#include "silicon/memory/memory_stream.h"
#include "silicon/memory/place.h"
#include "silicon/memory/working_set.h"
#include "test.h"

extern const struct bench bench_silicon_memory;

enum { KIB = 1 << 10, MIB = 1 << 20, GUARD = STREAM_BLOCK };

/* ---- the loops */

/* Guarded arrays on a cache line: [GUARD][n][GUARD]. */
static double *guarded(size_t n, double fill)
{
    double *p = aligned_alloc(64, (n + 2 * GUARD) * sizeof(double));

    for (size_t i = 0; i < n + 2 * GUARD; i++)
        p[i] = fill;
    return p + GUARD;
}

static void release(double *a)
{
    free(a - GUARD);
}

static void check_variant(const struct stream_variant *v, size_t n, size_t passes)
{
    double *a = guarded(n, -7), *b = guarded(n, -8), *c = guarded(n, -9);
    uint64_t sum = 0;
    size_t wrong = 0;

    for (size_t i = 0; i < n; i++) {
        b[i] = point_value(5, 1, i);
        c[i] = point_value(5, 2, i);
        sum += point_bits(b[i]);
    }
    if (v->read)
        CHECK(v->read(b, n, passes) == sum * passes);
    v->write(a, 13, n, passes);
    for (size_t i = 0; i < n; i++)
        wrong += !(a[i] == 13);
    v->copy(a, b, n, passes);
    for (size_t i = 0; i < n; i++)
        wrong += !(a[i] == b[i]);
    v->triad(a, b, c, 3, n, passes);
    for (size_t i = 0; i < n; i++)
        wrong += !(a[i] == point_value(5, 1, i) + 3 * point_value(5, 2, i));
    for (size_t i = 0; i < GUARD; i++) {
        wrong += !(a[n + i] == -7) + !(a[-1 - (ptrdiff_t)i] == -7);
        wrong += !(b[n + i] == -8) + !(c[n + i] == -9);
    }
    CHECK_EQ(wrong, 0);
    release(a);
    release(b);
    release(c);
}

static void test_variants(void)
{
    static const size_t sizes[] = { STREAM_BLOCK, 2 * STREAM_BLOCK, 37 * STREAM_BLOCK, 65536 };
    int here = 0;

    for (int i = 0; stream_variants[i]; i++) {
        if (!stream_here(stream_variants[i])) {
            printf("not on this CPU: %s\n", stream_variants[i]->name);
            continue;
        }
        here++;
        for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            check_variant(stream_variants[i], sizes[k], 1);
            check_variant(stream_variants[i], sizes[k], 3);
        }
    }
    CHECK(here >= 1);
}

/* ---- rows, driven as core drives them */

struct row {
    struct device device;
    struct params params;
    struct result result;
    struct bench_ctx c;
    union {
        struct memory_stream stream;
        struct memory_latency latency;
    } s;
};

static int row_setup(struct row *r, const char *settings, struct err *e)
{
    const struct bench *b = &bench_silicon_memory;

    *r = (struct row){ .device = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops } };
    CHECK(b->state_size >= sizeof(r->s));
    CHECK_EQ(plan_point(b, settings, &r->params, e), 0);
    CHECK(b->exists(&r->params, &device_cpu));
    r->c = (struct bench_ctx){ .bench = b,
                               .device = &r->device,
                               .params = &r->params,
                               .seed = 42,
                               .dir = ".",
                               .result = &r->result,
                               .clock_hz = 3e9 };
    CHECK_EQ(device_cpu_ops.open(&r->device, &r->c.device_handle, e), 0);
    return b->setup(&r->c, &r->s, e);
}

static void row_end(struct row *r)
{
    bench_silicon_memory.teardown(&r->c, &r->s);
    bench_silicon_memory.teardown(&r->c, &r->s); /* a released state is an empty one */
    device_cpu_ops.close(r->c.device_handle);
}

/* Set up, check, run, check: as in a run.  A level that is not there skips. */
static void run_row(const char *settings, double want_bytes_per_element)
{
    const struct bench *b = &bench_silicon_memory;
    struct row r;
    struct err e = { 0 };
    struct work w = { 0 };
    struct limits limits = { .binding = -1 };
    uint64_t allocations;
    int rc = row_setup(&r, settings, &e);

    if (rc == ERR_NOTSUP) {
        printf("%s: %s\n", settings, e.msg);
        row_end(&r);
        return;
    }
    CHECK_EQ(rc, 0);
    CHECK_EQ(b->verify(&r.c, &r.s, &e), 0);
    allocations = mem_count();
    for (int i = 0; i < 3; i++)
        CHECK_EQ(b->once(&r.c, &r.s, &e), 0);
    CHECK_EQ(mem_count(), allocations);
    CHECK_EQ(b->verify(&r.c, &r.s, &e), 0);
    CHECK(r.c.check.error <= r.c.check.tolerance && r.c.check.reference[0]);
    CHECK(r.c.variant[0] && r.c.inputs[0] && r.result.notes[0][0]);
    b->work(&r.c, &r.s, &w);
    CHECK_EQ(b->limit(&r.c, &r.s, &limits, &e), 0);
    CHECK_EQ(limits.n, 1);
    if (want_bytes_per_element > 0)
        CHECK_NEAR(w.bytes[WORK_CACHE],
                   want_bytes_per_element * (double)(r.s.stream.n * r.s.stream.passes) *
                       r.s.stream.threads,
                   0);
    else
        CHECK_NEAR(w.items, (double)r.s.latency.steps, 0);
    if (e.code)
        fprintf(stderr, "%s: %s\n", settings, e.msg);
    row_end(&r);
}

static void test_rows(void)
{
    static const struct {
        const char *op;
        double bytes;
    } ops[] = { { "read", 8 }, { "write", 8 }, { "copy", 16 }, { "triad", 24 } };
    static const char *const levels[] = { "l1", "l2", "l3" };
    char settings[64];

    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
        for (size_t k = 0; k < sizeof(levels) / sizeof(levels[0]); k++)
            for (int all = 0; all < 2; all++) {
                snprintf(settings, sizeof(settings), "op=%s level=%s threads=%s", ops[i].op,
                         levels[k], all ? "all" : "one");
                run_row(settings, ops[i].bytes);
            }
    run_row("op=latency level=l1 threads=one", 0);
    run_row("op=latency level=l2 threads=one", 0);
    run_row("op=latency level=l3 threads=one", 0);
}

/* ---- planted wrong kernels: each is wrong in one place only */

static uint64_t read_forgets_one(const double *a, size_t n, size_t passes)
{
    return stream_portable.read(a, n, passes) - point_bits(a[n - 1]);
}

static uint64_t read_once_only(const double *a, size_t n, size_t passes)
{
    (void)passes;
    return stream_portable.read(a, n, 1);
}

static void write_leaves_last(double *a, double v, size_t n, size_t passes)
{
    stream_portable.write(a, v, n - 1, passes);
}

static void copy_leaves_first(double *a, const double *b, size_t n, size_t passes)
{
    stream_portable.copy(a + 1, b + 1, n - 1, passes);
}

static void copy_shifted(double *a, const double *b, size_t n, size_t passes)
{
    stream_portable.copy(a, b, n, passes);
    a[n / 2] = b[n / 2 - 1] + 1;
}

static void triad_forgets_c(double *a, const double *b, const double *c, double s, size_t n,
                            size_t passes)
{
    (void)s;
    stream_portable.triad(a, b, c, 1, n, passes);
}

static void triad_nan(double *a, const double *b, const double *c, double s, size_t n,
                      size_t passes)
{
    stream_portable.triad(a, b, c, s, n, passes);
    a[n - 1] = NAN;
}

static void plant(const char *settings, struct stream_variant wrong)
{
    const struct bench *b = &bench_silicon_memory;
    struct row r;
    struct err e = { 0 };

    wrong.name = "planted";
    CHECK_EQ(row_setup(&r, settings, &e), 0);
    r.s.stream.variant = &wrong;
    CHECK_EQ(b->verify(&r.c, &r.s, &e), ERR_MISMATCH);
    CHECK(r.c.check.error > 0);
    CHECK(strstr(e.msg, "wrong") != NULL);
    row_end(&r);

    /* Right before the timing, wrong in its last repetition. */
    e = (struct err){ 0 };
    CHECK_EQ(row_setup(&r, settings, &e), 0);
    CHECK_EQ(b->verify(&r.c, &r.s, &e), 0);
    CHECK_EQ(b->once(&r.c, &r.s, &e), 0);
    if (r.s.stream.point.op == POINT_READ)
        r.s.stream.parts[0].sum++;
    else
        r.s.stream.parts[0].a[r.s.stream.n - 1] += 1;
    CHECK_EQ(b->verify(&r.c, &r.s, &e), ERR_MISMATCH);
    row_end(&r);
}

static void test_planted(void)
{
    plant("op=read level=l1 threads=one", (struct stream_variant){ .read = read_forgets_one });
    plant("op=read level=l1 threads=all", (struct stream_variant){ .read = read_once_only });
    plant("op=write level=l1 threads=all", (struct stream_variant){ .write = write_leaves_last });
    plant("op=copy level=l2 threads=one", (struct stream_variant){ .copy = copy_leaves_first });
    plant("op=copy level=l2 threads=all", (struct stream_variant){ .copy = copy_shifted });
    plant("op=triad level=l1 threads=one", (struct stream_variant){ .triad = triad_forgets_c });
    plant("op=triad level=l1 threads=all", (struct stream_variant){ .triad = triad_nan });
}

/* Half a set-up leaves nothing behind, whichever allocation fails. */
static void test_no_memory(void)
{
    static const char *const settings[] = { "op=triad level=l1 threads=all",
                                            "op=latency level=l1 threads=one" };

    for (size_t k = 0; k < 2; k++)
        for (uint64_t i = 1; i < 50; i++) {
            struct row r;
            struct err e = { 0 };
            int rc;

            mem_fail_at(i + 1); /* the first one is the clock's */
            rc = row_setup(&r, settings[k], &e);
            mem_fail_at(0);
            row_end(&r);
            if (rc == 0)
                break;
            CHECK_EQ(rc, ERR_NOMEM);
            CHECK(i < 49);
        }
}

/* ---- the pointer chase */

static void **line_of(void *p, size_t i)
{
    return (void **)((char *)p + i * CHASE_LINE);
}

static void test_chase(void)
{
    static const size_t lines[] = { 2, 3, 63, 64, 65, 1000, 100000 };
    struct err e = { 0 };

    for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++) {
        size_t n = lines[k], bytes = n * CHASE_LINE, steps = 0;
        void *p = aligned_alloc(CHASE_LINE, bytes), *at = p, *keep;

        memset(p, 0, bytes);
        CHECK_EQ(chase_link(p, bytes, 7 + k, &e), 0);
        CHECK_EQ(chase_check(p, bytes, &e), 0);
        do { /* the slow way, by hand */
            at = *(void **)at;
            steps++;
        } while (at != p && steps <= n);
        CHECK_EQ(steps, n);
        CHECK(chase_walk(p, CHASE_UNROLL * n) ==
              p); /* n times around and more is still the start */

        /* Cut in two: swapping two targets of a cycle always does. */
        keep = *line_of(p, 0);
        *line_of(p, 0) = *line_of(p, n - 1);
        *line_of(p, n - 1) = keep;
        e = (struct err){ 0 };
        CHECK_EQ(chase_check(p, bytes, &e), ERR_MISMATCH);
        *line_of(p, n - 1) = *line_of(p, 0);
        *line_of(p, 0) = keep;
        e = (struct err){ 0 };
        CHECK_EQ(chase_check(p, bytes, &e), 0);

        /* Two lines that lead to the same one; a link out of the memory; one to a line's middle. */
        *line_of(p, 0) = *line_of(p, 1);
        CHECK_EQ(chase_check(p, bytes, &e), ERR_MISMATCH);
        *line_of(p, 0) = (char *)p + bytes;
        CHECK_EQ(chase_check(p, bytes, &e), ERR_MISMATCH);
        *line_of(p, 0) = (char *)keep + 8;
        CHECK_EQ(chase_check(p, bytes, &e), ERR_MISMATCH);
        free(p);
        e = (struct err){ 0 };
    }
    CHECK_EQ(chase_link(NULL, CHASE_LINE, 1, &e), ERR_ARG);
}

/* ---- working sets of machines made here */

static int set_of(enum point_level level, struct working_set_caches w, size_t *bytes)
{
    struct err e = { 0 };
    int rc = working_set_bytes(level, &w, bytes, &e);

    CHECK_EQ(rc == 0, e.msg[0] == '\0');
    return rc;
}

static void test_working_sets(void)
{
    struct working_set_caches w = { .l1d = 32 * KIB,
                                    .l2 = MIB,
                                    .l3 = 36 * MIB,
                                    .l3_all = 36 * MIB,
                                    .available = 16 * (size_t)1024 * MIB,
                                    .threads = 2 };
    size_t bytes = 0;

    CHECK_EQ(set_of(POINT_L1, w, &bytes), 0);
    CHECK_EQ(bytes, 16 * KIB);
    CHECK_EQ(set_of(POINT_L2, w, &bytes), 0);
    CHECK_EQ(bytes, 512 * KIB);
    CHECK_EQ(set_of(POINT_L3, w, &bytes), 0);
    CHECK_EQ(bytes, 2 * MIB); /* 4 MiB in all: twice the L2 of two cores */
    CHECK_EQ(set_of(POINT_DRAM, w, &bytes), 0);
    CHECK_EQ(bytes, 128 * MIB); /* 4 x 36 MiB would be less than 256 MiB */
    w.l3_all = 300 * (size_t)MIB;
    CHECK_EQ(set_of(POINT_DRAM, w, &bytes), 0);
    CHECK_EQ(bytes, 600 * (size_t)MIB);
    w.available = 1500 * (size_t)MIB;
    CHECK_EQ(set_of(POINT_DRAM, w, &bytes), ERR_NOTSUP);
    /* 48 cores with 2 MiB of L2 each beside 105 MiB of L3: no set is in L3 alone. */
    w = (struct working_set_caches){
        .l1d = 48 * KIB, .l2 = 2 * MIB, .l3 = 105 * MIB, .l3_all = 105 * MIB, .threads = 48
    };
    CHECK_EQ(set_of(POINT_L3, w, &bytes), ERR_NOTSUP);
    CHECK_EQ(set_of(POINT_DRAM, w, &bytes), ERR_NOTSUP); /* nothing known to be available */
    w = (struct working_set_caches){ .threads = 1 };
    CHECK_EQ(set_of(POINT_L1, w, &bytes), ERR_NOTSUP);
    CHECK_EQ(set_of(POINT_L2, w, &bytes), ERR_NOTSUP);
    CHECK_EQ(set_of(POINT_L3, w, &bytes), ERR_NOTSUP);
    CHECK_EQ(set_of(POINT_HBM, w, &bytes), ERR_NOTSUP);
}

static struct point at(enum point_op op, enum point_level level, bool all)
{
    return (struct point){ .op = op, .level = level, .all = all };
}

/* Two chiplets with 8 cores, 2 threads a core, 32 MiB of L3 each. */
static struct cpu_info *chiplets(void)
{
    static struct cpu_info c;

    c = (struct cpu_info){ .uarch = UARCH_ZEN3,
                           .n_cores = 16,
                           .n_cores_all = 16,
                           .online = 32,
                           .threads_per_core = 2,
                           .best_cpu = 5,
                           .sockets = 1,
                           .n_caches = 3,
                           .memory_available_bytes = (int64_t)64 << 30 };
    c.caches[0] = (struct cpu_cache){ 1, 'd', 32 * KIB, 64, 2, 16 };
    c.caches[1] = (struct cpu_cache){ 2, 'u', 512 * KIB, 64, 2, 16 };
    c.caches[2] = (struct cpu_cache){ 3, 'u', 32 * MIB, 64, 16, 2 };
    for (int i = 0; i < 16; i++)
        c.cores[i] = i;
    return &c;
}

static void test_places(void)
{
    struct cpu_info *c = chiplets();
    struct place p;
    struct err e = { 0 };

    CHECK_EQ(place_find(&p, c, at(POINT_READ, POINT_L2, true), &e), 0);
    CHECK_EQ(p.threads, 16);
    CHECK_EQ(p.cpus[15], 15);
    CHECK_EQ(p.bytes, 256 * KIB);
    CHECK_EQ(place_find(&p, c, at(POINT_READ, POINT_L3, false), &e), 0);
    CHECK_EQ(p.threads, 1);
    CHECK_EQ(p.cpus[0], 5);
    CHECK_EQ(p.bytes, MIB);
    CHECK_EQ(place_find(&p, c, at(POINT_READ, POINT_DRAM, true), &e), 0);
    CHECK_EQ(p.bytes * 16, 256 * MIB); /* 4 x both chiplets' L3 */
    /* A quarter of the machine: the other chiplet's L3 still counts for DRAM. */
    c->n_cores = c->n_cores_all = 4;
    c->caches[2].instances = 1;
    c->online = 96;
    CHECK_EQ(place_find(&p, c, at(POINT_READ, POINT_DRAM, true), &e), 0);
    CHECK_EQ(p.bytes * 4, 4 * (size_t)(96 / 16) * 32 * MIB);
    /* An L2 shared by four cores: each has its part when all run, all of it when one does. */
    c->caches[1].shared_by = 8;
    CHECK_EQ(place_find(&p, c, at(POINT_READ, POINT_L2, true), &e), 0);
    CHECK_EQ(p.bytes, 64 * KIB);
    CHECK_EQ(place_find(&p, c, at(POINT_READ, POINT_L2, false), &e), 0);
    CHECK_EQ(p.bytes, 256 * KIB);
}

static double bound(const struct cpu_info *c, struct point p, int threads, double hz)
{
    struct limits l = { .binding = -1 };

    place_limit(&l, c, p, threads, hz);
    CHECK_EQ(l.n, 1);
    CHECK(l.l[0].kind == LIMIT_NONE ? l.l[0].reason[0] : l.l[0].source[0]);
    return l.l[0].value;
}

/* Cascade Lake: 128 bytes loaded and 64 stored a cycle in L1, 64 from L2; 6 x 2933 MT/s. */
static void test_bounds(void)
{
    struct cpu_info *c = chiplets();

    c->uarch = UARCH_CASCADE_LAKE;
    CHECK_NEAR(bound(c, at(POINT_READ, POINT_L1, false), 1, 3e9), 384, 1e-9);
    CHECK_NEAR(bound(c, at(POINT_WRITE, POINT_L1, true), 4, 2e9), 512, 1e-9);
    CHECK_NEAR(bound(c, at(POINT_COPY, POINT_L1, false), 1, 1e9), 128, 1e-9);
    CHECK_NEAR(bound(c, at(POINT_TRIAD, POINT_L1, false), 1, 1e9), 192, 1e-9);
    CHECK_NEAR(bound(c, at(POINT_READ, POINT_L2, false), 1, 1e9), 64, 1e-9);
    CHECK_NEAR(bound(c, at(POINT_TRIAD, POINT_L2, false), 1, 1e9), 96, 1e-9);
    CHECK_NEAR(bound(c, at(POINT_READ, POINT_DRAM, true), 4, NAN), 6 * 2.933 * 8, 1e-9);
    c->sockets = 2;
    CHECK_NEAR(bound(c, at(POINT_READ, POINT_DRAM, true), 4, NAN), 12 * 2.933 * 8, 1e-9);
    CHECK_NEAR(bound(c, at(POINT_READ, POINT_DRAM, false), 1, NAN), 6 * 2.933 * 8, 1e-9);
    CHECK(isnan(bound(c, at(POINT_READ, POINT_L1, false), 1, NAN)));
    CHECK(isnan(bound(c, at(POINT_READ, POINT_L3, false), 1, 3e9)));
    CHECK(isnan(bound(c, at(POINT_LATENCY, POINT_L1, false), 1, 3e9)));
    c->uarch = UARCH_UNKNOWN;
    CHECK(isnan(bound(c, at(POINT_COPY, POINT_L1, false), 1, 3e9)));
    CHECK(isnan(bound(c, at(POINT_COPY, POINT_DRAM, false), 1, 3e9)));
}

/* ---- which rows there are */

static int points(const struct device *d)
{
    static const char *const op[] = { "read",    "write", "copy", "triad",
                                      "latency", "h2d",   "d2h",  "bidirectional" };
    static const char *const level[] = { "l1", "l2", "l3", "dram", "hbm", "host", "peer" };
    static const char *const threads[] = { "one", "all" };
    const struct bench *b = &bench_silicon_memory;
    char settings[64];
    int n = 0;

    for (int i = 0; i < 112; i++) {
        struct params p, full = { 0 };
        struct err e = { 0 };

        snprintf(settings, sizeof(settings), "op=%s level=%s threads=%s", op[i % 8],
                 level[i / 8 % 7], threads[i / 56]);
        CHECK_EQ(plan_point(b, settings, &p, &e), 0);
        CHECK_STR(b->metric_of(&p)->unit, i % 8 == 4 ? "ns" : "GB/s");
        full.n = 3;
        for (int k = 0; k < 3; k++)
            full.p[k].axis = &b->axes[k];
        full.p[0].value = i % 8;
        full.p[1].value = i / 8 % 7;
        full.p[2].value = i / 56;
        n += b->exists(&full, d);
    }
    return n;
}

/* The rows of one benchmark on these devices, sorted out as plan_make does. */
static int planned(struct plan_list *l, const char *set, const struct device *d, int n)
{
    static const char *const name = "silicon.memory";
    struct plan_request rq = { .names = &name,
                               .n_names = 1,
                               .set = &set,
                               .n_set = set != NULL,
                               .devices = d,
                               .n_devices = n };
    struct err e = { 0 };

    return plan_make(&rq, l, &e) == 0 ? l->n : 0;
}

/* What stands in a row's settings, and which pairs of GPUs are measured. */
static void test_link_rows(void)
{
    static const struct {
        const char *settings, *want;
    } cases[] = {
        { "op=h2d level=peer threads=one", "op=h2d memory=pinned size=64MiB" },
        { "op=bidirectional memory=pageable size=1MiB",
          "op=bidirectional memory=pageable size=1MiB" },
        { "op=bidirectional level=peer peer=3", "op=bidirectional level=peer peer=3 size=64MiB" },
        { "op=write level=peer", "op=write level=peer peer=1 size=64MiB" },
        { "op=read level=host", "op=read level=host threads=all memory=pinned" },
        { "op=latency level=host threads=one", "op=latency level=host threads=one" },
        { "op=latency level=peer threads=one", "op=latency level=peer threads=one peer=1" },
        { "op=read level=dram", "op=read level=dram threads=all" },
    };
    struct device gpus[3] = { 0 };
    struct plan_list l;
    int pairs = 0;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct params p;
        struct err e = { 0 };
        char text[128];

        CHECK_EQ(plan_point(&bench_silicon_memory, cases[i].settings, &p, &e), 0);
        params_format(&p, text, sizeof(text));
        CHECK_STR(text, cases[i].want);
    }
    for (int i = 0; i < 3; i++) {
        gpus[i] = (struct device){ .kind = DEVICE_GPU, .index = i, .of = 3 };
        snprintf(gpus[i].name, sizeof(gpus[i].name), "gpu:%d", i);
    }
    CHECK(planned(&l, NULL, gpus, 3) > 20);
    for (int i = 0; i < l.n; i++)
        if (params_get(&l.cases[i].params, "op") == POINT_READ &&
            params_get(&l.cases[i].params, "level") == POINT_PEER)
            pairs |= 1 << (3 * l.cases[i].device->index + params_get(&l.cases[i].params, "peer"));
    CHECK_EQ(pairs, 0xee); /* all of a 3 x 3 matrix but its diagonal */
    plan_release(&l);
    CHECK_EQ(planned(&l, "level=peer", gpus, 3), 6 * 3 + 3 + 3); /* the last three of 64 MiB */
    for (int i = 0; i < l.n; i++)
        CHECK(params_has(&l.cases[i].params, "peer"));
    plan_release(&l);
    /* With one GPU the row of a peer is there, to be skipped. */
    gpus[0].of = 1;
    CHECK_EQ(planned(&l, "op=latency", gpus, 1), 5);
    plan_release(&l);
}

static void test_points(void)
{
    static const struct device one_gpu = { .kind = DEVICE_GPU, .of = 1 };
    const struct bench *b = &bench_silicon_memory;
    double cpu = 0, gpu = 0;

    CHECK_EQ(points(&device_cpu), 4 * 4 * 2 + 4);
    /* Without a peer: latency 4, read 4, write 3, copy and triad 2 each, copies over the link 3. */
    CHECK_EQ(points(&one_gpu), 4 + 4 + 3 + 2 + 2 + 3);
    for (int i = 0; i < b->n_plans; i++) { /* two rows in the first and the last quick line */
        const struct plan *p = &b->plans[i];
        int rows = strstr(p->set, "op=triad,read") || strstr(p->set, "op=read,copy") ? 2 : 1;

        if (p->suites & SUITE_QUICK && p->devices & DEVICE_CPU)
            cpu += rows * p->seconds;
        if (p->suites & SUITE_QUICK && p->devices & DEVICE_GPU)
            gpu += rows * p->seconds;
    }
    CHECK(cpu <= 4 && gpu <= 1.6);
}

int main(void)
{
    test_variants();
    test_rows();
    test_planted();
    test_no_memory();
    test_chase();
    test_working_sets();
    test_places();
    test_bounds();
    test_points();
    test_link_rows();
    TEST_DONE();
}
