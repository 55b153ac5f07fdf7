/* sparse_bench.h - what both halves of kernels.attention.sparse share: the case that the axes name,
 * what is known of it, the work that is counted, and the check of outputs. */
#ifndef KERNELS_ATTENTION_SPARSE_BENCH_H
#define KERNELS_ATTENTION_SPARSE_BENCH_H

#include "core/bench.h"
#include "kernels/attention/sparse_case.h"

/* The first member of a state. */
struct sparse_bench {
    struct sparse_case_want want;
    struct sparse_case k;
    double flops;  /* useful ones of a call */
    uint64_t hash; /* of the outputs at the first check; 0: none yet */
};

/* Of the axis `mode`. */
enum { SPARSE_FAST, SPARSE_INVARIANT };

/* The case, and its properties in the row. */
int sparse_bench_setup(struct bench_ctx *c, struct sparse_bench *s, struct err *e);
void sparse_bench_release(struct sparse_bench *s);

/* Useful operations, and the bytes of Q, K, V, O, LSE, lists and masks. */
double sparse_bench_flops(const struct sparse_bench *s);
double sparse_bench_bytes(const struct sparse_bench *s);

size_t sparse_bench_lse_bytes(const struct sparse_bench *s);

/* O and LSE against F64 in some block rows (all of them where they are few), and the same bits as
 * at the check before.  ERR_MISMATCH. */
int sparse_bench_check(struct bench_ctx *c, struct sparse_bench *s, const void *o, const float *lse,
                       struct err *e);

/* O and LSE of every position of the first heads against those of another variant, which is within
 * the tolerance itself.  ERR_MISMATCH. */
int sparse_bench_compare(const struct sparse_bench *s, int heads, const void *o, const float *lse,
                         const void *other_o, const float *other_lse, struct err *e);

#endif
