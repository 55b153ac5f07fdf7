/* chase_gpu.h - load latency on a GPU: one thread's walk over a cycle of cache lines.
 *
 * Line i of n (a power of two) holds the address of line step(i) = (A i + C) mod n.  A is 1 modulo
 * 4 and C is odd, so that the cycle has full length (Hull and Dobell 1962), and where the walk is
 * after k steps can be computed without walking. */
#ifndef SILICON_MEMORY_CHASE_GPU_H
#define SILICON_MEMORY_CHASE_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CHASE_GPU_LINE = 128, CHASE_GPU_UNROLL = 16 };

/* Which cache may answer the loads. */
enum chase_gpu_cache { CHASE_GPU_L1, CHASE_GPU_L2, CHASE_GPU_NONE };

struct chase_gpu_args {
    void *lines; /* n * CHASE_GPU_LINE bytes that the device reaches */
    uint32_t n;  /* a power of two, at least 4 */
    uint64_t seed;
    uint64_t *d_at; /* device memory: the address where the walk stands */
};

/* Write the cycle and put the walk on line 0.  Enqueued. */
int chase_gpu_link(const struct chase_gpu_args *a, gpu_stream s, struct err *e);

/* `steps` loads, a multiple of CHASE_GPU_UNROLL, from where the walk stands.  Enqueued. */
int chase_gpu_walk(const struct chase_gpu_args *a, enum chase_gpu_cache cache, uint64_t steps,
                   gpu_stream s, struct err *e);

/* The line that is `steps` steps after line 0. */
uint32_t chase_gpu_line_after(const struct chase_gpu_args *a, uint64_t steps);

#ifdef __cplusplus
}
#endif

#endif
