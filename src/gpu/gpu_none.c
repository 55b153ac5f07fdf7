/* gpu_none.c - stands in for gpu.c in a build without CUDA: no devices, and why. */
#include "gpu/gpu.h"
#include "gpu/gpu_range.h"

#include <math.h>
#include <stdio.h>

static const char reason[] = "built without CUDA";

int gpu_count(char *why, size_t why_cap)
{
    snprintf(why, why_cap, "%s", reason);
    return 0;
}

int gpu_properties(int index, struct gpu_properties *out, struct err *e)
{
    (void)index;
    *out = (struct gpu_properties){ 0 };
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

int gpu_driver_version(void)
{
    return 0;
}

int gpu_runtime_version(void)
{
    return 0;
}

static int list(struct device *out, int cap, char *why, size_t why_cap)
{
    (void)out;
    (void)cap;
    return gpu_count(why, why_cap);
}

static int open_device(const struct device *d, void **handle, struct err *e)
{
    (void)d;
    *handle = NULL;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

static void close_device(void *handle)
{
    (void)handle;
}

static int begin(void *handle, struct err *e)
{
    (void)handle;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

static int end(void *handle, double *ns, struct err *e)
{
    (void)handle;
    *ns = (double)NAN;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

static double floor_ns(void *handle)
{
    (void)handle;
    return (double)NAN;
}

const struct device_ops gpu_device_ops = {
    .timing_mode = "batched",
    .list = list,
    .open = open_device,
    .close = close_device,
    .begin = begin,
    .end = end,
    .floor_ns = floor_ns,
};

int gpu_range_begin(void *handle, const char *name, struct err *e)
{
    (void)handle;
    (void)name;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

int gpu_range_end(void *handle, struct err *e)
{
    (void)handle;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}
