/* pool.c - threads that run one function together, each pinned to its CPU.
 *
 * Invariants: 1. generation rises once per region, after fn and arg are set; 2. pending counts the
 * workers still inside the region; 3. a worker only sleeps under the lock after seeing that the
 * generation has not moved, and a caller that saw no sleeper had raised the generation before: with
 * sequentially consistent atomics one of the two sees the other. */
#include "core/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "core/mem.h"

enum {
    SPIN_WORKER = 4000, /* pauses before a worker sleeps: tens of microseconds */
    SPIN_CALLER = 20000 /* pauses before a waiting thread starts to yield its CPU */
};

struct pool_thread {
    struct pool *pool;
    pthread_t id;
    int index;
};

struct pool {
    int n;
    struct pool_thread *threads; /* n; [0] is the caller */
    int started;
    void (*fn)(void *arg, int thread);
    void *arg;
    atomic_uint generation;
    atomic_int pending, sleepers, barrier_in;
    atomic_uint barrier_generation;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool pinned;
    cpu_set_t caller_mask;
};

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void spin(int *spins)
{
    cpu_relax();
    if (++*spins > SPIN_CALLER)
        sched_yield(); /* more threads than CPUs: let the one we wait for run */
}

static unsigned wait_generation(struct pool *p, unsigned seen)
{
    unsigned now;

    for (int i = 0; i < SPIN_WORKER; i++) {
        now = atomic_load(&p->generation);
        if (now != seen)
            return now;
        cpu_relax();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while ((now = atomic_load(&p->generation)) == seen)
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
    return now;
}

static void *pool_main(void *arg)
{
    struct pool_thread *t = arg;
    struct pool *p = t->pool;
    unsigned seen = 0;

    for (;;) {
        seen = wait_generation(p, seen);
        if (atomic_load(&p->stop))
            return NULL;
        p->fn(p->arg, t->index);
        atomic_fetch_sub(&p->pending, 1);
    }
}

static void pool_wake(struct pool *p)
{
    atomic_fetch_add(&p->generation, 1);
    if (atomic_load(&p->sleepers) > 0) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
    }
}

static int pin(pthread_t id, int cpu, struct err *e)
{
    cpu_set_t set;
    int err;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    err = pthread_setaffinity_np(id, sizeof(set), &set);
    if (err)
        return ERR(e, ERR_IO, "cannot run on CPU %d: %s", cpu, strerror(err));
    return 0;
}

static int pool_start(struct pool *p, const int *cpus, struct err *e)
{
    int rc = 0;

    for (int i = 1; i < p->n; i++) {
        int err = pthread_create(&p->threads[i].id, NULL, pool_main, &p->threads[i]);

        if (err)
            return ERR(e, ERR_NOMEM, "cannot start thread %d of %d: %s", i + 1, p->n,
                       strerror(err));
        p->started = i;
        if (cpus)
            TRY(pin(p->threads[i].id, cpus[i], e));
    }
    if (cpus) {
        pthread_getaffinity_np(pthread_self(), sizeof(p->caller_mask), &p->caller_mask);
        p->pinned = true;
        TRY(pin(pthread_self(), cpus[0], e));
    }
out:
    return rc;
}

int pool_new(struct pool **out, int n, const int *cpus, struct err *e)
{
    struct pool *p = NULL;
    int rc = 0;

    *out = NULL;
    if (n < 1)
        return ERR(e, ERR_ARG, "a pool of %d threads", n);
    p = mem_calloc(1, sizeof(*p));
    if (!p)
        return ERR(e, ERR_NOMEM, "no memory for a thread pool");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->n = n;
    p->threads = mem_calloc((size_t)n, sizeof(*p->threads));
    if (!p->threads) {
        rc = ERR(e, ERR_NOMEM, "no memory for %d threads", n);
        goto out;
    }
    for (int i = 0; i < n; i++)
        p->threads[i] = (struct pool_thread){ .pool = p, .index = i };
    TRY(pool_start(p, cpus, e));
    *out = p;
out:
    if (rc < 0)
        pool_free(p);
    return rc;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    atomic_store(&p->stop, true);
    pool_wake(p);
    for (int i = 1; i <= p->started; i++)
        pthread_join(p->threads[i].id, NULL);
    if (p->pinned)
        pthread_setaffinity_np(pthread_self(), sizeof(p->caller_mask), &p->caller_mask);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    mem_free(p->threads);
    mem_free(p);
}

int pool_size(const struct pool *p)
{
    return p->n;
}

void pool_run(struct pool *p, void (*fn)(void *arg, int thread), void *arg)
{
    int spins = 0;

    if (p->n == 1) {
        fn(arg, 0);
        return;
    }
    p->fn = fn;
    p->arg = arg;
    atomic_store(&p->pending, p->n - 1);
    pool_wake(p);
    fn(arg, 0);
    while (atomic_load(&p->pending) > 0)
        spin(&spins);
}

void pool_barrier(struct pool *p)
{
    unsigned seen = atomic_load(&p->barrier_generation);
    int spins = 0;

    if (atomic_fetch_add(&p->barrier_in, 1) == p->n - 1) {
        atomic_store(&p->barrier_in, 0);
        atomic_fetch_add(&p->barrier_generation, 1);
        return;
    }
    while (atomic_load(&p->barrier_generation) == seen)
        spin(&spins);
}
