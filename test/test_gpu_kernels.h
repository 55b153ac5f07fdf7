/* test_gpu_kernels.h - two kernels whose launches, registers and occupancy are known. */
#ifndef TEST_GPU_KERNELS_H
#define TEST_GPU_KERNELS_H

#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SMALL_THREADS = 64, LARGE_THREADS = 1024, LARGE_STATIC = 4096, LARGE_DYNAMIC = 8192 };

/* cudaError_t of the launch. */
int kernels_small(unsigned *count, unsigned blocks, gpu_stream s);
int kernels_large(unsigned *count, unsigned blocks, gpu_stream s);

/* What the runtime says of them: registers of a thread. */
int kernels_small_registers(void);
int kernels_large_registers(void);

#ifdef __cplusplus
}
#endif

#endif
