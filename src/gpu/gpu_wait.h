/* gpu_wait.h - waiting for a GPU, but not for ever. */
#ifndef GPU_GPU_WAIT_H
#define GPU_GPU_WAIT_H

#include <stdbool.h>

#include "core/err.h"
#include "gpu/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

#if HAVE_CUDA
typedef struct CUevent_st *gpu_event; /* cudaEvent_t */

/* What a GPU has been given is done within this, or it hangs.  Below the silence after which a run
 * kills its worker (bench.setup_timeout_s), so that the row can still say why. */
enum { GPU_WAIT_SECONDS = 20 };

/* Wait for a stream, an event.  ERR_CUDA when the device has failed, or has not come to an end
 * within GPU_WAIT_SECONDS: it is lost to this process then, and every later call here says so at
 * once.  The thread spins for the first two milliseconds. */
int gpu_wait_stream(gpu_stream s, struct err *e);
int gpu_wait_event(gpu_event event, struct err *e);

/* A wait was given up: calls that wait for the device by themselves (frees, destroys) would not
 * come back, and are left out. */
bool gpu_wait_gave_up(void);

/* Tests: another bound. */
void gpu_wait_set_seconds(double seconds);
#endif

#ifdef __cplusplus
}
#endif

#endif
