/* row_bench_gpu.h - the GPU's half of row_bench.h; row_bench.c calls it. */
#ifndef KERNELS_VARIANT_ROW_BENCH_GPU_H
#define KERNELS_VARIANT_ROW_BENCH_GPU_H

#include "kernels/variant/row_bench.h"

extern const struct row_bench_half row_bench_on_gpu;

#endif
