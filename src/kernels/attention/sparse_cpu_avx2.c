/* sparse_cpu_avx2.c - sparse_body.h for AVX2: 16 registers, 6 x 2 or 3 x 4 sums. */
#include "kernels/attention/sparse_isa.h"

#define ATTENTION_ROWS 6
#define ATTENTION_WIDE 3
#include "kernels/attention/sparse_body.h"

void sparse_cpu_avx2(const struct sparse_pattern *p, const struct sparse_args *a, int list)
{
    sparse_body(p, a, list);
}
