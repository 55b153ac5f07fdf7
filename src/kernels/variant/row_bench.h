/* row_bench.h - what the benchmarks of operations on rows of values share: norms, rotary embedding,
 * activations, softmax.
 *
 * On the CPU a call is `rows` rows of n floats on one core; on a GPU it is one launch, of rows of
 * F32, F16 or BF16.  Bytes are what each row reads and writes once, so that the limit is a copy at
 * the level of the memory that holds all rows; on the CPU `flops` are what the formula asks for, an
 * exponential counted as ROW_BENCH_EXP, and give the other limit, which binds where the rows lie in
 * a near cache. */
#ifndef KERNELS_VARIANT_ROW_BENCH_H
#define KERNELS_VARIANT_ROW_BENCH_H

#include "core/bench.h"
#include "core/pick.h"
#include "gpu/gpu.h"
#include "kernels/dtype/dtype.h"
#include "kernels/variant/gpu_variant.h"

/* Multiplications and additions in one exponential of vector.h. */
enum { ROW_BENCH_EXP = 22 };

struct row_bench;

/* The GPU's part of an operation; zero in a build without CUDA. */
struct row_bench_gpu_op {
    const void *table; /* gpu_variant.h: n_variants entries of `stride` bytes */
    size_t stride;
    int n_variants;
    /* Enqueue all rows, from s->gpu. */
    int (*run)(struct row_bench *s, int variant, gpu_stream stream, struct err *e);
    const float *own; /* n_own floats that the operation wants on the device: d_own */
    size_t n_own;
};

struct row_bench_op {
    const void *table; /* variant.h: n_variants entries of `stride` bytes */
    size_t stride;
    int n_variants;
    int reads, writes; /* values a value */
    double flops;      /* a value */
    void (*run)(struct row_bench *s, int variant, size_t row);
    /* The row in F64 from s->x and s->gate, and how far each value may be off in F32. */
    void (*answer)(struct row_bench *s, size_t row, double *want, double *tol);
    struct row_bench_gpu_op gpu;
};

/* Rows in a GPU's memory; row_bench_gpu.c makes them. */
struct row_bench_gpu {
    struct gpu *gpu; /* borrowed */
    enum dtype dtype;
    size_t rows;
    void *d_x, *d_gate, *d_y; /* owned: [rows][n] of dtype */
    float *d_g, *d_b, *d_own; /* owned */
    bool verified;            /* the check before timing has been made */
};

/* The first member of a benchmark's state.  Row r of an array begins at r * n. */
struct row_bench {
    struct row_bench_op op;
    size_t n, rows;
    float *x, *gate, *y; /* owned: two inputs, normal, and the output; on a GPU of the rows that
                          * are checked alone */
    float *g, *b;        /* owned: n each, normal: what all rows share */
    int candidates[PICK_MAX];
    int variant;
    struct row_bench_gpu gpu;
};

/* From axes "n" or what the benchmark makes of its own, and those below; op is set. */
int row_bench_setup(struct bench_ctx *c, struct row_bench *s, size_t n, struct err *e);
int row_bench_verify(struct bench_ctx *c, void *state, struct err *e);
int row_bench_once(struct bench_ctx *c, void *state, struct err *e);
void row_bench_work(const struct bench_ctx *c, const void *state, struct work *w);
int row_bench_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
void row_bench_teardown(struct bench_ctx *c, void *state);

/* What the hooks above do on one kind of device; teardown: of what the GPU holds, or NULL. */
struct row_bench_half {
    int (*setup)(struct bench_ctx *c, struct row_bench *s, size_t n, struct err *e);
    int (*verify)(struct bench_ctx *c, struct row_bench *s, struct err *e);
    int (*once)(struct bench_ctx *c, struct row_bench *s, struct err *e);
    void (*work)(const struct bench_ctx *c, const struct row_bench *s, struct work *w);
    int (*limit)(struct bench_ctx *c, struct row_bench *s, struct limits *out, struct err *e);
    void (*teardown)(struct bench_ctx *c, struct row_bench *s);
};

/* The exists hook's part: has the table of this device such a variant? */
bool row_bench_exists(const struct params *p, const struct device *d,
                      const struct row_bench_op *op);

/* x[i] for i < n: normal. */
void row_bench_fill(float *x, size_t n, uint64_t seed, uint64_t stream);

/* Axes that all of them have, for their tables; the metric. */
extern const char *const row_bench_variants[], *const row_bench_dtypes[];
#define ROW_BENCH_AXIS_DTYPE                                                                    \
    {                                                                                           \
        .name = "dtype", .help = "type of the values; the CPU's are floats", .kind = AXIS_ENUM, \
        .names = row_bench_dtypes, .normal = "F16", .devices = DEVICE_GPU                       \
    }
#define ROW_BENCH_AXIS_ROWS                                                                 \
    {                                                                                       \
        .name = "rows", .help = "rows of a call", .kind = AXIS_INT, .lo = 1, .hi = 1 << 24, \
        .normal = "16,512"                                                                  \
    }
#define ROW_BENCH_AXIS_VARIANT                                                             \
    {                                                                                      \
        .name = "variant", .help = "code path; best: the fastest here", .kind = AXIS_ENUM, \
        .names = row_bench_variants, .normal = "best"                                      \
    }
#define ROW_BENCH_METRIC                                                                 \
    {                                                                                    \
        .name = "bandwidth", .unit = "GB/s", .basis = METRIC_BYTES_PER_S, .scale = 1e-9, \
        .direction = HIGHER_IS_BETTER                                                    \
    }

#endif
