/* matmul_floats_neon.c - FMLA: 5 tokens x 16 rows, 20 sums in 25 registers. */
#include "kernels/gemm/matmul_floats.h"
#include "kernels/gemm/matmul_paths.h"

size_t matmul_floats_neon_scratch(size_t cols, size_t tokens)
{
    return floats_scratch(cols, tokens);
}

void matmul_floats_neon(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                        size_t tokens, float *y, size_t ldy, void *scratch)
{
    run_floats(w, row0, row1, x, tokens, y, ldy, scratch);
}
