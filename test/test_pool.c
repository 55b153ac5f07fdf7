/* The thread pool: every thread once a region, barriers that hold, sleeping workers that wake. */
#include "core/pool.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "core/clock.h"
#include "test.h"

enum { THREADS = 4, REGIONS = 3000 };

struct shared {
    struct pool *pool;
    atomic_int calls[THREADS];
    int plain[THREADS]; /* written by its thread, read by the caller after the region */
    atomic_int phase_sum;
    atomic_int wrong;
};

static void count(void *arg, int thread)
{
    struct shared *s = arg;

    atomic_fetch_add(&s->calls[thread], 1);
    s->plain[thread]++;
}

static void regions(struct shared *s)
{
    for (int i = 0; i < REGIONS; i++) {
        pool_run(s->pool, count, s);
        for (int t = 0; t < THREADS; t++)
            CHECK_EQ(s->plain[t], i + 1);
        if (i % 1000 == 0)
            clock_sleep_ns(2000000); /* long enough for the workers to fall asleep */
    }
    for (int t = 0; t < THREADS; t++)
        CHECK_EQ(atomic_load(&s->calls[t]), REGIONS);
}

static void phases(void *arg, int thread)
{
    struct shared *s = arg;

    (void)thread;
    for (int phase = 1; phase <= 200; phase++) {
        atomic_fetch_add(&s->phase_sum, 1);
        pool_barrier(s->pool);
        if (atomic_load(&s->phase_sum) != phase * THREADS)
            atomic_fetch_add(&s->wrong, 1);
        pool_barrier(s->pool);
    }
}

static void where_am_i(void *arg, int thread)
{
    int *cpu = arg;

    cpu[thread] = sched_getcpu();
}

static void pinning(void)
{
    cpu_set_t before, after;
    struct err e = { 0 };
    struct pool *p;
    int cpus[2], n = 0, seen[2] = { -1, -1 };

    sched_getaffinity(0, sizeof(before), &before);
    for (int c = 0; c < CPU_SETSIZE && n < 2; c++)
        if (CPU_ISSET((size_t)c, &before))
            cpus[n++] = c;
    CHECK_EQ(pool_new(&p, n, cpus, &e), 0);
    CHECK_EQ(pool_size(p), n);
    pool_run(p, where_am_i, seen);
    for (int i = 0; i < n; i++)
        CHECK_EQ(seen[i], cpus[i]);
    pool_free(p);
    sched_getaffinity(0, sizeof(after), &after);
    CHECK(CPU_EQUAL(&before, &after));
    cpus[0] = 100000;
    CHECK(pool_new(&p, 1, cpus, &e) < 0);
    CHECK(p == NULL);
}

int main(void)
{
    static struct shared s;
    struct err e = { 0 };

    CHECK_EQ(pool_new(&s.pool, THREADS, NULL, &e), 0);
    regions(&s);
    pool_run(s.pool, phases, &s);
    CHECK_EQ(atomic_load(&s.wrong), 0);
    pool_free(s.pool);
    pool_free(NULL);
    CHECK_EQ(pool_new(&s.pool, 0, NULL, &e), ERR_ARG);
    pinning();
    TEST_DONE();
}
