/* gpu_try.h - how a failure of the CUDA runtime becomes one of ours; for files that need CUDA. */
#ifndef GPU_GPU_TRY_H
#define GPU_GPU_TRY_H

#if HAVE_CUDA
#include <cuda_runtime_api.h>

#include "core/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Record `what` failed with CUDA's words.  ERR_NOMEM where memory ran out, ERR_NOTSUP where this
 * build has no code for the device, ERR_CUDA otherwise. */
int gpu_try_failed(struct err *e, const char *where, const char *what, cudaError_t code);

/* The driver let us not make a context: why, by the device's compute mode.  ERR_NOTSUP. */
int gpu_refused(int compute_mode, struct err *e);

/* What a kernel's launch, named `what`, came to: 0, or as above.  For .cu files. */
int gpu_try_launched(cudaError_t code, const char *what, struct err *e);

#ifdef __cplusplus
}
#endif

/* rc = expr; on failure go to `out`. */
#define CUDA_TRY(expr)                                                                    \
    do {                                                                                  \
        cudaError_t cuda_rc_ = (expr);                                                    \
        if (cuda_rc_ != cudaSuccess) {                                                    \
            rc = gpu_try_failed(e, __FILE_NAME__ ":" ERR_STR(__LINE__), #expr, cuda_rc_); \
            goto out;                                                                     \
        }                                                                                 \
    } while (0)
#endif

#endif
