/* test_gpu_faults.h - the kernels of test_gpu_faults; each gives the launch's cudaError_t. */
#ifndef TEST_GPU_FAULTS_H
#define TEST_GPU_FAULTS_H

#include <stddef.h>

#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

int faults_spin(unsigned *count, unsigned ns, gpu_stream s); /* lasts ns, adds one */
int faults_read(const void *from, size_t bytes, unsigned *count, gpu_stream s);
int faults_wild(gpu_stream s);                     /* writes to an illegal address */
int faults_endless(unsigned *count, gpu_stream s); /* never ends */

#ifdef __cplusplus
}
#endif

#endif
