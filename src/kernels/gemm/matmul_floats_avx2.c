/* matmul_floats_avx2.c - FMA on 256 bits: 6 tokens x 16 rows, 12 sums in 15 registers. */
#include "kernels/gemm/matmul_floats.h"
#include "kernels/gemm/matmul_paths.h"

size_t matmul_floats_avx2_scratch(size_t cols, size_t tokens)
{
    return floats_scratch(cols, tokens);
}

void matmul_floats_avx2(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                        size_t tokens, float *y, size_t ldy, void *scratch)
{
    run_floats(w, row0, row1, x, tokens, y, ldy, scratch);
}
