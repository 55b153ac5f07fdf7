/* sparse_cpu_neon.c - sparse_body.h for NEON: 32 registers, 8 x 2 or 4 x 4 sums. */
#include "kernels/attention/sparse_isa.h"

#define ATTENTION_ROWS 8
#define ATTENTION_WIDE 4
#include "kernels/attention/sparse_body.h"

void sparse_cpu_neon(const struct sparse_pattern *p, const struct sparse_args *a, int list)
{
    sparse_body(p, a, list);
}
