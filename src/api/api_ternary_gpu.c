/* api_ternary_gpu.c - ternary weights of headroom.h on a GPU. */
#include <string.h>

#include "api/api_gpu.h"
#include "core/mem.h"
#include "gpu/gpu.h"
#include "gpu/gpu_borrow.h"
#include "kernels/ternary/ternary_gpu.h"

/* MANY: from so many vectors on, int8 tensor cores are worth a kernel more. */
enum { TOGETHER = 64, MANY = 8 };

struct api_gpu_ternary {
    struct ternary_gpu g;
    const struct ternary_gpu_variant *few, *many; /* vectors: below MANY, and from there on */
    int device;
};

/* By name, or by preference: the first for a few, the last for many. */
static int choose(struct api_gpu_ternary *t, const char *name, int capability, struct err *e)
{
    int n;
    const struct ternary_gpu_variant *v = ternary_gpu_variants(&n);

    for (int i = 0; i < n; i++) {
        if (!gpu_variant_runs(&v[i].is, capability) || (name && strcmp(name, v[i].is.name) != 0))
            continue;
        if (!t->few)
            t->few = &v[i];
        t->many = &v[i];
    }
    if (!t->few)
        return ERR(e, ERR_NOTSUP, "no variant%s%.40s for compute capability %d.%d in this build",
                   name ? " " : "", name ? name : "", capability / 10, capability % 10);
    return 0;
}

int api_gpu_ternary_open(struct api_gpu_ternary **out, const struct ternary *m, const float *norm,
                         float eps, const struct headroom_ternary_options *o, void *stream,
                         struct err *e)
{
    struct api_gpu_ternary *t = mem_calloc(1, sizeof(*t));
    struct gpu_properties properties;
    int before = -1, rc = 0;

    *out = NULL;
    if (!t)
        return ERR(e, ERR_NOMEM, "no memory for a handle");
    t->device = o->device;
    TRY(gpu_properties(o->device, &properties, e));
    TRY(choose(t, o->variant, properties.capability, e));
    TRY(gpu_borrow_enter(o->device, &before, e));
    if (m->w.cols > TERNARY_GPU_COLS_MAX) {
        rc = ERR(e, ERR_NOTSUP, "%zu weights a row: a GPU takes %d at most", m->w.cols,
                 TERNARY_GPU_COLS_MAX);
        goto out;
    }
    TRY(ternary_gpu_open(&t->g, m, TOGETHER, norm, eps, stream, e));
    *out = t;
out:
    gpu_borrow_leave(before);
    if (rc < 0)
        mem_free(t);
    return rc;
}

/* Up to TOGETHER vectors. */
static int run_some(const struct api_gpu_ternary *t, const float *x, float *y, size_t n,
                    gpu_stream stream, struct err *e)
{
    const struct ternary_gpu_variant *v = n < MANY ? t->few : t->many;
    struct ternary_gpu now = t->g;

    now.p.x = x;
    now.p.y = y;
    now.p.tokens = n;
    return ternary_gpu_run(&now, v, v->fuses ? TERNARY_GPU_FUSED : TERNARY_GPU_APART, stream, e);
}

int api_gpu_ternary_run(struct api_gpu_ternary *t, const float *x, float *y, int64_t n,
                        void *stream, struct err *e)
{
    int before = -1, rc = 0;

    TRY(gpu_borrow_enter(t->device, &before, e));
    TRY(gpu_borrow_check(t->device, x, "x", e));
    TRY(gpu_borrow_check(t->device, y, "y", e));
    for (int64_t i = 0; i < n; i += TOGETHER)
        TRY(run_some(t, x + (size_t)i * t->g.p.cols, y + (size_t)i * t->g.p.rows,
                     n - i < TOGETHER ? (size_t)(n - i) : TOGETHER, stream, e));
out:
    gpu_borrow_leave(before);
    return rc;
}

const char *api_gpu_ternary_name(const struct api_gpu_ternary *t)
{
    return t->few->is.name;
}

void api_gpu_ternary_close(struct api_gpu_ternary *t)
{
    struct err ignored = { 0 };
    int before = -1;

    if (!t)
        return;
    if (gpu_borrow_enter(t->device, &before, &ignored) == 0)
        ternary_gpu_close(&t->g);
    gpu_borrow_leave(before);
    mem_free(t);
}

const char *api_gpu_ternary_variant(int device, int i)
{
    struct gpu_properties properties;
    struct err ignored = { 0 };
    int n;
    const struct ternary_gpu_variant *v = ternary_gpu_variants(&n);

    if (gpu_properties(device, &properties, &ignored) < 0)
        return NULL;
    for (int k = 0; k < n; k++)
        if (gpu_variant_runs(&v[k].is, properties.capability) && i-- == 0)
            return v[k].is.name;
    return NULL;
}
