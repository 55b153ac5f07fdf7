/* gpu_range.h - a stretch of work that profilers look at: named with NVTX for those that show
 * names, and between cudaProfilerStart and cudaProfilerStop for those that wait for these.
 *
 * Both do nothing where no profiler watches.  Without NVTX's header this build has no names. */
#ifndef GPU_GPU_RANGE_H
#define GPU_GPU_RANGE_H

#include "core/err.h"

/* handle: a GPU's.  The end waits for what was enqueued on its stream.  ERR_CUDA, also where the
 * device fails; ERR_NOTSUP in a build without CUDA. */
int gpu_range_begin(void *handle, const char *name, struct err *e);
int gpu_range_end(void *handle, struct err *e);

#endif
