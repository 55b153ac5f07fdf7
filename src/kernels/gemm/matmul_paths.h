/* matmul_paths.h - the code paths behind the table in matmul.c; contract in matmul.h.
 *
 * Each path serves several types: w->dtype says which. */
#ifndef KERNELS_GEMM_MATMUL_PATHS_H
#define KERNELS_GEMM_MATMUL_PATHS_H

#include <stddef.h>

#include "kernels/dtype/act.h"
#include "kernels/dtype/dtype.h"

#define MATMUL_PATH(name)                                                                     \
    size_t matmul_##name##_scratch(size_t cols, size_t tokens);                               \
    void matmul_##name(const struct weight *w, size_t row0, size_t row1, const struct act *x, \
                       size_t tokens, float *y, size_t ldy, void *scratch);

MATMUL_PATH(codes_scalar)
MATMUL_PATH(floats_scalar)
MATMUL_PATH(codes_avx2)
MATMUL_PATH(codes_avxvnni)
MATMUL_PATH(codes_avx512vnni)
MATMUL_PATH(amx)
MATMUL_PATH(codes_neon)
MATMUL_PATH(codes_dotprod)
MATMUL_PATH(codes_i8mm)
MATMUL_PATH(floats_avx2)
MATMUL_PATH(floats_avx512)
MATMUL_PATH(floats_neon)

#undef MATMUL_PATH

#endif
