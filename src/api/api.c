/* api.c - versions, errors and devices. */
#include "api/api.h"

#include <headroom.h>
#include <stdio.h>

#include "api/api_gpu.h"
#include "build_info.h"
#include "gpu/gpu.h"
#include "host/cpu.h"

enum { THREADS_MAX = 1024 };

/* One list of codes: ours. */
#define SAME(theirs, ours) _Static_assert((int)(theirs) == (int)(ours), "codes of headroom.h")
SAME(HEADROOM_E_NOMEM, ERR_NOMEM);
SAME(HEADROOM_E_IO, ERR_IO);
SAME(HEADROOM_E_FORMAT, ERR_FORMAT);
SAME(HEADROOM_E_ARG, ERR_ARG);
SAME(HEADROOM_E_NOTSUP, ERR_NOTSUP);
SAME(HEADROOM_E_DEVICE, ERR_CUDA);
#undef SAME

static _Thread_local struct err last;

struct err *api_begin(void)
{
    last = (struct err){ 0 };
    return &last;
}

int headroom_abi_version(void)
{
    return HEADROOM_ABI_VERSION;
}

const char *headroom_version(void)
{
    return BUILD_VERSION;
}

const char *headroom_error_message(void)
{
    return last.msg;
}

int headroom_gpus(void)
{
    struct err *e = api_begin();

    return gpu_count(e->msg, sizeof(e->msg));
}

int api_device_check(int device, struct err *e)
{
    char why[200];
    int n;

    if (device == HEADROOM_CPU)
        return 0;
    if (device < 0)
        return ERR(e, ERR_ARG, "device %d: expected a GPU's number, or %d for the CPU", device,
                   HEADROOM_CPU);
    n = gpu_count(why, sizeof(why));
    if (n == 0)
        return ERR(e, ERR_NOTSUP, "GPU %d: %s", device, why);
    if (device >= n)
        return ERR(e, ERR_ARG, "GPU %d: expected 0 .. %d", device, n - 1);
    return 0;
}

int headroom_device(int device, struct headroom_device *out)
{
    struct err *e = api_begin();
    struct gpu_properties p;
    int rc = 0;

    if (!out)
        return ERR(e, ERR_ARG, "out is NULL");
    *out = (struct headroom_device){ 0 };
    TRY(api_device_check(device, e));
    if (device == HEADROOM_CPU) {
        const struct cpu_info *cpu = cpu_here();

        snprintf(out->name, sizeof(out->name), "%s", cpu->model);
        out->units = cpu->n_cores_all;
        out->memory_bytes = cpu->memory_total_bytes > 0 ? (uint64_t)cpu->memory_total_bytes : 0;
        return 0;
    }
    TRY(gpu_properties(device, &p, e));
    snprintf(out->name, sizeof(out->name), "%s", p.model);
    out->capability = p.capability;
    out->units = p.multiprocessors;
    out->memory_bytes = p.memory_bytes;
out:
    return rc;
}

int api_pool_new(struct pool **out, int32_t threads, struct err *e)
{
    *out = NULL;
    if (threads < 0 || threads > THREADS_MAX)
        return ERR(e, ERR_ARG, "%d threads: expected 1 .. %d, or 0 for one a physical core",
                   threads, THREADS_MAX);
    return pool_new(out, threads > 0 ? threads : cpu_here()->n_cores_all, NULL, e);
}

int headroom_sync(int device, void *stream)
{
    struct err *e = api_begin();
    int rc = 0;

    TRY(api_device_check(device, e));
    if (device != HEADROOM_CPU)
        rc = api_gpu_sync(device, stream, e);
out:
    return rc;
}
