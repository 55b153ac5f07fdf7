/* matmul_floats_avx512.c - FMA on 512 bits.
 *
 * A tile of 8 tokens x 48 rows: 24 sums, three vectors of weights, one broadcast; 24 FMAs take 11
 * loads.  BF16 products (vdpbf16ps) would be twice as many an instruction, but an F16 weight takes
 * two BF16 values and so does an F32 activation, if the error is to stay below 1e-6 of the output:
 * three products for one, a third slower. */
#include "kernels/gemm/matmul_floats.h"
#include "kernels/gemm/matmul_paths.h"

size_t matmul_floats_avx512_scratch(size_t cols, size_t tokens)
{
    return floats_scratch(cols, tokens);
}

void matmul_floats_avx512(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                          size_t tokens, float *y, size_t ldy, void *scratch)
{
    run_floats(w, row0, row1, x, tokens, y, ldy, scratch);
}
