/* loop_gpu.h - multiply-add loops that keep all of a GPU's units busy from registers and shared
 * memory: the attainable peak.  One table of variants, each with what it needs.
 *
 * Every block of a launch does the same.  Tile loops do, for each of `units` warps or warpgroups
 * that differ, sum(m, n) += A(m, k) x B(k, n), first and second half of `pairs` pairs a round (see
 * loop_gpu_operand.h); their sums are exact and known.  FMA loops are chains c = c x a + b with
 * numbers of full precision, which fma() and fmaf() of the host repeat bit by bit. */
#ifndef SILICON_COMPUTE_LOOP_GPU_H
#define SILICON_COMPUTE_LOOP_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/result.h"
#include "gpu/gpu.h"
#include "gpu/gpu_rate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that the wgmma loops keep in shared memory. */
enum { LOOP_GPU_WGMMA_IMAGE = 128 << 10 };

enum loop_gpu_path { LOOP_GPU_FMA, LOOP_GPU_MMA, LOOP_GPU_WGMMA, LOOP_GPU_PATHS };

/* Chains of an FMA loop: a thread's own, and threads that differ. */
enum { LOOP_GPU_CHAINS = 32, LOOP_GPU_KINDS = 8 };

struct loop_gpu_args {
    unsigned seed;
    int rounds;
    int max;     /* largest factor; 0: all factors are zero */
    double a[2]; /* FMA loops: a of either half, exact in the type */
    unsigned blocks;
    void *d_image;     /* operands as the loop wants them in shared memory; where image_bytes > 0 */
    void *d_sums;      /* sums of block 0: units x m x n, row-major, 8 bytes each in FP64, else 4 */
    unsigned *d_marks; /* a block: the sum of its loop_gpu_mark()s */
};

struct loop_gpu;
typedef int loop_gpu_enqueue(const struct loop_gpu *l, const struct loop_gpu_args *args,
                             gpu_stream stream, struct err *e);

struct loop_gpu {
    enum loop_gpu_path path;
    enum gpu_type type;
    const char *name;
    int capability_least, capability_most; /* of the device */
    int m, n, k, pairs, units;             /* FMA loops: kinds, chains, 1, 1, 1 */
    int copies;                            /* how often a block does all units */
    int blocks_per_sm;                     /* that are resident */
    int max;                               /* largest factor whose sums are exact */
    int rounds_most;                       /* for the same reason */
    bool a_in_registers;                   /* wgmma: else in shared memory */
    size_t image_bytes;
    loop_gpu_enqueue *prepare; /* makes the image; NULL: there is none */
    loop_gpu_enqueue *launch;  /* NULL: this build has no code for it */
};

/* Ends with an entry without a name. */
extern const struct loop_gpu loop_gpu_table[];
extern const char *const loop_gpu_path_names[LOOP_GPU_PATHS + 1]; /* "fma" ...; ends with NULL */

/* ERR_NOTSUP with the reason where the device has no such instruction, or this build no code. */
int loop_gpu_supported(const struct loop_gpu *l, int capability, struct err *e);

/* Fill args->max and args->a for args->seed. */
void loop_gpu_factors(const struct loop_gpu *l, bool zeros, struct loop_gpu_args *args);

/* Operations of one block in one round; multiply and add count as two. */
double loop_gpu_block_ops(const struct loop_gpu *l);

/* Bytes of args.d_sums. */
size_t loop_gpu_sums_bytes(const struct loop_gpu *l);

/* Compare the sums of the last of `launches` launches, and the marks of all of them, both copied to
 * the host, with what the host makes of the same factors.  error is the number of sums of block 0
 * that differ, or else of blocks; tolerance 0.  ERR_MISMATCH. */
int loop_gpu_check(const struct loop_gpu *l, const struct loop_gpu_args *args, unsigned launches,
                   const void *sums, const unsigned *marks, struct check *check, struct err *e);

/* The launchers, one a file of device code; each chooses by l->type.  ERR_NOTSUP when this build
 * has no code for the device, ERR_CUDA when the launch failed. */
loop_gpu_enqueue loop_fma, loop_mma, loop_mma_sm80, loop_mma_sm89, loop_mma_sm90, loop_mma_sm120a;
loop_gpu_enqueue loop_wgmma_sm90a, loop_wgmma_sm90a_image;

#ifdef __cplusplus
}
#endif

#endif
