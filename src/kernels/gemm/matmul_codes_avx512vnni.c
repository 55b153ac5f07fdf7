/* matmul_codes_avx512vnni.c - vpdpbusd on 512 bits: codes as they are stored times int8, without
 * saturation.
 *
 * A tile of 6 tokens x 32 rows: 12 sums in int32 and 12 in F32, two vectors of codes, one
 * broadcast.  A group of 32 columns takes 8 x 12 multiply-adds on ports that also do the 2 x 12
 * FMAs of its scales (3 x 12 with mins), and 8 x (2 + 6) loads: so at most 80 % (73 %) of the
 * units' int8 rate, for K blocks 8 / 9 (8 / 10), for ternary ones nearly all of it. */
#include "kernels/gemm/matmul_codes.h"
#include "kernels/gemm/matmul_paths.h"

size_t matmul_codes_avx512vnni_scratch(size_t cols, size_t tokens)
{
    return codes_scratch(cols, tokens);
}

void matmul_codes_avx512vnni(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                             size_t tokens, float *y, size_t ldy, void *scratch)
{
    run_codes(w, row0, row1, x, tokens, y, ldy, scratch);
}
