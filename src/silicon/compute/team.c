/* team.c - one loop on several cores at once. */
#include "silicon/compute/team.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/pick.h"
#include "host/clockspeed.h"

enum {
    PICK_REPETITIONS = 4, /* so that what the clock was before weighs little */
    PROBES = 33,          /* of the clock, on each core */
    ALIGN = 64
};

int team_open(struct team *t, int threads, const int *cpus, struct err *e)
{
    int rc = 0;

    *t = (struct team){ .threads = threads };
    t->block = mem_calloc((size_t)threads + 1, sizeof(*t->io));
    if (!t->block)
        return ERR(e, ERR_NOMEM, "no memory for the data of %d threads", threads);
    t->io = (struct loop_io *)(((uintptr_t)t->block + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1));
    TRY(pool_new(&t->pool, threads, cpus, e));
out:
    if (rc < 0)
        team_close(t);
    return rc;
}

void team_close(struct team *t)
{
    pool_free(t->pool);
    mem_free(t->block);
    *t = (struct team){ 0 };
}

void team_set(struct team *t, const struct loop *l, uint64_t seed)
{
    t->loop = l;
    t->iterations = l->iterations;
    t->ran = false;
    for (int i = 0; i < t->threads; i++)
        loop_fill(l, &t->io[i], seed + (uint64_t)i);
}

static void run_thread(void *arg, int thread)
{
    struct team *t = arg;

    t->loop->run(&t->io[thread], t->iterations);
}

void team_run(struct team *t)
{
    pool_run(t->pool, run_thread, t);
    t->ran = true;
}

struct candidates {
    struct team *team;
    const struct loop *loop[PICK_MAX];
    double macs; /* that each does */
};

static int run_candidate(struct bench_ctx *c, void *self, int which, struct err *e)
{
    struct candidates *cs = self;
    struct team *t = cs->team;

    (void)c;
    (void)e;
    t->loop = cs->loop[which];
    t->iterations = (uint64_t)(cs->macs / loop_macs(t->loop));
    for (int i = 0; i < PICK_REPETITIONS; i++)
        team_run(t);
    return 0;
}

int team_set_best(struct team *t, struct bench_ctx *c, enum compute_dtype dtype, struct err *e)
{
    struct candidates cs = { .team = t };
    int n = 0, best = 0, rc = 0;

    for (const struct loop *l = loop_table; l->run; l++) {
        if (l->dtype != dtype || loop_supported(l, NULL) < 0)
            continue;
        BUG_ON(n == PICK_MAX);
        cs.loop[n++] = l;
        cs.macs = fmax(cs.macs, loop_macs(l) * (double)l->iterations);
    }
    if (n == 0)
        return loop_any_supported(dtype, e); /* fails, with the reason */
    /* One type, so the data of the last, the widest, are good numbers for all. */
    team_set(t, cs.loop[n - 1], c->seed);
    TRY(pick_fastest(c, n, run_candidate, &cs, &best, e));
    team_set(t, cs.loop[best], c->seed);
out:
    return rc;
}

int team_check(struct team *t, struct check *c, struct err *e)
{
    int rc = 0;

    if (!t->ran)
        team_run(t);
    t->ran = false;
    for (int i = 0; i < t->threads; i++)
        TRY(loop_check(t->loop, &t->io[i], t->iterations, c, e));
out:
    for (int i = 0; i < t->threads; i++)
        memset(t->io[i].out, 0xA5, sizeof(t->io[i].out));
    return rc;
}

struct probe {
    double *hz; /* threads x PROBES */
    int round;
};

static void probe_thread(void *arg, int thread)
{
    struct probe *p = arg;

    p->hz[(size_t)thread * PROBES + (size_t)p->round] = clockspeed_now_hz();
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int team_clock_hz(struct team *t, double *sum_hz, struct err *e)
{
    struct probe p = { .hz = mem_calloc((size_t)t->threads * PROBES, sizeof(double)) };

    if (!p.hz)
        return ERR(e, ERR_NOMEM, "no memory for the clocks of %d cores", t->threads);
    for (p.round = 0; p.round < PROBES; p.round++) {
        team_run(t);
        pool_run(t->pool, probe_thread, &p);
    }
    *sum_hz = 0;
    for (size_t i = 0; i < (size_t)t->threads; i++) {
        qsort(&p.hz[i * PROBES], PROBES, sizeof(*p.hz), by_value);
        *sum_hz += p.hz[i * PROBES + 3 * PROBES / 4];
    }
    mem_free(p.hz);
    return 0;
}
