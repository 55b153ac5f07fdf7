/* attention_avx512.c - attention_body.h for AVX-512: 32 registers, 8 x 2 or 4 x 4 sums. */
#include "kernels/attention/attention_isa.h"

#define ATTENTION_ROWS 8
#define ATTENTION_WIDE 4
#include "kernels/attention/attention_body.h"

void attention_avx512_store(const struct attention_args *a, int item)
{
    attention_body_store(a, item);
}

void attention_avx512_run(const struct attention_args *a, int item)
{
    attention_body_run(a, item);
}

void attention_avx512_merge(const struct attention_args *a, int item)
{
    attention_body_merge(a, item);
}
