/* sparse_lists.h - block lists in the making: the arrays behind a struct sparse_pattern. */
#ifndef KERNELS_ATTENTION_SPARSE_LISTS_H
#define KERNELS_ATTENTION_SPARSE_LISTS_H

#include "kernels/attention/sparse.h"

/* A zeroed struct has no list yet. */
struct sparse_lists {
    int32_t *row_ptr; /* owned, as all arrays: [lists + 1] */
    int32_t *col, *mask;
    uint32_t *masks;
    int lists, n_masks;
    int32_t blocks;
    size_t room_lists, room_blocks, room_masks; /* that the arrays have room for */
};

void sparse_lists_release(struct sparse_lists *l);

/* Add a block to the list that is being made; bits: its mask, copied, or NULL for every score.
 * ERR_NOMEM; ERR_NOTSUP beyond what 32 bits count. */
int sparse_lists_add(struct sparse_lists *l, int32_t col, const uint32_t *bits, struct err *e);

/* The list is complete. */
int sparse_lists_end(struct sparse_lists *l, struct err *e);

/* All lists so far again, `times` in all: other heads with the same blocks, and the same masks. */
int sparse_lists_repeat(struct sparse_lists *l, int times, struct err *e);

/* A mask of its own for every block: each score exists or not, by a coin. */
int sparse_lists_random_masks(struct sparse_lists *l, uint64_t seed, struct err *e);

/* No masks: every score of the blocks exists. */
void sparse_lists_drop_masks(struct sparse_lists *l);

#endif
