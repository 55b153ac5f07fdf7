/* gpu_kernels.h - what is enqueued on a stream, taken apart: how many kernels are launched, and
 * what each takes of a multiprocessor. */
#ifndef GPU_GPU_KERNELS_H
#define GPU_GPU_KERNELS_H

#include "core/err.h"
#include "core/result.h"
#include "gpu/gpu.h"
#include "gpu/gpu_graph.h"

#ifdef __cplusplus
extern "C" {
#endif

#if HAVE_CUDA
/* Launches of one kernel in the same shape. */
struct gpu_kernel {
    char name[72]; /* kernel_name.h */
    unsigned launches;
    unsigned grid[3], block[3];
    int registers;           /* of a thread */
    size_t shared_bytes;     /* of a block: static and dynamic */
    size_t local_bytes;      /* of a thread: spilled registers, arrays on its stack */
    double occupancy;        /* theoretical: part of the warps that a multiprocessor can hold that
                              * are resident where the grid is large enough; NaN where the driver
                              * does not say */
    double threads;          /* in all launches */
    const void *driver_name; /* identifies the kernel among others of the same name */
};

enum { GPU_KERNELS_MAX = 32 };
struct gpu_kernels {
    unsigned launches, copies, fills; /* nodes of the recording, those of graphs within it too */
    unsigned unlisted; /* launches of kernels beyond the first GPU_KERNELS_MAX that differ */
    int n;
    struct gpu_kernel kernel[GPU_KERNELS_MAX]; /* the most threads first */
};

/* Take a recording apart.  ERR_NOTSUP where the driver lacks the functions (before CUDA 12.3). */
int gpu_kernels_read(gpu_recording recording, int device, struct gpu_kernels *out, struct err *e);

/* device_ops.inspect of a GPU: as properties of the row,
 *
 *   launches       kernels that a repetition launches
 *   copies, fills  memory operations of the device's beside them, where there are any
 *   kernel         name, grid and block of the kernel with the most threads over its launches
 *   registers, shared_memory, local_memory, occupancy    of that one (struct gpu_kernel)
 *   kernel_2 ...   the same of others, in a line each, as far as there is room
 *
 * or under "launches" why a repetition cannot be recorded. */
void gpu_kernels_inspect(void *handle, int (*once)(void *self, struct err *e), void *self,
                         struct result *out);
#endif

#ifdef __cplusplus
}
#endif

#endif
