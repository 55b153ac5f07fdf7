/* sparse_hopper_items.h - a pattern and its plan as the Hopper kernel reads them: block after block
 * of each worker, and the masks.  The end of K is a mask too.
 *
 * Of the 64 x 128 scores of a warpgroup thread i has 64, score s in row
 * 16 (i / 32) + i % 32 / 4 + 8 (s / 2 % 2) and column 8 (s / 4) + 2 (i % 4) + s % 2: its mask is 64
 * bits, score s bit s. */
#ifndef KERNELS_ATTENTION_SPARSE_HOPPER_ITEMS_H
#define KERNELS_ATTENTION_SPARSE_HOPPER_ITEMS_H

#include "core/err.h"
#include "kernels/attention/sparse_plan.h"

enum { SPARSE_HOPPER_MASK = SPARSE_BLOCK * SPARSE_BLOCK / 8 /* bytes */ };

enum sparse_hopper_flag {
    SPARSE_HOPPER_FIRST = 1, /* block of a piece: Q comes with it */
    SPARSE_HOPPER_LAST = 2,
    SPARSE_HOPPER_ODD = 4, /* piece of its worker */
    SPARSE_HOPPER_MASKED = 8
};

/* A block; read as two int4.  slot, merge and merges are those of its piece. */
struct sparse_hopper_item {
    int32_t head, row, col, flags;
    int32_t slot, merge, merges, mask;
};

struct sparse_hopper_items {
    struct sparse_hopper_item *items; /* [blocks] */
    int32_t *begin;                   /* [workers + 1] */
    uint64_t *masks;                  /* [n_masks][2][128]: warpgroup, thread */
    int n_masks;
};

/* ERR_NOMEM.  sparse_hopper_items_free gives it back, and accepts a zeroed struct. */
int sparse_hopper_items_make(struct sparse_hopper_items *out, const struct sparse_pattern *p,
                             const struct sparse_plan *plan, struct err *e);
void sparse_hopper_items_free(struct sparse_hopper_items *l);

#endif
