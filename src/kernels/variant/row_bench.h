/* row_bench.h - what the benchmarks of operations on rows of floats share: norms, rotary embedding,
 * activations, softmax.
 *
 * A call is `rows` rows of n values on one core.  Bytes are what each row reads and writes once, so
 * that the limit is a copy at the level of the memory that holds all rows; `flops` are what the
 * formula asks for, an exponential counted as ROW_BENCH_EXP, and give the other limit, which binds
 * where the rows lie in a near cache. */
#ifndef KERNELS_VARIANT_ROW_BENCH_H
#define KERNELS_VARIANT_ROW_BENCH_H

#include "core/bench.h"
#include "core/pick.h"

/* Multiplications and additions in one exponential of vector.h. */
enum { ROW_BENCH_EXP = 22 };

struct row_bench;

struct row_bench_op {
    const void *table; /* variant.h: n_variants entries of `stride` bytes */
    size_t stride;
    int n_variants;
    int reads, writes; /* floats a value */
    double flops;      /* a value */
    void (*run)(struct row_bench *s, int variant, size_t row);
    /* The row in F64 from s->x and s->gate, and how far each value may be off. */
    void (*answer)(struct row_bench *s, size_t row, double *want, double *tol);
};

/* The first member of a benchmark's state.  Row r of an array begins at r * n. */
struct row_bench {
    struct row_bench_op op;
    size_t n, rows;
    float *x, *gate, *y; /* owned: two inputs, normal, and the output */
    float *g, *b;        /* owned: n each, normal: what all rows share */
    int candidates[PICK_MAX];
    int variant;
};

/* From axes "n" or what the benchmark makes of its own, and "rows" and "variant"; op is set. */
int row_bench_setup(struct bench_ctx *c, struct row_bench *s, size_t n, struct err *e);
int row_bench_verify(struct bench_ctx *c, void *state, struct err *e);
int row_bench_once(struct bench_ctx *c, void *state, struct err *e);
void row_bench_work(const struct bench_ctx *c, const void *state, struct work *w);
int row_bench_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
void row_bench_teardown(struct bench_ctx *c, void *state);

/* Axes that all of them have, for their tables; the metric; the exists hook's part. */
#define ROW_BENCH_AXIS_ROWS                                                               \
    {                                                                                     \
        .name = "rows", .help = "rows of a call", .kind = AXIS_INT, .lo = 1, .hi = 65536, \
        .normal = "16,512"                                                                \
    }
#define ROW_BENCH_AXIS_VARIANT                                                             \
    {                                                                                      \
        .name = "variant", .help = "code path; best: the fastest here", .kind = AXIS_ENUM, \
        .names = variant_axis_names, .normal = "best"                                      \
    }
#define ROW_BENCH_METRIC                                                                 \
    {                                                                                    \
        .name = "bandwidth", .unit = "GB/s", .basis = METRIC_BYTES_PER_S, .scale = 1e-9, \
        .direction = HIGHER_IS_BETTER                                                    \
    }

#endif
