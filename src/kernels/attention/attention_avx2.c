/* attention_avx2.c - attention_body.h for AVX2: 16 registers, 6 x 2 or 3 x 4 sums. */
#include "kernels/attention/attention_isa.h"

#define ATTENTION_ROWS 6
#define ATTENTION_WIDE 3
#include "kernels/attention/attention_body.h"

void attention_avx2_store(const struct attention_args *a, int item)
{
    attention_body_store(a, item);
}

void attention_avx2_run(const struct attention_args *a, int item)
{
    attention_body_run(a, item);
}

void attention_avx2_merge(const struct attention_args *a, int item)
{
    attention_body_merge(a, item);
}
