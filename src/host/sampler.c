/* sampler.c - the background sampler: what the machine did while a row was measured.
 *
 * Everything in struct sampler but the thread's id is used under its lock. */
#include "host/sampler.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/mem.h"
#include "host/telemetry_ring.h"
#include "host/telemetry_window.h"

enum { SLOW_EVERY = 10, BACKOFF_MAX = 16, WATCHED_MAX = 16 };

/* Of one CPU.  The rows of a watched device do not wait for that CPU. */
static const double COST_MAX = 0.005, COST_MAX_WATCHING = 0.02;

_Static_assert((int)TELEMETRY_VALUES <= (int)SERIES_MAX, "a run holds every channel");

struct sampler {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool started, stop;
    unsigned period_ms;
    struct telemetry_sources sources;
    struct telemetry_ring ring;
    struct telemetry_watch watched[WATCHED_MAX]; /* devices that were in focus; handles owned */
    int n_watched, focus;                        /* -1: the CPU */
    uint64_t opened_ns;
    double thread_s; /* CPU time of the thread */
};

static void sample_locked(struct sampler *t, unsigned flags)
{
    struct telemetry_row *r = telemetry_ring_next(&t->ring);
    const struct telemetry_watch *w = t->focus < 0 ? NULL : &t->watched[t->focus];

    r->t_ns = clock_now_ns();
    telemetry_source_read(&t->sources, flags, r->t_ns, r->v);
    r->breaks = t->sources.breaks;
    if (w && w->handle) {
        r->device = t->focus;
        r->device_breaks =
            w->monitor->read(w->handle, flags & MONITOR_SLOW, r->t_ns, r->v + CHANNELS);
    }
    telemetry_ring_push(&t->ring);
}

