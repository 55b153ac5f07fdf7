/* telemetry.c - the background sampler: what the machine did while a row was measured.
 *
 * Everything in struct telemetry but the thread's id is used under its lock. */
#include "host/telemetry.h"

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
#include "host/telemetry_source.h"

/* At 10 Hz the ring holds 13 minutes: longer than any row may take. */
enum { RING = 8192, SLOW_EVERY = 10, BACKOFF_MAX = 16 };

static const double COST_MAX = 0.005, ENERGY_WINDOW_MIN_S = 1.0;

_Static_assert((int)CHANNELS <= (int)SERIES_MAX, "a run holds every channel");

struct row {
    uint64_t t_ns;
    unsigned breaks; /* of the energy counters until then */
    double v[CHANNELS];
};

struct telemetry {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool started, stop;
    unsigned period_ms;
    struct telemetry_sources sources;
    struct row *ring; /* RING of them; owned */
    uint64_t n;       /* readings ever made; the last is ring[(n - 1) % RING] */
    double *scratch;  /* 2 x RING: times and values of one series; owned */
    uint64_t opened_ns;
    double thread_s; /* CPU time of the thread */
};

static struct row *row_at(const struct telemetry *t, uint64_t i)
{
    return &t->ring[i % RING];
}

static uint64_t first_row(const struct telemetry *t)
{
    return t->n > RING ? t->n - RING : 0;
}

static void sample_locked(struct telemetry *t, unsigned flags)
{
    struct row *r = row_at(t, t->n);

    r->t_ns = clock_now_ns();
    telemetry_source_read(&t->sources, flags, r->t_ns, r->v);
    r->breaks = t->sources.breaks;
    t->n++;
}

