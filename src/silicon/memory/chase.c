/* chase.c - load latency: a walk over a random cycle of cache lines. */
#include "silicon/memory/chase.h"

#include <stdbool.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"

enum { WALKERS = 32 }; /* walks at a time in the check: the memory answers them together */

struct walker {
    size_t at, steps;
    size_t end; /* the mark it came to; SIZE_MAX while walking */
};

int chase_link(void *p, size_t bytes, uint64_t seed, struct err *e)
{
    size_t n = bytes / CHASE_LINE;
    unsigned char *base = p;
    uint32_t *next = NULL;
    struct rng rng;

    if (n < 2 || n > UINT32_MAX)
        return ERR(e, ERR_ARG, "a pointer chase over %zu lines", n);
    next = mem_calloc(n, sizeof(*next));
    if (!next)
        return ERR(e, ERR_NOMEM, "no memory for a random cycle of %zu lines", n);
    for (size_t i = 0; i < n; i++)
        next[i] = (uint32_t)i;
    rng_init(&rng, seed, 0);
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = (size_t)rng_below(&rng, i); /* j < i, not j <= i: this makes it one cycle */
        uint32_t swap = next[i];

        next[i] = next[j];
        next[j] = swap;
    }
    for (size_t i = 0; i < n; i++) {
        void *to = base + (size_t)next[i] * CHASE_LINE;

        memcpy(base + i * CHASE_LINE, &to, sizeof(to));
    }
    mem_free(next);
    return 0;
}

void *chase_walk(void *at, size_t steps)
{
    void **p = at;

    for (size_t i = 0; i < steps; i += CHASE_UNROLL) {
#define STEP  p = *p
#define STEP4 STEP, STEP, STEP, STEP
        STEP4, STEP4, STEP4, STEP4;
#undef STEP4
#undef STEP
    }
    return p;
}

/* The line that line `at` points to, n when it is none. */
static size_t follow(const unsigned char *base, size_t n, size_t at)
{
    uintptr_t to, first = (uintptr_t)base;

    memcpy(&to, base + at * CHASE_LINE, sizeof(to));
    if (to < first || (to - first) % CHASE_LINE != 0 || (to - first) / CHASE_LINE >= n)
        return n;
    return (to - first) / CHASE_LINE;
}

/* Every line at a multiple of `spacing`, a power of two, is a mark; there are `walkers` of them.
 * From each, walk to the next mark on its cycle. */
static int walk_to_marks(const unsigned char *base, size_t n, struct walker *w, int walkers,
                         size_t spacing, struct err *e)
{
    int walking = walkers;

    for (int k = 0; k < walkers; k++) {
        w[k].at = (size_t)k * spacing;
        w[k].end = SIZE_MAX;
    }
    while (walking > 0) {
        for (int k = 0; k < walkers; k++) {
            if (w[k].end != SIZE_MAX)
                continue;
            w[k].at = follow(base, n, w[k].at);
            if (w[k].at == n)
                return ERR(e, ERR_MISMATCH, "a link of the pointer chase leads out of it");
            if (++w[k].steps > n)
                return ERR(e, ERR_MISMATCH, "the pointer chase runs in circles");
            if ((w[k].at & (spacing - 1)) == 0) {
                w[k].end = w[k].at / spacing;
                walking--;
            }
        }
    }
    return 0;
}

int chase_check(const void *p, size_t bytes, struct err *e)
{
    size_t n = bytes / CHASE_LINE, steps = 0, mark = 0, spacing = 1;
    struct walker w[WALKERS] = { 0 };
    int walkers, rc, seen = 0;

    while (spacing * WALKERS < n)
        spacing *= 2;
    walkers = (int)((n + spacing - 1) / spacing);
    rc = walk_to_marks(p, n, w, walkers, spacing, e);
    if (rc < 0)
        return rc;
    /* The stretches between marks, in the order of the cycle, must meet every mark once and be n
     * lines together: then the one cycle through mark 0 visits every line exactly once. */
    do {
        steps += w[mark].steps;
        mark = w[mark].end;
        seen++;
    } while (mark != 0 && seen <= walkers);
    if (seen != walkers || steps != n)
        return ERR(e, ERR_MISMATCH, "the cycle from line 0 visits %zu of %zu lines", steps, n);
    return 0;
}
