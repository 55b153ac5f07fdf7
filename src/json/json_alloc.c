/* json_alloc.c - the allocator that Jansson uses. */
#include "json/json_alloc.h"

#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stddef.h>

#include "core/err.h"
#include "core/mem.h"

/* Before each block; a ring while a guarded call runs, `next` NULL otherwise. */
struct block {
    alignas(max_align_t) struct block *prev;
    struct block *next;
};

struct guard {
    jmp_buf out;
    struct block ring; /* every block allocated since the guard stands */
};

static _Thread_local struct guard *guard;

static void *guard_alloc(size_t bytes)
{
    struct block *b = NULL;

    if (bytes <= SIZE_MAX - sizeof(*b))
        b = mem_calloc(1, sizeof(*b) + bytes);
    if (!b && guard)
        longjmp(guard->out, 1);
    if (!b)
        return NULL;
    if (guard) {
        b->prev = guard->ring.prev;
        b->next = &guard->ring;
        b->prev->next = b;
        guard->ring.prev = b;
    }
    return b + 1;
}

void json_alloc_free(void *p)
{
    struct block *b = p;

    if (!p)
        return;
    b--;
    if (b->next) {
        b->prev->next = b->next;
        b->next->prev = b->prev;
    }
    mem_free(b);
}

static void set_allocator(void)
{
    json_set_alloc_funcs(guard_alloc, json_alloc_free);
}

void json_alloc_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, set_allocator);
}

bool json_alloc_guarded(void (*work)(void *self), void *self)
{
    struct guard g;
    volatile bool whole = false;

    BUG_ON(guard);
    json_alloc_init();
    g.ring.prev = g.ring.next = &g.ring;
    guard = &g;
    if (setjmp(g.out) == 0) {
        work(self);
        whole = true;
    }
    guard = NULL;
    for (struct block *b = g.ring.next, *next; b != &g.ring; b = next) {
        next = b->next;
        b->prev = b->next = NULL;
        if (!whole)
            mem_free(b);
    }
    return whole;
}
