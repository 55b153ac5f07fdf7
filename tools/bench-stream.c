/* bench-stream.c - silicon.memory beside STREAM: the same memory, the same minute, taken in turn.
 *
 * The reference is McCalpin's loops in plain C under -O3, on plain pthreads, once with ordinary
 * stores and, on x86-64, once with streaming stores as STREAM's vendors compile it.  Both sides
 * count the same bytes and use 2 MiB pages where the kernel grants them.  A table, no verdict:
 * speed is never judged by a test.
 *
 *   ninja -C build bench-stream && build/bench-stream [ROUNDS] */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "core/clock.h"
#include "core/device.h"
#include "core/plan.h"
#include "host/cpu.h"
#include "silicon/memory/memory_stream.h"

extern const struct bench bench_silicon_memory;

enum { ROUNDS_MAX = 1001, HUGE_PAGE = 2 << 20 };

enum store { STORE_PLAIN, STORE_STREAMING };

struct reference {
    double *a, *b, *c;
    size_t n; /* all threads together */
    int threads;
    enum point_op op;
    enum store store;
    uint64_t sum[CPU_MAX];
    pthread_barrier_t start, done;
    bool quit;
};

struct reference_thread {
    struct reference *r;
    int index, cpu;
    pthread_t id;
};

static void plain(struct reference *r, size_t lo, size_t hi, int thread)
{
    double *restrict a = r->a;
    const double *restrict b = r->b, *restrict c = r->c;
    uint64_t sum = 0;

    switch (r->op) {
    case POINT_READ:
        for (size_t i = lo; i < hi; i++)
            sum += ((const uint64_t *)a)[i];
        r->sum[thread] = sum;
        break;
    case POINT_WRITE:
        for (size_t i = lo; i < hi; i++)
            a[i] = 1;
        break;
    case POINT_COPY:
        for (size_t i = lo; i < hi; i++)
            a[i] = b[i];
        break;
    case POINT_TRIAD:
        for (size_t i = lo; i < hi; i++)
            a[i] = b[i] + 3.0 * c[i];
        break;
    case POINT_LATENCY: break;
    }
}

static void streaming(struct reference *r, size_t lo, size_t hi)
{
#if defined(__x86_64__)
    const __m128d three = _mm_set1_pd(3.0), one = _mm_set1_pd(1.0);

    for (size_t i = lo; i < hi; i += 2) {
        if (r->op == POINT_WRITE)
            _mm_stream_pd(r->a + i, one);
        else if (r->op == POINT_COPY)
            _mm_stream_pd(r->a + i, _mm_load_pd(r->b + i));
        else
            _mm_stream_pd(r->a + i, _mm_add_pd(_mm_load_pd(r->b + i),
                                               _mm_mul_pd(three, _mm_load_pd(r->c + i))));
    }
    _mm_sfence();
#else
    (void)r;
    (void)lo;
    (void)hi;
#endif
}

static void share_of(const struct reference *r, int thread, size_t *lo, size_t *hi)
{
    size_t each = r->n / (size_t)r->threads / STREAM_BLOCK * STREAM_BLOCK;

    *lo = each * (size_t)thread;
    *hi = thread == r->threads - 1 ? r->n : *lo + each;
}

static void *reference_main(void *arg)
{
    struct reference_thread *t = arg;
    struct reference *r = t->r;
    size_t lo, hi;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)t->cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
    share_of(r, t->index, &lo, &hi);
    for (size_t i = lo; i < hi; i++) {
        r->a[i] = 1;
        r->b[i] = 2;
        r->c[i] = 0;
    }
    for (;;) {
        pthread_barrier_wait(&r->start);
        if (r->quit)
            return NULL;
        if (r->store == STORE_STREAMING)
            streaming(r, lo, hi);
        else
            plain(r, lo, hi, t->index);
        pthread_barrier_wait(&r->done);
    }
}

static double *array(size_t n)
{
    void *p = aligned_alloc(HUGE_PAGE, (n * sizeof(double) + HUGE_PAGE) / HUGE_PAGE * HUGE_PAGE);

    if (!p) {
        fprintf(stderr, "no memory for %zu elements\n", n);
        exit(1);
    }
    madvise(p, n * sizeof(double), MADV_HUGEPAGE);
    return p;
}

static double reference_once(struct reference *r, enum store store)
{
    uint64_t t0;

    r->store = store;
    t0 = clock_now_ns();
    pthread_barrier_wait(&r->start);
    pthread_barrier_wait(&r->done);
    return (double)(clock_now_ns() - t0);
}

