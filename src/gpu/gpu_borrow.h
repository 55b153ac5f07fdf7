/* gpu_borrow.h - a GPU that belongs to somebody else's program: its thread keeps the device that it
 * had, its pointers are looked at before a kernel trusts them. */
#ifndef GPU_GPU_BORROW_H
#define GPU_GPU_BORROW_H

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

#if HAVE_CUDA
/* Make device `index` the calling thread's.  *before: for gpu_borrow_leave, which puts back the one
 * that was; -1 where there is nothing to put back. */
int gpu_borrow_enter(int index, int *before, struct err *e);
void gpu_borrow_leave(int before);

/* Can device `index` reach what p points to?  ERR_ARG names `what`: it is memory of the host, which
 * this machine's GPUs do not see, or of another GPU.  NULL is for the caller to judge. */
int gpu_borrow_check(int index, const void *p, const char *what, struct err *e);
#endif

#ifdef __cplusplus
}
#endif

#endif
