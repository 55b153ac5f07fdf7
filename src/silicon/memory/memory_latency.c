/* memory_latency.c - silicon.memory's op=latency. */
#include "silicon/memory/memory_latency.h"

#include <stdio.h>

#include "core/size.h"
#include "host/cpu.h"
#include "silicon/memory/chase.h"
#include "silicon/memory/place.h"

enum {
    STEPS_NEAR = 32768, /* about 50 us from L1 */
    STEPS_FAR = 4096,   /* about 400 us from memory */
    STEPS_CHECK = 65536 /* loads of the timed loop that are retraced in the check */
};

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_latency *s = state;
    struct place place;
    char size[SIZE_TEXT];
    int rc = 0;

    s->point = point_of(c->params);
    TRY(place_find(&place, cpu_here(), s->point, e));
    TRY(pool_new(&s->pool, 1, place.cpus, e));
    TRY(region_map(&s->region, place.bytes, e));
    s->bytes = place.bytes / CHASE_LINE * CHASE_LINE;
    TRY(chase_link(s->region.p, s->bytes, c->seed, e));
    s->steps = s->point.level == POINT_L1 || s->point.level == POINT_L2 ? STEPS_NEAR : STEPS_FAR;
    s->at = s->region.p;
    /* Once around, so that a small cycle is where it belongs. */
    if (s->point.level != POINT_DRAM)
        s->at = chase_walk(s->at, s->bytes / CHASE_LINE / CHASE_UNROLL * CHASE_UNROLL);
    snprintf(c->variant, sizeof(c->variant), "pointer chase, 64-byte lines");
    snprintf(c->inputs, sizeof(c->inputs), "one random cycle of %zu lines, seed %llu",
             s->bytes / CHASE_LINE, (unsigned long long)c->seed);
    result_note(c->result, "%s in %s", size_text(size, s->bytes),
                region_pages_name(s->region.pages));
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_latency *s = state;
    void *want = s->at, *got = chase_walk(s->at, STEPS_CHECK);
    int rc;

    snprintf(c->check.reference, sizeof(c->check.reference),
             "the cycle visits every line exactly once; the loop ends where the links lead");
    c->check.tolerance = 0;
    for (size_t i = 0; i < STEPS_CHECK; i++)
        want = *(void *const *)want;
    rc = chase_check(s->region.p, s->bytes, e);
    if (rc == 0 && want != got)
        rc = ERR(e, ERR_MISMATCH, "the pointer chase ended at the wrong line");
    c->check.error = rc == ERR_MISMATCH ? 1 : 0;
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct memory_latency *s = state;

    (void)c;
    (void)e;
    s->at = chase_walk(s->at, s->steps);
    return 0;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct memory_latency *s = state;

    (void)c;
    w->items = (double)s->steps;
    w->bytes[s->point.level == POINT_DRAM ? WORK_DRAM : WORK_CACHE] =
        (double)(s->steps * CHASE_LINE);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct memory_latency *s = state;

    (void)e;
    place_limit(out, cpu_here(), s->point, 1, c->clock_hz);
    return 0;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct memory_latency *s = state;

    (void)c;
    pool_free(s->pool);
    region_unmap(&s->region);
    *s = (struct memory_latency){ 0 };
}

const struct point_hooks memory_latency_hooks = {
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
