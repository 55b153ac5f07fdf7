/* sparse_case.h - the cases that block-sparse attention is measured with.
 *
 *   heads     A  heads of 4096 positions with 200 random blocks each: 20 % of a head's
 *   diagonal  B  one head, the blocks of the diagonal and 2.3 % more beside it: 800 for 100,000
 *                atoms.  Hardly anything is used twice: bound by the memory
 *   protein   C  8 heads over the atoms of a protein, made up or read (atoms.h), along a
 *                space-filling curve; blocks with a pair no further apart than a cutoff, and masks
 *                of those pairs
 *   uniform   D  8 heads, each block there with the same chance: dense but for that
 *
 * Everything follows from the seed.  Q, K and V are normal. */
#ifndef KERNELS_ATTENTION_SPARSE_CASE_H
#define KERNELS_ATTENTION_SPARSE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"
#include "kernels/attention/sparse_lists.h"

enum sparse_case_kind {
    SPARSE_CASE_HEADS,
    SPARSE_CASE_DIAGONAL,
    SPARSE_CASE_PROTEIN,
    SPARSE_CASE_UNIFORM,
    SPARSE_CASES
};
extern const char *const sparse_case_names[]; /* NULL-terminated */

struct sparse_case_want {
    enum sparse_case_kind kind;
    int blocks;            /* heads: of one query, a multiple of SPARSE_CASE_HEAD_BLOCKS */
    int atoms;             /* the others; protein: where no structure is read */
    int cutoff;            /* protein: angstroms */
    int percent;           /* uniform: of the blocks are there */
    const char *structure; /* protein: a file, or NULL */
    int queries;           /* each with heads, Q, K and V of its own */
    bool masks;            /* protein: the pairs'; others: every block has one, by coins */
    enum dtype dtype;
    int dim;
    uint64_t seed;
};

enum { SPARSE_CASE_HEAD_BLOCKS = 200, SPARSE_CASE_HEADS_OF = 8 };

/* A zeroed struct is empty. */
struct sparse_case {
    struct sparse_pattern p; /* of the lists */
    struct sparse_args a;    /* q, k, v on the host; o, lse: NULL */
    struct sparse_lists lists;
    struct region values; /* q, k and v, in that order */
};

/* The lists.  ERR_ARG, ERR_NOTSUP where the case does not fit into the host's memory, ERR_NOMEM;
 * what atoms_read says. */
int sparse_case_lists(struct sparse_case *k, const struct sparse_case_want *w, struct err *e);

/* Then the values. */
int sparse_case_values(struct sparse_case *k, const struct sparse_case_want *w, struct err *e);

void sparse_case_release(struct sparse_case *k);

/* Bytes of q and o, of k and v, of the lists with their masks. */
size_t sparse_case_q_bytes(const struct sparse_case *k);
size_t sparse_case_kv_bytes(const struct sparse_case *k);
size_t sparse_case_list_bytes(const struct sparse_case *k);

/* Of the scores of all blocks, those that exist: 0 .. 1. */
double sparse_case_seen(const struct sparse_case *k);

#endif
