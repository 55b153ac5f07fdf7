/* ternary_bench.h - what the CPU and the GPU half of kernels.ternary share: which point it is. */
#ifndef KERNELS_TERNARY_TERNARY_BENCH_H
#define KERNELS_TERNARY_TERNARY_BENCH_H

#include "core/bench.h"
#include "core/limits.h"
#include "kernels/ternary/ternary_chain.h"

enum ternary_op { TERNARY_MATVEC, TERNARY_CHAIN };

/* Of the axis `fused`: enum ternary_order, and a vector that was quantised before. */
enum { TERNARY_READY = TERNARY_STRICT + 1 };

enum { TERNARY_TOKENS_MAX = 64 };

/* The point, and its inputs on the host. */
struct ternary_case {
    enum ternary_op op;
    int fused;
    size_t tokens;
    float eps;
    struct ternary m;           /* TERNARY_MATVEC */
    float *x, *g;               /* owned: [tokens][cols], [cols]; of a chain x is [dim] */
    struct ternary_chain chain; /* TERNARY_CHAIN */
};

int ternary_case_make(struct ternary_case *t, const struct bench_ctx *c, struct err *e);
void ternary_case_release(struct ternary_case *t);

/* Multiplications and additions of weights in one repetition (one pass, one chain). */
double ternary_case_macs(const struct ternary_case *t);

/* The contract's outputs by the scalar variant: y [tokens][rows] of a matvec; of a chain x [dim]
 * and then the qkv of all layers.  *out is owned, `n` floats.  A chain's is made by the fastest
 * variant: test_ternary shows that all are the scalar one, and a larger model takes it seconds. */
int ternary_case_answer(const struct ternary_case *t, float **out, size_t *n, struct err *e);

/* Are n outputs those bits?  Any NaN is like any other.  Fills `check`; ERR_MISMATCH says where. */
int ternary_case_same(const float *got, const float *want, size_t n, struct check *check,
                      struct err *e);

#endif
