/* stream_gpu.h - the loops behind silicon.memory on a GPU, one table of variants.
 *
 * The contract of stream.h on device memory: FP64 arrays aligned to 16 bytes, n a multiple of
 * STREAM_GPU_BLOCK elements.  Everything is enqueued on the stream and nothing waits. */
#ifndef SILICON_MEMORY_STREAM_GPU_H
#define SILICON_MEMORY_STREAM_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { STREAM_GPU_BLOCK = 4096 };

enum stream_gpu_op { STREAM_GPU_READ, STREAM_GPU_WRITE, STREAM_GPU_COPY, STREAM_GPU_TRIAD };

struct stream_gpu_args {
    double *a;
    const double *b, *c;
    size_t n;
    double value;   /* write: what is written; triad: s */
    uint64_t *sums; /* read: one partial sum a block of the grid, stream_gpu_sums() of them */
    int multiprocessors;
};

/* How many variants there are, what each is called, and whether it can do an op. */
int stream_gpu_variants(void);
const char *stream_gpu_name(int variant);
bool stream_gpu_does(int variant, enum stream_gpu_op op);

/* ERR_NOTSUP where the variant does not do this op, ERR_CUDA when the launch failed. */
int stream_gpu_launch(int variant, enum stream_gpu_op op, const struct stream_gpu_args *args,
                      gpu_stream stream, struct err *e);

/* Partial sums that `variant` leaves for n elements; no variant leaves more than n / 2048. */
size_t stream_gpu_sums(int variant, size_t n, int multiprocessors);

/* x[i] = value(seed, which, i), i < n: the sequence of point_value(). */
int stream_gpu_make(double *x, size_t n, uint64_t seed, int which, gpu_stream stream,
                    struct err *e);

/* How an element should look: a, or made anew: made(1), or made(1) + s * made(2). */
enum stream_gpu_want { STREAM_GPU_WANT_VALUE, STREAM_GPU_WANT_MADE, STREAM_GPU_WANT_TRIAD };

/* *wrong (device memory, zeroed by the caller) += elements of a that differ from what is wanted.
 * One element a thread: another way through the memory than the loops that are checked. */
int stream_gpu_check(const double *a, size_t n, uint64_t seed, enum stream_gpu_want want,
                     double value, unsigned long long *wrong, gpu_stream stream, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
