/* sparse_plan.h - who of the workers of a GPU computes which blocks of a block-sparse pattern.
 *
 * A piece is a run of blocks of one list.  A list that one worker computes alone is one piece.  A
 * list that is cut has several: all but its first leave a partial result in a slot of the
 * workspace, and who has the first adds them to its own, in the order of the list, and finishes the
 * list.  A piece waits for pieces of workers behind its own only, so that nobody waits for ever
 * when the last worker is started first.
 *
 * Otherwise than in the invariant mode the blocks are shared out evenly (as stream-K does it for
 * matrix products): most lists are dealt whole and in order to whoever has least to do, so that the
 * workers are near each other in K and V, and the rest is cut where a worker's share is full.  In
 * the invariant mode a list is cut by its own length alone, and its pieces go, longest first, to
 * who has least to do.
 *
 * Time is O(lists + workers + pieces log workers). */
#ifndef KERNELS_ATTENTION_SPARSE_PLAN_H
#define KERNELS_ATTENTION_SPARSE_PLAN_H

#include <stdbool.h>

#include "core/err.h"
#include "kernels/attention/sparse.h"

struct sparse_piece {
    int32_t head, row;
    int32_t begin, count; /* blocks: of col[]; count >= 1 */
    int32_t slot; /* where its partial result goes; -1: it finishes its list, after it has */
    int32_t merge, merges; /* added the results in slots merge .. merge + merges - 1 */
    int32_t first;         /* col[begin] */
};

struct sparse_plan {
    int workers;
    int32_t *begin; /* worker w does pieces[begin[w]] .. pieces[begin[w + 1] - 1], in order */
    struct sparse_piece *pieces;
    int32_t *empty; /* the lists without blocks, ascending */
    int n_empty;
    int slots;
    int64_t longest; /* blocks of the workers of a multiprocessor, where these are most */
};

/* What a pattern that passed sparse_check becomes for that many workers, of which so many at a time
 * (a divisor) share a multiprocessor and with it a share of the blocks; sparse_plan_free gives it
 * back.  ERR_NOMEM. */
int sparse_plan_make(struct sparse_plan *out, const struct sparse_pattern *p, int workers,
                     int together, bool invariant, struct err *e);
void sparse_plan_free(struct sparse_plan *p); /* accepts a zeroed struct */

#endif
