/* cache_gpu.h - loops inside a GPU's caches, which one launch walks many times over.
 *
 * FP64 arrays in device memory, aligned to 16 bytes.  L1: every multiprocessor reads a part of
 * CACHE_GPU_L1_PART elements of its own.  L2: all of them walk over all of the arrays, past their
 * L1.  Enqueued; nothing waits. */
#ifndef SILICON_MEMORY_CACHE_GPU_H
#define SILICON_MEMORY_CACHE_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"
#include "silicon/memory/stream_gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CACHE_GPU_L1_PART = 4096, CACHE_GPU_BLOCK = 4096 };

struct cache_gpu_args {
    double *a;
    const double *b, *c;
    size_t n; /* L1: CACHE_GPU_L1_PART for each multiprocessor; L2: a multiple of CACHE_GPU_BLOCK */
    unsigned passes;
    double value;   /* as in struct stream_gpu_args */
    uint32_t *sums; /* read: one a block, cache_gpu_sums() of them, each modulo 2^32 the sum of the
                     * 32-bit words that the block read in all passes */
    int multiprocessors;
};

int cache_gpu_sums(int multiprocessors);
int cache_gpu_read_l1(const struct cache_gpu_args *args, gpu_stream s, struct err *e);
int cache_gpu_l2(enum stream_gpu_op op, const struct cache_gpu_args *args, gpu_stream s,
                 struct err *e);

#ifdef __cplusplus
}
#endif

#endif
