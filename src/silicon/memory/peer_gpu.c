/* peer_gpu.c - the other GPU of a row between two. */
#include "silicon/memory/peer_gpu.h"

#include <stdio.h>

#include "gpu/gpu_link.h"

int peer_gpu_open(const struct bench_ctx *c, int index, struct gpu **out, struct err *e)
{
    struct device d = { .kind = DEVICE_GPU, .index = index, .ops = &gpu_device_ops };
    const struct gpu *own = c->device_handle;
    void *handle = NULL;
    int rc = 0;

    *out = NULL;
    if (c->device->of < 2)
        return ERR(e, ERR_NOTSUP, "this machine has one GPU; a peer is a second one");
    snprintf(d.name, sizeof(d.name), "gpu:%d", index);
    TRY(gpu_device_ops.open(&d, &handle, e));
    TRY(gpu_link_peers(own, handle, e));
    TRY(gpu_enter(own, e));
    *out = handle;
    handle = NULL;
out:
    if (handle)
        peer_gpu_close(handle, own);
    return rc;
}

void peer_gpu_close(struct gpu *peer, const struct gpu *own)
{
    struct err ignored = { 0 };

    if (!peer)
        return;
    gpu_device_ops.close(peer);
    gpu_enter(own, &ignored);
}
