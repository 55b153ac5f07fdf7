/* attention_neon.c - attention_body.h for NEON: 32 registers, 8 x 2 or 4 x 4 sums. */
#include "kernels/attention/attention_isa.h"

#define ATTENTION_ROWS 8
#define ATTENTION_WIDE 4
#include "kernels/attention/attention_body.h"

void attention_neon_store(const struct attention_args *a, int item)
{
    attention_body_store(a, item);
}

void attention_neon_run(const struct attention_args *a, int item)
{
    attention_body_run(a, item);
}

void attention_neon_merge(const struct attention_args *a, int item)
{
    attention_body_merge(a, item);
}