/* Wait for the next turn or the end; true: a turn. */
static bool wait_locked(struct telemetry *t, struct timespec *next, unsigned ms)
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
    struct telemetry *t = arg;
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

        sample_locked(t, TELEMETRY_IN_SAMPLER | (slow ? TELEMETRY_SLOW : 0));
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
        t->thread_s = (double)cpu.tv_sec + 1e-9 * (double)cpu.tv_nsec;
        if (slow) {
            uint64_t now_ns = clock_now_ns();
            double cost = (t->thread_s - last_s) / (1e-9 * (double)(now_ns - last_ns));

            if (cost > COST_MAX && backoff < BACKOFF_MAX)
                backoff *= 2;
            last_s = t->thread_s;
            last_ns = now_ns;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Signals are for the thread that measures. */
static int start_thread(struct telemetry *t, struct err *e)
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

static int init_lock(struct telemetry *t)
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

int telemetry_open_at(void **handle, const char *root, unsigned period_ms, struct err *e)
{
    struct telemetry *t = mem_calloc(1, sizeof(*t));
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
    t->ring = mem_calloc(RING, sizeof(*t->ring));
    t->scratch = mem_calloc((size_t)2 * RING, sizeof(*t->scratch));
    if (!t->ring || !t->scratch) {
        rc = ERR(e, ERR_NOMEM, "no memory for the telemetry's ring");
        goto out;
    }
    TRY(telemetry_source_open(&t->sources, root, e));
    sample_locked(t, TELEMETRY_SLOW);
    if (period_ms > 0)
        TRY(start_thread(t, e));
    *handle = t;
out:
    if (rc < 0)
        telemetry_close(t);
    return rc;
}

int telemetry_open(void **handle, struct err *e)
{
    return telemetry_open_at(handle, "", TELEMETRY_PERIOD_MS, e);
}

void telemetry_close(void *handle)
{
    struct telemetry *t = handle;

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
    mem_free(t->ring);
    mem_free(t->scratch);
    mem_free(t);
}

void telemetry_sample(void *handle)
{
    struct telemetry *t = handle;

    pthread_mutex_lock(&t->lock);
    sample_locked(t, TELEMETRY_SLOW);
    pthread_mutex_unlock(&t->lock);
}

double telemetry_cost(void *handle, uint64_t *samples)
{
    struct telemetry *t = handle;
    double cost;

    pthread_mutex_lock(&t->lock);
    cost = t->thread_s / (1e-9 * (double)(clock_now_ns() - t->opened_ns));
    if (samples)
        *samples = t->n;
    pthread_mutex_unlock(&t->lock);
    return cost;
}

/* The counter at time t_ns, on the line between the readings around it; NaN outside of them. */
static double counter_at(const struct telemetry *t, enum telemetry_channel ch, uint64_t t_ns)
{
    for (uint64_t i = first_row(t); i + 1 < t->n; i++) {
        const struct row *a = row_at(t, i), *b = row_at(t, i + 1);

        if (a->t_ns <= t_ns && t_ns <= b->t_ns) {
            double span = (double)(b->t_ns - a->t_ns);
            double part = span > 0 ? (double)(t_ns - a->t_ns) / span : 0;

            return a->v[ch] + part * (b->v[ch] - a->v[ch]);
        }
    }
    return (double)NAN;
}

/* How often energy counters broke between the readings around the window. */
static unsigned breaks_within(const struct telemetry *t, uint64_t t0_ns, uint64_t t1_ns)
{
    unsigned before = 0, after = 0;
    bool ended = false;

    for (uint64_t i = first_row(t); i < t->n; i++) {
        const struct row *r = row_at(t, i);

        if (r->t_ns <= t0_ns)
            before = r->breaks;
        if (!ended)
            after = r->breaks;
        ended = ended || r->t_ns >= t1_ns;
    }
    return after - before;
}

/* The points of one channel in (t0, t1] into scratch; counters become rates. */
static size_t collect(struct telemetry *t, enum telemetry_channel ch, uint64_t t0_ns,
                      uint64_t t1_ns)
{
    const struct telemetry_channel_info *info = telemetry_source_info(ch);
    double *time = t->scratch, *value = t->scratch + RING, last_v = (double)NAN;
    uint64_t last_ns = 0;
    size_t n = 0;

    for (uint64_t i = first_row(t); i < t->n; i++) {
        const struct row *r = row_at(t, i);
        double v = r->v[ch], x = v;

        if (isnan(v) || r->t_ns > t1_ns)
            continue;
        if (info->kind == TELEMETRY_COUNTER)
            x = (v - last_v) / (1e-9 * (double)(r->t_ns - last_ns));
        last_v = v;
        last_ns = r->t_ns;
        if (r->t_ns < t0_ns || !isfinite(x))
            continue;
        time[n] = 1e-9 * (double)(r->t_ns - t0_ns);
        value[n++] = x * info->scale;
    }
    return n;
}

/* Put `n` collected points into at most TELEMETRY_POINTS_MAX bins. */
static void decimate(const struct telemetry *t, size_t n, bool lowest, struct series *out)
{
    const double *time = t->scratch, *value = t->scratch + RING;
    size_t bins = n < TELEMETRY_POINTS_MAX ? n : TELEMETRY_POINTS_MAX;

    if (bins == 0)
        return;
    out->t_s = mem_calloc(bins, sizeof(double));
    out->value = mem_calloc(bins, sizeof(double));
    if (!out->t_s || !out->value) {
        snprintf(out->reason, sizeof(out->reason), "out of memory");
        return;
    }
    for (size_t b = 0; b < bins; b++) {
        size_t from = b * n / bins, to = (b + 1) * n / bins;
        double sum_t = 0, sum_v = 0, least = value[from];

        for (size_t i = from; i < to; i++) {
            sum_t += time[i];
            sum_v += value[i];
            least = fmin(least, value[i]);
        }
        out->t_s[b] = sum_t / (double)(to - from);
        out->value[b] = lowest ? least : sum_v / (double)(to - from);
    }
    out->n = bins;
}

static void window_series(struct telemetry *t, uint64_t t0_ns, uint64_t t1_ns,
                          struct result_run *run)
{
    run->telemetry = mem_calloc(CHANNELS, sizeof(*run->telemetry));
    run->n_telemetry = run->telemetry ? CHANNELS : 0;
    for (int ch = 0; ch < run->n_telemetry; ch++) {
        const struct telemetry_channel_info *info = telemetry_source_info(ch);
        struct series *s = &run->telemetry[ch];
        const char *why = t->sources.why[ch];

        snprintf(s->name, sizeof(s->name), "%s", info->name);
        snprintf(s->unit, sizeof(s->unit), "%s", info->unit);
        decimate(t, collect(t, ch, t0_ns, t1_ns), info->kind == TELEMETRY_LOWEST, s);
        if (s->n == 0 && s->reason[0] == '\0' && why[0] != '\0')
            snprintf(s->reason, sizeof(s->reason), "%s", why);
        else if (s->n == 0 && s->reason[0] == '\0')
            snprintf(s->reason, sizeof(s->reason), "no reading fell into these %.3f s",
                     1e-9 * (double)(t1_ns - t0_ns));
    }
}

static double counted(const struct telemetry *t, enum telemetry_channel ch, uint64_t t0_ns,
                      uint64_t t1_ns)
{
    return counter_at(t, ch, t1_ns) - counter_at(t, ch, t0_ns);
}

static void window_energy(const struct telemetry *t, uint64_t t0_ns, uint64_t t1_ns,
                          struct result_run *run)
{
    double seconds = 1e-9 * (double)(t1_ns - t0_ns);
    char *why = run->energy_reason;
    size_t cap = sizeof(run->energy_reason);

    run->energy_j = run->idle_w = (double)NAN;
    why[0] = '\0';
    if (t->sources.package.n == 0)
        snprintf(why, cap, "%s", t->sources.why[CHANNEL_PACKAGE_ENERGY]);
    else if (seconds < ENERGY_WINDOW_MIN_S)
        snprintf(why, cap, "a window of %.2f s is too short for the energy counter", seconds);
    else if (breaks_within(t, t0_ns, t1_ns) > 0)
        snprintf(why, cap, "the energy counter stepped back or gave nonsense");
    else
        run->energy_j = counted(t, CHANNEL_PACKAGE_ENERGY, t0_ns, t1_ns);
    if (isnan(run->energy_j) && why[0] == '\0')
        snprintf(why, cap, "the readings do not cover the window");
}

void telemetry_window(void *handle, uint64_t t0_ns, uint64_t t1_ns, struct result_run *run)
{
    struct telemetry *t = handle;

    if (t1_ns < t0_ns)
        t1_ns = t0_ns;
    pthread_mutex_lock(&t->lock);
    if (row_at(t, t->n - 1)->t_ns < t1_ns)
        sample_locked(t, 0);
    window_series(t, t0_ns, t1_ns, run);
    run->cpu_seconds = counted(t, CHANNEL_CPU_SECONDS, t0_ns, t1_ns);
    run->context_switches = counted(t, CHANNEL_SWITCHES_VOLUNTARY, t0_ns, t1_ns) +
                            counted(t, CHANNEL_SWITCHES_FORCED, t0_ns, t1_ns);
    run->page_faults = counted(t, CHANNEL_FAULTS_MINOR, t0_ns, t1_ns) +
                       counted(t, CHANNEL_FAULTS_MAJOR, t0_ns, t1_ns);
    window_energy(t, t0_ns, t1_ns, run);
    pthread_mutex_unlock(&t->lock);
}