/* Wait for the next turn or the end; true: a turn. */
static bool wait_locked(struct sampler *t, struct timespec *next, unsigned ms)
{
    struct timespec now;

    next->tv_nsec += (long)(ms % 1000) * 1000000;
    next->tv_sec += ms / 1000 + next->tv_nsec / 1000000000;
    next->tv_nsec %= 1000000000;
    /* After a stop of the machine turns are left out, not made up for. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec > next->tv_sec + 1)
        *next = now;
    while (!t->stop)
        if (pthread_cond_timedwait(&t->wake, &t->lock, next) == ETIMEDOUT)
            return true;
    return false;
}

static void *sampler(void *arg)
{
    struct sampler *t = arg;
    struct timespec next, cpu;
    unsigned backoff = 1;
    struct sched_param none = { 0 };
    double last_s = 0;
    uint64_t last_ns = clock_now_ns();

    /* It may wait for its turn: waking up must not drive the benchmark off its CPU, which on a busy
     * machine would get it back only after the neighbours' turns. */
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&t->lock);
    for (unsigned turn = 1; wait_locked(t, &next, t->period_ms * backoff); turn++) {
        bool slow = turn % SLOW_EVERY == 0;

        sample_locked(t, TELEMETRY_IN_SAMPLER | (slow ? MONITOR_SLOW : 0));
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
        t->thread_s = (double)cpu.tv_sec + 1e-9 * (double)cpu.tv_nsec;
        if (slow) {
            uint64_t now_ns = clock_now_ns();
            double cost = (t->thread_s - last_s) / (1e-9 * (double)(now_ns - last_ns));

            if (cost > (t->focus < 0 ? COST_MAX : COST_MAX_WATCHING) && backoff < BACKOFF_MAX)
                backoff *= 2;
            last_s = t->thread_s;
            last_ns = now_ns;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Signals are for the thread that measures. */
static int start_thread(struct sampler *t, struct err *e)
{
    sigset_t all, old;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&t->thread, NULL, sampler, t);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return ERR(e, ERR_IO, "no thread for the telemetry: %s", strerror(rc));
    t->started = true;
    return 0;
}

static int init_lock(struct sampler *t)
{
    pthread_condattr_t attr;
    int rc = pthread_mutex_init(&t->lock, NULL);

    if (rc != 0)
        return rc;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    rc = pthread_cond_init(&t->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (rc != 0)
        pthread_mutex_destroy(&t->lock);
    return rc;
}

int sampler_open_at(void **handle, const char *root, unsigned period_ms, struct err *e)
{
    struct sampler *t = mem_calloc(1, sizeof(*t));
    int rc = 0, lock_rc;

    *handle = NULL;
    if (!t)
        return ERR(e, ERR_NOMEM, "no memory for the telemetry");
    lock_rc = init_lock(t);
    if (lock_rc != 0) {
        mem_free(t);
        return ERR(e, ERR_IO, "no lock for the telemetry: %s", strerror(lock_rc));
    }
    t->period_ms = period_ms;
    t->opened_ns = clock_now_ns();
    t->focus = -1;
    TRY(telemetry_ring_init(&t->ring, e));
    TRY(telemetry_source_open(&t->sources, root, e));
    sample_locked(t, MONITOR_SLOW);
    if (period_ms > 0)
        TRY(start_thread(t, e));
    *handle = t;
out:
    if (rc < 0)
        sampler_close(t);
    return rc;
}

int sampler_open(void **handle, struct err *e)
{
    return sampler_open_at(handle, "", SAMPLER_PERIOD_MS, e);
}

void sampler_close(void *handle)
{
    struct sampler *t = handle;

    if (!t)
        return;
    if (t->started) {
        pthread_mutex_lock(&t->lock);
        t->stop = true;
        pthread_cond_signal(&t->wake);
        pthread_mutex_unlock(&t->lock);
        pthread_join(t->thread, NULL);
    }
    telemetry_source_close(&t->sources);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    for (int i = 0; i < t->n_watched; i++)
        if (t->watched[i].handle)
            t->watched[i].monitor->close(t->watched[i].handle);
    telemetry_ring_release(&t->ring);
    mem_free(t);
}

void sampler_sample(void *handle)
{
    struct sampler *t = handle;

    pthread_mutex_lock(&t->lock);
    sample_locked(t, MONITOR_SLOW);
    pthread_mutex_unlock(&t->lock);
}

double sampler_cost(void *handle, uint64_t *samples)
{
    struct sampler *t = handle;
    double cost;

    pthread_mutex_lock(&t->lock);
    cost = t->thread_s / (1e-9 * (double)(clock_now_ns() - t->opened_ns));
    if (samples)
        *samples = t->ring.n;
    pthread_mutex_unlock(&t->lock);
    return cost;
}

/* The device's place among the watched ones, opened where it is new; -1 for the CPU and where a
 * device of this kind tells nothing. */
static int watch_of(struct sampler *t, const struct device *d)
{
    struct telemetry_watch *w;
    struct err e = { 0 };

    if (!d->ops->monitor)
        return -1;
    for (int i = 0; i < t->n_watched; i++)
        if (t->watched[i].device == d)
            return i;
    if (t->n_watched == WATCHED_MAX)
        return -1;
    w = &t->watched[t->n_watched];
    *w = (struct telemetry_watch){ .device = d, .monitor = d->ops->monitor };
    if (w->monitor->open(d, &w->handle, &e) < 0) {
        w->handle = NULL;
        snprintf(w->why, sizeof(w->why), "%.95s", e.msg);
    }
    return t->n_watched++;
}

void sampler_focus(void *handle, const struct device *d)
{
    struct sampler *t = handle;

    int last;

    pthread_mutex_lock(&t->lock);
    last = t->focus;
    t->focus = watch_of(t, d);
    /* The counters before the window that follows.  The dear ones count from the mark on, or from
     * the thread's next slow turn. */
    sample_locked(t, t->focus == last ? 0 : MONITOR_SLOW);
    pthread_mutex_unlock(&t->lock);
}

void sampler_mark(void *handle)
{
    struct sampler *t = handle;

    pthread_mutex_lock(&t->lock);
    if (t->focus >= 0)
        sample_locked(t, MONITOR_SLOW);
    pthread_mutex_unlock(&t->lock);
}

/* Long enough for its energy to be known, and for the dear counters to be read at its end? */
static bool is_long(const struct sampler *t, uint64_t kept_ns, uint64_t t1_ns)
{
    return t->focus >= 0 && 1e-9 * (double)t1_ns - 1e-9 * (double)kept_ns >=
                                t->watched[t->focus].monitor->energy_window_min_s;
}

void sampler_window(void *handle, uint64_t t0_ns, uint64_t t1_ns, struct result_run *run)
{
    struct sampler *t = handle;
    uint64_t kept_ns = t0_ns + (uint64_t)(1e9 * fmax(0, run->sampling.warmup_s));

    if (t1_ns < t0_ns)
        t1_ns = t0_ns;
    pthread_mutex_lock(&t->lock);
    if (telemetry_ring_last_ns(&t->ring) < t1_ns)
        sample_locked(t, is_long(t, kept_ns, t1_ns) ? MONITOR_SLOW : 0);
    telemetry_window_fill(&t->ring, &t->sources, t->focus,
                          t->focus < 0 ? NULL : &t->watched[t->focus], t0_ns, kept_ns, t1_ns, run);
    pthread_mutex_unlock(&t->lock);
}
