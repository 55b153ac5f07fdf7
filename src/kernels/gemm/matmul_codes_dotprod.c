/* matmul_codes_dotprod.c - SDOT by lane: 16 bytes of an activation serve four steps.
 * A tile of 3 tokens x 16 rows. */
#include "kernels/gemm/matmul_codes.h"
#include "kernels/gemm/matmul_paths.h"

size_t matmul_codes_dotprod_scratch(size_t cols, size_t tokens)
{
    return codes_scratch(cols, tokens);
}

void matmul_codes_dotprod(const struct weight *w, size_t row0, size_t row1, const struct act *x,
                          size_t tokens, float *y, size_t ldy, void *scratch)
{
    run_codes(w, row0, row1, x, tokens, y, ldy, scratch);
}
