/* sparse.h - block-sparse attention: what it computes, and which blocks there are.
 *
 * The scores of a head are cut into blocks of SPARSE_BLOCK x SPARSE_BLOCK, and lists say which of
 * them exist (block CSR).  Of a block that has a bit mask, only the scores whose bit is set exist.
 *
 *   O[h][i] = sum over j of softmax_j(scale Q[h][i] . K[h][j]) V[h][j]
 *   LSE[h][i] = ln sum over j of exp(scale Q[h][i] . K[h][j])
 *
 * over the j < kv_len whose score exists.  A position that sees nothing has O = 0, LSE = -infinity;
 * both are written.  NaN that a position sees, in Q, K or V, is NaN in its O (and, but for V, LSE).
 * NaN that it does not see leaves it alone; but where V has one in a block of its list, behind the
 * mask or not, its O may be anything, since a weight of 0 times NaN is NaN.
 * Scores, maxima and sums are F32 (online softmax, Dao et al. 2022); the weights are rounded to the
 * inputs' type before they are multiplied with V, and O to that type.
 *
 * Useful work is 4 SPARSE_BLOCK^2 dim operations a block, masked or not, and less where the end of
 * a sequence cuts it short; bytes are Q, K, V, O, LSE, lists and masks once. */
#ifndef KERNELS_ATTENTION_SPARSE_H
#define KERNELS_ATTENTION_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"

enum {
    SPARSE_BLOCK = 128,
    SPARSE_MASK_WORDS = SPARSE_BLOCK * SPARSE_BLOCK / 32,
    SPARSE_MASK_ROW = SPARSE_BLOCK / 32 /* words */
};

/* Lists on the host, borrowed.  Block row r of head h is list l = h * sparse_blocks(q_len) + r:
 * its blocks are col[row_ptr[l]] .. col[row_ptr[l + 1] - 1].  A query of a batch brings heads of
 * its own: Q queries of H heads are Q * H heads here. */
struct sparse_pattern {
    int heads;
    int q_len, kv_len;      /* positions, >= 0; the last block may be cut short */
    const int32_t *row_ptr; /* [heads * sparse_blocks(q_len) + 1] */
    const int32_t *col;     /* ascending in a list, none twice, below sparse_blocks(kv_len) */
    const int32_t *mask;    /* a block: which of the masks it has; -1: every score.  NULL: all -1 */
    const uint32_t *masks; /* [n_masks][SPARSE_BLOCK][SPARSE_MASK_ROW]: bit j % 32 of word j / 32 */
    int n_masks;
};

int sparse_blocks(int len); /* ceil(len / SPARSE_BLOCK) */
int sparse_lists(const struct sparse_pattern *p);
int64_t sparse_count(const struct sparse_pattern *p); /* blocks in all lists */

/* Is it what is said above?  ERR_ARG names the head, the block row and what is wrong there. */
int sparse_check(const struct sparse_pattern *p, struct err *e);

/* What a call reads and writes: on the host or on the device, by who is called.  Everything is
 * contiguous and 16-byte aligned. */
struct sparse_args {
    const void *q, *k, *v; /* [heads][q_len or kv_len][dim] */
    void *o;               /* [heads][q_len][dim] */
    float *lse;            /* [heads][q_len]; NULL: not wanted */
    enum dtype dtype;      /* of Q, K, V, O: DTYPE_F16 or DTYPE_BF16 */
    int dim;               /* 64 or 128 */
    float scale;
};

/* The contract in F64 for one block row of one head, from inputs on the host: o[SPARSE_BLOCK][dim],
 * lse[SPARSE_BLOCK] (either may be NULL); rows behind q_len are left alone.  ERR_NOMEM. */
int sparse_reference(const struct sparse_pattern *p, const struct sparse_args *a, int head, int row,
                     double *o, double *lse, struct err *e);

#endif
