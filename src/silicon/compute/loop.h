/* loop.h - register-resident multiply-add loops: the peak of a core, per instruction set and type.
 *
 * A loop keeps `accs` independent accumulators in registers and adds to each, every iteration, the
 * product of two operands that also stay in registers:
 *
 *     acc[i] += a[i % 2] x b[i / 2 % 2]        i < accs, `iterations` times
 *
 * where x is what one instruction of the set multiplies and adds (its shape below).  All operands
 * are small non-zero integers, so every sum is exact and the result has a closed form,
 * init + iterations * product: a loop that leaves out one iteration, one accumulator or one lane is
 * caught.  The accumulators outnumber latency x units of every core known to uarch.h. */
#ifndef SILICON_COMPUTE_LOOP_H
#define SILICON_COMPUTE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/result.h"

/* In the order of the axes of silicon.compute. */
enum compute_dtype { COMPUTE_FP64, COMPUTE_FP32, COMPUTE_BF16, COMPUTE_INT8, COMPUTE_DTYPES };
enum compute_path {
    PATH_BEST,
    PATH_AVX2,
    PATH_AVXVNNI,
    PATH_AVX512,
    PATH_AVX512VNNI,
    PATH_AVX512BF16,
    PATH_AMX,
    PATH_NEON,
    PATH_DOTPROD,
    PATH_I8MM,
    PATH_BF16ARM,
    PATH_OPENBLAS,
    PATH_ONEDNN,
    COMPUTE_PATHS, /* of a CPU; a GPU's follow */
    PATH_LOOP = COMPUTE_PATHS,
    PATH_FMA,
    PATH_MMA,
    PATH_WGMMA,
    PATH_CUBLASLT,
    COMPUTE_PATHS_ALL
};
/* Of a GPU's rows. */
enum compute_data { COMPUTE_RANDOM, COMPUTE_ZEROS };
enum compute_load { COMPUTE_BURST, COMPUTE_SUSTAINED };
extern const char *const compute_dtype_names[COMPUTE_DTYPES + 1]; /* NULL-terminated */
extern const char *const compute_path_names[COMPUTE_PATHS_ALL + 1];

/* What one instruction does; element (i, j) of an operand is meant in memory order. */
enum loop_shape {
    LOOP_DOT,  /* m lanes: lane i += sum over t < k of a[i k + t] b[i k + t]  (FMA: k = 1) */
    LOOP_FOLD, /* 4 lanes: lane i += sum over e in {2i, 2i+1, 8+2i, 9+2i} of a[e] b[e] */
    LOOP_ROWS, /* m x n: (i, j) += sum over t < k of a[i k + t] b[j k + t] */
    LOOP_TILE  /* m x n: the same with b in groups of 4 bytes: AMX's "VNNI" layout */
};

enum { LOOP_OPERAND_BYTES = 1024, LOOP_SUM_BYTES = 4096 };

/* The data of one thread.  a and b hold two operands each; out is written by run. */
struct loop_io {
    __attribute__((aligned(64))) uint8_t a[2][LOOP_OPERAND_BYTES];
    uint8_t b[2][LOOP_OPERAND_BYTES];
    uint8_t init[LOOP_SUM_BYTES]; /* accumulators one after the other */
    uint8_t out[LOOP_SUM_BYTES];
};

struct loop {
    enum compute_path path;
    enum compute_dtype dtype;
    enum loop_shape shape;
    int m, n, k; /* of the shape; n is 1 for LOOP_DOT and LOOP_FOLD */
    int accs;
    int max; /* operands are 1 .. max, b of random sign, a too unless INT8 (u8 for VNNI) */
    uint64_t iterations; /* of one repetition: 100 to 200 us on cores of 2.5 to 4 GHz */
    void (*run)(struct loop_io *io, uint64_t iterations);
};

/* All loops of this architecture, ends with run == NULL.  Within a type the one that should be
 * fastest comes last. */
extern const struct loop loop_table[];

/* NULL when this architecture has no such loop. */
const struct loop *loop_find(enum compute_path path, enum compute_dtype dtype);

/* Can this CPU run it?  ERR_NOTSUP says what is missing.  Asks the kernel for AMX where needed, so
 * threads that run the loop must be made afterwards. */
int loop_supported(const struct loop *l, struct err *e);

/* Can this CPU run any loop of this type?  ERR_NOTSUP says what the best of them lacks. */
int loop_any_supported(enum compute_dtype dtype, struct err *e);

/* Useful multiply-adds of one iteration. */
double loop_macs(const struct loop *l);

/* Draw operands and initial sums. */
void loop_fill(const struct loop *l, struct loop_io *io, uint64_t seed);

/* Compare io->out with the closed form.  Fills reference, error (largest difference) and
 * tolerance (0) of *c.  ERR_MISMATCH names the first place that differs. */
int loop_check(const struct loop *l, const struct loop_io *io, uint64_t iterations, struct check *c,
               struct err *e);

#endif
