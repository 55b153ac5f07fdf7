/* gpu_variant.c - choosing among the code paths of a GPU. */
#include "kernels/variant/gpu_variant.h"

#include <string.h>

enum { BEST };

const char *const gpu_variant_timings[] = { "graph", "batched", "isolated-hot", "isolated-cold",
                                            NULL };

bool gpu_variant_runs(const struct gpu_variant *v, int capability)
{
    return capability >= v->capability && (v->family == 0 || capability / 10 == v->family);
}

const char *gpu_variant_timing_of(const struct params *p, const struct device *d)
{
    /* "batched" is the device's own way, which has no name to ask for it by. */
    if (d->kind != DEVICE_GPU || strcmp(params_text(p, "timing"), "batched") == 0)
        return NULL;
    return params_text(p, "timing");
}

static struct gpu_variant entry(const void *table, size_t stride, int i)
{
    struct gpu_variant v;

    memcpy(&v, (const char *)table + (size_t)i * stride, sizeof(v));
    return v;
}

bool gpu_variant_exists(const struct params *p, const void *table, size_t stride, int n)
{
    if (params_get(p, "variant") == BEST)
        return true;
    for (int i = 0; i < n; i++)
        if (strcmp(entry(table, stride, i).name, params_text(p, "variant")) == 0)
            return true;
    return false;
}

int gpu_variant_candidates(const struct params *p, const void *table, size_t stride, int n,
                           int capability, int out[PICK_MAX], struct err *e)
{
    const bool best = params_get(p, "variant") == BEST;
    const char *name = params_text(p, "variant");
    int found = 0;

    for (int i = 0; i < n && found < PICK_MAX; i++) {
        const struct gpu_variant v = entry(table, stride, i);

        if ((best || strcmp(v.name, name) == 0) && gpu_variant_runs(&v, capability))
            out[found++] = i;
    }
    if (found == 0)
        return ERR(e, ERR_NOTSUP, "no code for compute capability %d.%d%s%s", capability / 10,
                   capability % 10, best ? "" : " in the variant ", best ? "" : name);
    return found;
}
