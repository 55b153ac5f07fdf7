/* gpu_try.c - how a failure of the CUDA runtime becomes one of ours. */
#include "gpu/gpu_try.h"

#include <string.h>

int gpu_try_failed(struct err *e, const char *where, const char *what, cudaError_t code)
{
    int rc = ERR_CUDA;

    if (code == cudaErrorMemoryAllocation)
        rc = ERR_NOMEM;
    else if (code == cudaErrorNoKernelImageForDevice || code == cudaErrorUnsupportedPtxVersion)
        rc = ERR_NOTSUP;
    cudaGetLastError(); /* else the next call that asks would report this one again */
    return err_set(e, rc, where, "%.*s: %s (%s)", (int)strcspn(what, "("), what,
                   cudaGetErrorString(code), cudaGetErrorName(code));
}

int gpu_try_launched(cudaError_t code, const char *what, struct err *e)
{
    return code == cudaSuccess ? 0 : gpu_try_failed(e, __FILE_NAME__, what, code);
}

int gpu_refused(int compute_mode, struct err *e)
{
    switch (compute_mode) {
    case cudaComputeModeExclusive:
    case cudaComputeModeExclusiveProcess:
        return ERR(e, ERR_NOTSUP,
                   "another process holds this GPU, whose compute mode lets only one in");
    case cudaComputeModeProhibited:
        return ERR(e, ERR_NOTSUP, "this GPU's compute mode lets nobody in (nvidia-smi -c 0)");
    default:
        return ERR(e, ERR_NOTSUP,
                   "the driver does not let this process in: the GPU is busy or unavailable");
    }
}
