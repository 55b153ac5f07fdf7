/* gpu_range.c - a stretch of work that profilers look at. */
#include "gpu/gpu_range.h"

#include "gpu/gpu.h"
#include "gpu/gpu_try.h"

/* Their header is a package of its own, the functions are the runtime's. */
#if __has_include(<cuda_profiler_api.h>)
#include <cuda_profiler_api.h>
#else
cudaError_t cudaProfilerStart(void);
cudaError_t cudaProfilerStop(void);
#endif

#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#else
#define nvtxRangePushA(name) ((void)(name))
#define nvtxRangePop()       ((void)0)
#endif

int gpu_range_begin(void *handle, const char *name, struct err *e)
{
    const struct gpu *g = handle;
    int rc = 0;

    TRY(gpu_enter(g, e));
    TRY(gpu_sync(gpu_stream_of(g), e)); /* what came before is not part of it */
    CUDA_TRY(cudaProfilerStart());
    nvtxRangePushA(name);
out:
    return rc;
}

int gpu_range_end(void *handle, struct err *e)
{
    const struct gpu *g = handle;
    int rc = 0;

    TRY(gpu_enter(g, e));
    TRY(gpu_sync(gpu_stream_of(g), e));
    nvtxRangePop();
    CUDA_TRY(cudaProfilerStop());
out:
    return rc;
}
