/* sparse_table_gpu.c - the table of variants: a line each, the preferred first. */
#include "kernels/attention/sparse_gpu.h"

#include "kernels/attention/sparse_hopper_gpu.h"
#include "kernels/attention/sparse_mma_gpu.h"
#include "kernels/attention/sparse_simple_gpu.h"
#include "kernels/attention/sparse_steps_gpu.h"

static const struct sparse_gpu_variant table[] = {
    { { "mma", 75, 0 }, sparse_mma_open, sparse_mma_run, sparse_mma_close },
    { { "three-kernel", 75, 0 }, sparse_steps_open, sparse_steps_run, sparse_steps_close },
    { { "simple", 75, 0 }, sparse_simple_open, sparse_simple_run, sparse_simple_close },
/* Last: this tree's tests have not run it on a GPU yet (docs/notes/attention-sparse-gpu.md). */
#if HAVE_SM90A
    { { "hopper", 90, 9 }, sparse_hopper_open, sparse_hopper_run, sparse_hopper_close },
#endif
};

const struct sparse_gpu_variant *sparse_gpu_variants(int *n)
{
    *n = sizeof(table) / sizeof(table[0]);
    return table;
}