static double ours_once(struct bench_ctx *c, void *state)
{
    uint64_t t0 = clock_now_ns();

    c->bench->once(c, state, NULL);
    return (double)(clock_now_ns() - t0);
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double median_rate(double *ns, int n, double bytes)
{
    qsort(ns, (size_t)n, sizeof(*ns), compare);
    return bytes / ns[n / 2];
}

/* One row of silicon.memory, with its set-up, against the reference of the same size. */
static int row(const char *op, const char *threads, int rounds)
{
    static double ours[ROUNDS_MAX], ref[ROUNDS_MAX], ref_nt[ROUNDS_MAX];
    static struct reference r;
    static struct reference_thread t[CPU_MAX];
    const struct cpu_info *cpu = cpu_here();
    struct device device = { .kind = DEVICE_CPU, .name = "cpu", .ops = &device_cpu_ops };
    struct result result = { 0 };
    struct params params;
    struct bench_ctx c = { .bench = &bench_silicon_memory,
                           .device = &device,
                           .params = &params,
                           .seed = 1,
                           .dir = ".",
                           .result = &result };
    struct memory_stream s = { 0 };
    struct err e = { 0 };
    struct work w = { 0 };
    char settings[64];
    double bytes, mine, theirs, nt = 0;
    int rc = 0;

    snprintf(settings, sizeof(settings), "op=%s level=dram threads=%s", op, threads);
    TRY(plan_point(c.bench, settings, &params, &e));
    TRY(device_cpu_ops.open(&device, &c.device_handle, &e));
    TRY(memory_stream_hooks.setup(&c, &s, &e));
    TRY(memory_stream_hooks.verify(&c, &s, &e));
    memory_stream_hooks.work(&c, &s, &w);
    bytes = w.bytes[WORK_DRAM];

    r = (struct reference){ .n = s.n * (size_t)s.threads, .threads = s.threads, .op = s.point.op };
    r.a = array(r.n);
    r.b = array(r.n);
    r.c = array(r.n);
    pthread_barrier_init(&r.start, NULL, (unsigned)s.threads + 1);
    pthread_barrier_init(&r.done, NULL, (unsigned)s.threads + 1);
    for (int i = 0; i < s.threads; i++) {
        t[i] = (struct reference_thread){ &r, i, s.threads > 1 ? cpu->cores[i] : cpu->best_cpu, 0 };
        if (pthread_create(&t[i].id, NULL, reference_main, &t[i]) != 0)
            exit(1);
    }
    for (int i = -2; i < rounds; i++) { /* the first two are not kept */
        int k = i < 0 ? 0 : i;

        ours[k] = ours_once(&c, &s);
        ref[k] = reference_once(&r, STORE_PLAIN);
        if (s.point.op != POINT_READ)
            ref_nt[k] = reference_once(&r, STORE_STREAMING);
    }
    r.quit = true;
    pthread_barrier_wait(&r.start);
    for (int i = 0; i < s.threads; i++)
        pthread_join(t[i].id, NULL);
    free(r.a);
    free(r.b);
    free(r.c);
    mine = median_rate(ours, rounds, bytes);
    theirs = median_rate(ref, rounds, bytes);
    printf("%-6s %-4s %9.2f %9.2f %7.3f", op, threads, mine, theirs, mine / theirs);
    if (s.point.op != POINT_READ) {
        nt = median_rate(ref_nt, rounds, bytes);
        printf(" %10.2f %7.3f", nt, mine / nt);
    } else {
        printf(" %10s %7s", "", "");
    }
    printf("  best %.2f %.2f  %s\n", bytes / ours[0], bytes / ref[0], c.variant);
    fflush(stdout);
out:
    if (rc < 0)
        fprintf(stderr, "%s: %s\n", settings, e.msg);
    memory_stream_hooks.teardown(&c, &s);
    device_cpu_ops.close(c.device_handle);
    return rc;
}

int main(int argc, char **argv)
{
    static const char *const ops[] = { "read", "write", "copy", "triad" };
    static const char *const threads[] = { "one", "all" };
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 31, failed = 0;

    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "1 to %d rounds\n", ROUNDS_MAX);
        return 64;
    }
    printf("DRAM, GB/s, medians of %d rounds taken in turn\n", rounds);
    printf("%-6s %-4s %9s %9s %7s %10s %7s\n", "op", "", "headroom", "plain C", "ratio",
           "C, stream", "ratio");
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 4; i++)
            failed |= row(ops[i], threads[k], rounds) < 0;
    return failed;
}
