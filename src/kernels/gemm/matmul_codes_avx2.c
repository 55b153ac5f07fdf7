/* matmul_codes_avx2.c - vpmaddubsw: products of codes with int8 in pairs, added up in int16 as long
 * as they fit, then in int32.
 *
 * A tile of 4 tokens x 16 rows.  For codes of 4 bits all 8 pairs of a group of 32 fit: 2 + 1 / 8
 * instructions for 32 products, where widening each would take 3.  Codes of 8 bits give their sign
 * to the activation (4 instructions), so that nothing saturates.  Sums in F32 wait in memory. */
#include "kernels/gemm/matmul_codes.h"
#include "kernels/gemm/matmul_paths.h"

size_t matmul_codes_avx2_scratch(size_t cols, size_t tokens)
{
    return codes_scratch(cols, tokens);
}

void matmul_codes_avx2(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                       size_t tokens, float *y, size_t ldy, void *scratch)
{
    run_codes(w, row0, row1, x, tokens, y, ldy, scratch);
}
