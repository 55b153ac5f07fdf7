/* gpu_link.c - what data need on their way between the host and a GPU, and between GPUs. */
#include "gpu/gpu_link.h"

#include <string.h>

#include "gpu/gpu_try.h"
#include "gpu/gpu_wait.h"

int gpu_link_pinned(void **out, size_t bytes, struct err *e)
{
    cudaError_t code = cudaHostAlloc(out, bytes, cudaHostAllocPortable | cudaHostAllocMapped);
    int rc = 0;

    if (code == cudaErrorMemoryAllocation) {
        *out = NULL;
        cudaGetLastError();
        return ERR(e, ERR_NOMEM, "%.1f MiB of host memory cannot be pinned",
                   (double)bytes / (1 << 20));
    }
    CUDA_TRY(code);
    memset(*out, 0, bytes);
out:
    return rc;
}

void gpu_link_unpin(void *p)
{
    if (!gpu_wait_gave_up())
        cudaFreeHost(p);
}

int gpu_link_register(void *p, size_t bytes, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaHostRegister(p, bytes, cudaHostRegisterPortable));
out:
    return rc;
}

void gpu_link_unregister(void *p)
{
    if (!gpu_wait_gave_up())
        cudaHostUnregister(p);
}

int gpu_link_managed(const struct gpu *g, void **out, size_t bytes, struct err *e)
{
    int concurrent = 0, rc = 0;

    *out = NULL;
    CUDA_TRY(
        cudaDeviceGetAttribute(&concurrent, cudaDevAttrConcurrentManagedAccess, gpu_index_of(g)));
    if (!concurrent)
        return ERR(e, ERR_NOTSUP, "this GPU does not move managed memory page by page");
    CUDA_TRY(cudaMallocManaged(out, bytes, cudaMemAttachGlobal));
out:
    return rc;
}

int gpu_link_evict(void *managed, size_t bytes, gpu_stream s, struct err *e)
{
    int rc = 0;

#if CUDART_VERSION >= 13000
    CUDA_TRY(cudaMemPrefetchAsync(
        managed, bytes, (struct cudaMemLocation){ .type = cudaMemLocationTypeHost }, 0, s));
#else
    CUDA_TRY(cudaMemPrefetchAsync(managed, bytes, cudaCpuDeviceId, s));
#endif
out:
    return rc;
}

int gpu_link_copy(void *to, const void *from, size_t bytes, gpu_stream s, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, s));
out:
    return rc;
}

int gpu_link_lane_open(struct gpu_link_lane *l, const struct gpu *of, const struct gpu *beside,
                       struct err *e)
{
    int rc = 0;

    *l = (struct gpu_link_lane){ 0 };
    /* An event is recorded on a stream of its own device; any device's stream may wait for it. */
    TRY(gpu_enter(beside, e));
    CUDA_TRY(cudaEventCreateWithFlags(&l->forked, cudaEventDisableTiming));
    TRY(gpu_enter(of, e));
    CUDA_TRY(cudaStreamCreateWithFlags(&l->stream, cudaStreamNonBlocking));
    CUDA_TRY(cudaEventCreateWithFlags(&l->joined, cudaEventDisableTiming));
out:
    if (rc < 0)
        gpu_link_lane_close(l);
    return rc;
}

void gpu_link_lane_close(struct gpu_link_lane *l)
{
    if (l->forked && !gpu_wait_gave_up())
        cudaEventDestroy(l->forked);
    if (l->joined && !gpu_wait_gave_up())
        cudaEventDestroy(l->joined);
    if (l->stream && !gpu_wait_gave_up())
        cudaStreamDestroy(l->stream);
    *l = (struct gpu_link_lane){ 0 };
}

int gpu_link_fork(const struct gpu_link_lane *l, gpu_stream s, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaEventRecord(l->forked, s));
    CUDA_TRY(cudaStreamWaitEvent(l->stream, l->forked, 0));
out:
    return rc;
}

int gpu_link_join(const struct gpu_link_lane *l, gpu_stream s, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaEventRecord(l->joined, l->stream));
    CUDA_TRY(cudaStreamWaitEvent(s, l->joined, 0));
out:
    return rc;
}

int gpu_link_mark_open(gpu_link_mark *m, struct err *e)
{
    int rc = 0;

    *m = NULL;
    CUDA_TRY(cudaEventCreateWithFlags(m, cudaEventDisableTiming));
out:
    return rc;
}

void gpu_link_mark_close(gpu_link_mark m)
{
    if (m && !gpu_wait_gave_up())
        cudaEventDestroy(m);
}

int gpu_link_mark_set(gpu_link_mark m, gpu_stream s, struct err *e)
{
    int rc = 0;

    CUDA_TRY(cudaEventRecord(m, s));
out:
    return rc;
}

int gpu_link_mark_wait(gpu_link_mark m, struct err *e)
{
    return gpu_wait_event(m, e);
}

static int reach(const struct gpu *from, const struct gpu *to, struct err *e)
{
    int can = 0, rc = 0;
    cudaError_t code;

    CUDA_TRY(cudaDeviceCanAccessPeer(&can, gpu_index_of(from), gpu_index_of(to)));
    if (!can)
        return ERR(e, ERR_NOTSUP, "gpu:%d cannot reach the memory of gpu:%d", gpu_index_of(from),
                   gpu_index_of(to));
    TRY(gpu_enter(from, e));
    code = cudaDeviceEnablePeerAccess(gpu_index_of(to), 0);
    if (code == cudaErrorPeerAccessAlreadyEnabled)
        cudaGetLastError();
    else
        CUDA_TRY(code);
out:
    return rc;
}

int gpu_link_peers(const struct gpu *a, const struct gpu *b, struct err *e)
{
    int rc = 0;

    TRY(reach(a, b, e));
    TRY(reach(b, a, e));
out:
    return rc;
}
