/* blas_gemm.h - C = A x B through a library of the system, loaded at run time: what they reach.
 *
 * n x n matrices, row-major.  FP64 and FP32 uniform in [-1, 1), BF16 the same cut off, sums in
 * FP32.  INT8: A u8 0 .. 127, B s8 -127 .. 127, sums in s32 (two products fit 16 bits, so that AVX2
 * code, which saturates there, is exact too).
 *
 * A library once loaded stays: its threads live on and unloading under them crashes. */
#ifndef SILICON_COMPUTE_BLAS_GEMM_H
#define SILICON_COMPUTE_BLAS_GEMM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/mem.h"
#include "core/result.h"
#include "silicon/compute/loop.h"

struct gemm {
    enum compute_path path; /* PATH_OPENBLAS, PATH_ONEDNN */
    enum compute_dtype dtype;
    int n, threads;
    struct region a, b, c; /* owned */
    char name[64];         /* library, version, the code path it chose, threads */
    bool ran;              /* since the last check */
    void *library_state;   /* owned, of the library's file */
    int (*run)(struct gemm *g, struct err *e);
    void (*close)(struct gemm *g); /* releases library_state; may be NULL */
};

/* Does this library multiply this type? */
bool gemm_has(enum compute_path library, enum compute_dtype dtype);

/* A size that keeps one multiplication in the milliseconds on cores of any kind and grows with
 * their number: 768 cbrt(threads) in steps of 256, at most 4096; twice that for types that are
 * narrow and that the CPU multiplies itself (libraries emulate BF16 without). */
int gemm_size(enum compute_dtype dtype, int threads, bool emulated);

/* Load the library, draw the matrices.  ERR_NOTSUP says what to install, or what this version of
 * the library or the CPU lacks. */
int gemm_open(struct gemm *g, enum compute_path library, enum compute_dtype dtype, int n,
              int threads, uint64_t seed, struct err *e);
void gemm_close(struct gemm *g);

int gemm_run(struct gemm *g, struct err *e);

/* Compare sampled elements of C (spread by `seed`; some in the last row and column) with dot
 * products summed in FP64.  error and tolerance are relative to sum |a b|.  The tolerance is the
 * bound of any order of summation, (n + 2) eps (Higham 2002, 3.1): twice that for FP64, whose
 * reference errs as well, and 0 for INT8.  Spoils C afterwards, so that no product is checked
 * twice.  ERR_MISMATCH. */
int gemm_check(struct gemm *g, uint64_t seed, struct check *check, struct err *e);

#endif
