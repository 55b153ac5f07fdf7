/* gemv.h - y = W x for one to a few vectors x: what decoding does with every weight.
 *
 * y[t][r] = sum over c of W[r][c] x[t][c], in F32.  W stays as it lies in the file (dtype.h), x is
 * what act.h makes of it.  Integer parts are exact; the order in which a variant adds the groups of
 * an output depends on the number of columns only: not on the rows of a call, the threads, or how
 * many vectors go together.  So a vector in a batch has the bits that it has alone.
 *
 * Floor: every weight is read once a call, so bytes of W / bandwidth; GEMV_TOKENS vectors share it.
 *
 * A variant is a code path for one type and one instruction set; they stand in one table, the
 * scalar one of each type first and the others in the order of preference. */
#ifndef KERNELS_GEMV_GEMV_H
#define KERNELS_GEMV_GEMV_H

#include <stddef.h>
#include <stdint.h>

#include "host/cpu.h"
#include "kernels/dtype/act.h"
#include "kernels/dtype/dtype.h"

enum { GEMV_TOKENS = 8 };

struct gemv_variant {
    const char *name; /* "scalar", "avx2", "avx512vnni", "neon", "dotprod" */
    enum dtype dtype;
    enum act_kind act;
    uint64_t needs; /* bits 1 << enum cpu_feature, all of them */
    /* Rows row0 .. row1 - 1 of w for n vectors, 1 <= n <= GEMV_TOKENS, whose kind is `act` and
     * whose cols are w's.  y[t * ldy + r] is written for those rows, and nothing else. */
    void (*run)(const struct weight *w, size_t row0, size_t row1, const struct act *x, int n,
                float *y, size_t ldy);
};

/* The table. */
const struct gemv_variant *gemv_variants(int *n);

/* The preferred variant for this type that the CPU can run; the scalar one always can.  name: that
 * one (NULL: any).  NULL when there is none of that name here. */
const struct gemv_variant *gemv_best(enum dtype t, const struct cpu_info *cpu, const char *name);

/* The contract in F64, from decoded weights and the floats x [n][cols]: the reference. */
void gemv_reference(const struct weight *w, const float *x, int n, double *y, size_t ldy);

#endif
