/* llm_quantize_rules.c - which type a matrix gets: llama-quantize's rules (llama.cpp,
 * src/llama-quant.cpp), with TQ2_64 for ternary rows that its types do not fit. */
#include "models/llm/llm_quantize.h"

static bool fits(enum dtype t, size_t cols)
{
    return cols % (size_t)dtype_info(t)->block == 0;
}

enum dtype llm_quantize_fallback(enum dtype t, size_t cols)
{
    static const enum dtype next[DTYPES] = {
        [DTYPE_F32] = DTYPE_F32,      [DTYPE_F16] = DTYPE_F16,     [DTYPE_BF16] = DTYPE_BF16,
        [DTYPE_Q4_0] = DTYPE_F16,     [DTYPE_Q4_1] = DTYPE_F16,    [DTYPE_Q5_0] = DTYPE_F16,
        [DTYPE_Q5_1] = DTYPE_F16,     [DTYPE_Q8_0] = DTYPE_F16,    [DTYPE_Q4_K] = DTYPE_Q5_0,
        [DTYPE_Q5_K] = DTYPE_Q5_1,    [DTYPE_Q6_K] = DTYPE_Q8_0,   [DTYPE_TQ1_0] = DTYPE_TQ2_64,
        [DTYPE_TQ2_0] = DTYPE_TQ2_64, [DTYPE_TQ2_64] = DTYPE_Q4_0,
    };

    while (!fits(t, cols))
        t = next[t];
    return t;
}

enum dtype llm_quantize_head(enum dtype t, size_t cols)
{
    if (dtype_info(t)->block == 1)
        return t;
    return llm_quantize_fallback(t == DTYPE_Q8_0 ? t : DTYPE_Q6_K, cols);
}
