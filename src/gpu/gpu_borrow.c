/* gpu_borrow.c - a GPU that belongs to somebody else's program. */
#include "gpu/gpu_borrow.h"

#include "gpu/gpu_try.h"
#include "gpu/gpu_wait.h"

int gpu_borrow_enter(int index, int *before, struct err *e)
{
    int now = 0, rc = 0;

    *before = -1;
    if (gpu_wait_gave_up())
        return ERR(e, ERR_CUDA,
                   "a GPU of this process did not come to an end: none is used any more");
    CUDA_TRY(cudaGetDevice(&now));
    if (now == index)
        goto out;
    CUDA_TRY(cudaSetDevice(index));
    *before = now;
out:
    return rc;
}

void gpu_borrow_leave(int before)
{
    if (before >= 0)
        cudaSetDevice(before);
}

int gpu_borrow_check(int index, const void *p, const char *what, struct err *e)
{
    struct cudaPointerAttributes a = { 0 };
    int pageable = 0, rc = 0;

    if (!p)
        return 0;
    CUDA_TRY(cudaPointerGetAttributes(&a, p));
    if (a.type == cudaMemoryTypeDevice && a.device != index)
        return ERR(e, ERR_ARG, "%s is in the memory of GPU %d, expected GPU %d", what, a.device,
                   index);
    if (a.type != cudaMemoryTypeUnregistered)
        return 0;
    CUDA_TRY(cudaDeviceGetAttribute(&pageable, cudaDevAttrPageableMemoryAccess, index));
    if (!pageable)
        return ERR(e, ERR_ARG, "%s is not in the memory of GPU %d, nor where it can reach it", what,
                   index);
out:
    return rc;
}
