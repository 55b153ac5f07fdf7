/* fusion.h - chains of operations of a model, as one step or as several: what kernels.fusion
 * measures.
 *
 * FUSION_ADD_NORM        sum = x + add, y = RMSNorm(sum) g            between the blocks of a layer
 * FUSION_ADD_NORM_QUANT  the same, y to 8 bits with a scale a row     before an integer product
 * FUSION_BIAS_GELU       y = GELU(x + bias)                           GPT-2's feed-forward block
 * FUSION_NORM_MATVEC     y = W RMSNorm(x) g                           one token: q, k and v, say
 * FUSION_SWIGLU          y = silu(W x) * (U x)                        one token: gate and up
 *
 * Fused, a chain is one kernel on a GPU; on the CPU (the first three) each row goes through all of
 * it while it is in the nearest cache.  Not fused, each operation goes over all rows, and what lies
 * between two of them over memory. */
#ifndef KERNELS_FUSION_FUSION_H
#define KERNELS_FUSION_FUSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bench.h"
#include "kernels/dtype/dtype.h"

enum fusion_chain {
    FUSION_ADD_NORM,
    FUSION_ADD_NORM_QUANT,
    FUSION_BIAS_GELU,
    FUSION_NORM_MATVEC,
    FUSION_SWIGLU
};

/* A point of the axes. */
struct fusion_point {
    enum fusion_chain chain;
    bool fused;
    enum dtype dtype;     /* of all rows and matrices; F32 on the CPU */
    size_t n;             /* values of a row */
    size_t rows, outputs; /* of a chain of rows; rows of its matrices.  The other is 1. */
};
struct fusion_point fusion_point_of(const struct params *p, const struct device *d);
bool fusion_of_rows(enum fusion_chain c); /* else it has a matrix */

/* Bytes that have to be read and written once, and those that this form moves; its kernels. */
double fusion_bytes_needed(const struct fusion_point *p);
double fusion_bytes_moved(const struct fusion_point *p);
int fusion_launches(const struct fusion_point *p);

static const float fusion_eps = 1e-5f;

/* One row of what went in and came out, as floats; what a chain has not is NULL. */
struct fusion_row {
    const float *x, *add, *g, *bias; /* [n] */
    const float *sum, *y;            /* [n] */
    const int8_t *q;                 /* [n] */
    float q_scale;
};

/* The largest error among its outputs, over what rounding explains; a NaN is HUGE_VAL.  work: 2 n
 * doubles.  For chains of rows. */
double fusion_check_row(const struct fusion_point *p, const struct fusion_row *r, double *work);

/* One output of a chain with a matrix: its rows of W and U.  work: 2 n doubles. */
struct fusion_output {
    const float *x, *g, *w, *u; /* [n] */
    float y;
};
double fusion_check_output(const struct fusion_point *p, const struct fusion_output *o,
                           double *work);

/* The hooks on one kind of device; the state is their own. */
struct fusion_half {
    size_t state_size;
    int (*setup)(struct bench_ctx *c, void *state, struct err *e);
    int (*verify)(struct bench_ctx *c, void *state, struct err *e);
    int (*once)(struct bench_ctx *c, void *state, struct err *e);
    int (*limit)(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
    enum work_memory (*memory)(const struct bench_ctx *c, const void *state);
    void (*teardown)(struct bench_ctx *c, void *state);
};
extern const struct fusion_half fusion_on_cpu;
#if HAVE_CUDA
extern const struct fusion_half fusion_on_gpu;
#endif

#endif
