/* sparse_lists.c - block lists in the making. */
#include "kernels/attention/sparse_lists.h"

#include <string.h>

#include "core/mem.h"
#include "core/rng.h"

enum { MASK_BYTES = SPARSE_MASK_WORDS * sizeof(uint32_t), BLOCKS_MOST = INT32_MAX - 1 };

void sparse_lists_release(struct sparse_lists *l)
{
    mem_free(l->row_ptr);
    mem_free(l->col);
    mem_free(l->mask);
    mem_free(l->masks);
    *l = (struct sparse_lists){ 0 };
}

/* What grows one by one gets twice the room that it needs. */
static size_t ample(size_t need)
{
    return 2 * need + 512;
}

static int grow(void *old, size_t room, size_t size, void **out, struct err *e)
{
    *out = mem_realloc(old, room, size);
    return *out ? 0 : ERR(e, ERR_NOMEM, "no memory for %zu entries of block lists", room);
}

/* Room for `room` lists, blocks or masks, unless there is for `need` of them. */
static int room_lists(struct sparse_lists *l, size_t need, size_t room, struct err *e)
{
    void *p;
    int rc = 0;

    if (need <= l->room_lists)
        return 0;
    TRY(grow(l->row_ptr, room + 1, sizeof(*l->row_ptr), &p, e));
    l->row_ptr = p;
    l->room_lists = room;
out:
    return rc;
}

static int room_blocks(struct sparse_lists *l, size_t need, size_t room, struct err *e)
{
    void *p;
    int rc = 0;

    if (need > BLOCKS_MOST)
        return ERR(e, ERR_NOTSUP, "%zu blocks are more than 32 bits count", need);
    if (need <= l->room_blocks)
        return 0;
    TRY(grow(l->col, room, sizeof(*l->col), &p, e));
    l->col = p;
    TRY(grow(l->mask, room, sizeof(*l->mask), &p, e));
    l->mask = p;
    l->room_blocks = room;
out:
    return rc;
}

static int room_masks(struct sparse_lists *l, size_t need, size_t room, struct err *e)
{
    void *p;
    int rc = 0;

    if (need <= l->room_masks)
        return 0;
    TRY(grow(l->masks, room, MASK_BYTES, &p, e));
    l->masks = p;
    l->room_masks = room;
out:
    return rc;
}

int sparse_lists_add(struct sparse_lists *l, int32_t col, const uint32_t *bits, struct err *e)
{
    int rc = 0;

    TRY(room_blocks(l, (size_t)l->blocks + 1, ample((size_t)l->blocks), e));
    if (bits) {
        TRY(room_masks(l, (size_t)l->n_masks + 1, ample((size_t)l->n_masks), e));
        memcpy(l->masks + (size_t)l->n_masks * SPARSE_MASK_WORDS, bits, MASK_BYTES);
    }
    l->col[l->blocks] = col;
    l->mask[l->blocks++] = bits ? l->n_masks++ : -1;
out:
    return rc;
}

int sparse_lists_end(struct sparse_lists *l, struct err *e)
{
    int rc = 0;

    TRY(room_lists(l, (size_t)l->lists + 1, ample((size_t)l->lists), e));
    if (l->lists == 0)
        l->row_ptr[0] = 0;
    l->row_ptr[++l->lists] = l->blocks;
out:
    return rc;
}

int sparse_lists_repeat(struct sparse_lists *l, int times, struct err *e)
{
    const size_t lists = (size_t)l->lists, blocks = (size_t)l->blocks;
    int rc = 0;

    if (lists == 0 || times < 2)
        return 0;
    TRY(room_blocks(l, blocks * (size_t)times, blocks * (size_t)times, e));
    TRY(room_lists(l, lists * (size_t)times, lists * (size_t)times, e));
    for (int t = 1; t < times; t++) {
        for (size_t i = 1; i <= lists; i++)
            l->row_ptr[(size_t)t * lists + i] = (int32_t)((size_t)t * blocks) + l->row_ptr[i];
        if (blocks == 0)
            continue;
        memcpy(l->col + (size_t)t * blocks, l->col, blocks * sizeof(*l->col));
        memcpy(l->mask + (size_t)t * blocks, l->mask, blocks * sizeof(*l->mask));
    }
    l->lists *= times;
    l->blocks *= times;
out:
    return rc;
}

int sparse_lists_random_masks(struct sparse_lists *l, uint64_t seed, struct err *e)
{
    struct rng rng;
    int rc = 0;

    rng_init(&rng, seed, 2);
    TRY(room_masks(l, (size_t)l->blocks, (size_t)l->blocks, e));
    l->n_masks = l->blocks;
    rng_fill(&rng, l->masks, (size_t)l->blocks * MASK_BYTES);
    for (int32_t b = 0; b < l->blocks; b++)
        l->mask[b] = b;
out:
    return rc;
}

void sparse_lists_drop_masks(struct sparse_lists *l)
{
    mem_free(l->masks);
    l->masks = NULL;
    l->room_masks = 0;
    l->n_masks = 0;
    for (int32_t b = 0; b < l->blocks; b++)
        l->mask[b] = -1;
}
