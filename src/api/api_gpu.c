/* api_gpu.c - the half of libheadroom that needs CUDA. */
#include "api/api_gpu.h"

#include <string.h>

#include "core/mem.h"
#include "gpu/gpu.h"
#include "gpu/gpu_borrow.h"
#include "kernels/attention/sparse_gpu.h"

struct api_gpu_sparse {
    const struct sparse_gpu_variant *v;
    void *self; /* v's own */
    int device;
};

int api_gpu_sync(int device, void *stream, struct err *e)
{
    int before = -1, rc = 0;

    TRY(gpu_borrow_enter(device, &before, e));
    TRY(gpu_sync(stream, e));
out:
    gpu_borrow_leave(before);
    return rc;
}

int api_gpu_alloc(int device, void **out, size_t bytes, struct err *e)
{
    int before = -1, rc = 0;

    *out = NULL;
    TRY(gpu_borrow_enter(device, &before, e));
    TRY(gpu_alloc(out, bytes, e));
out:
    gpu_borrow_leave(before);
    return rc;
}

void api_gpu_free(int device, void *d)
{
    struct err ignored = { 0 };
    int before = -1;

    if (d && gpu_borrow_enter(device, &before, &ignored) == 0)
        gpu_free(d);
    gpu_borrow_leave(before);
}

int api_gpu_put(int device, void *d_to, const void *from, size_t bytes, struct err *e)
{
    int before = -1, rc = 0;

    TRY(gpu_borrow_enter(device, &before, e));
    TRY(gpu_to_device(d_to, from, bytes, NULL, e));
out:
    gpu_borrow_leave(before);
    return rc;
}

int api_gpu_get(int device, void *to, const void *d_from, size_t bytes, struct err *e)
{
    int before = -1, rc = 0;

    TRY(gpu_borrow_enter(device, &before, e));
    TRY(gpu_to_host(to, d_from, bytes, NULL, e));
out:
    gpu_borrow_leave(before);
    return rc;
}

/* The first variant of the name (NULL: any) that the device runs and that has what is wanted. */
static int open_first(struct api_gpu_sparse *s, const struct sparse_pattern *p,
                      const struct headroom_sparse_options *o, int capability, gpu_stream stream,
                      struct err *e)
{
    const struct sparse_gpu_want want = { .dtype =
                                              o->dtype == HEADROOM_F16 ? DTYPE_F16 : DTYPE_BF16,
                                          .dim = o->dim,
                                          .invariant = (o->flags & HEADROOM_INVARIANT) != 0 };
    struct err why = { 0 };
    int n;
    const struct sparse_gpu_variant *v = sparse_gpu_variants(&n);

    for (int i = 0; i < n; i++) {
        struct err now = { 0 };
        int rc;

        if ((o->variant && strcmp(o->variant, v[i].is.name) != 0) ||
            !gpu_variant_runs(&v[i].is, capability))
            continue;
        s->v = &v[i];
        rc = v[i].open(&s->self, p, &want, stream, &now);
        if (rc == 0)
            return 0;
        if (rc != ERR_NOTSUP)
            return ERR(e, rc, "%s", now.msg);
        if (!why.code)
            why = now;
    }
    if (why.code)
        return ERR(e, ERR_NOTSUP, "%s", why.msg);
    return ERR(e, ERR_NOTSUP, "no variant%s%.40s for compute capability %d.%d in this build",
               o->variant ? " " : "", o->variant ? o->variant : "", capability / 10,
               capability % 10);
}

int api_gpu_sparse_open(struct api_gpu_sparse **out, const struct sparse_pattern *p,
                        const struct headroom_sparse_options *o, void *stream, struct err *e)
{
    struct api_gpu_sparse *s = mem_calloc(1, sizeof(*s));
    struct gpu_properties properties;
    int before = -1, rc = 0;

    *out = NULL;
    if (!s)
        return ERR(e, ERR_NOMEM, "no memory for lists");
    s->device = o->device;
    TRY(gpu_properties(o->device, &properties, e));
    TRY(gpu_borrow_enter(o->device, &before, e));
    TRY(open_first(s, p, o, properties.capability, stream, e));
    *out = s;
out:
    gpu_borrow_leave(before);
    if (rc < 0)
        mem_free(s);
    return rc;
}

int api_gpu_sparse_run(struct api_gpu_sparse *s, const struct sparse_args *a, void *stream,
                       struct err *e)
{
    int before = -1, rc = 0;

    TRY(gpu_borrow_enter(s->device, &before, e));
    TRY(gpu_borrow_check(s->device, a->q, "q", e));
    TRY(gpu_borrow_check(s->device, a->k, "k", e));
    TRY(gpu_borrow_check(s->device, a->v, "v", e));
    TRY(gpu_borrow_check(s->device, a->o, "o", e));
    TRY(gpu_borrow_check(s->device, a->lse, "lse", e));
    TRY(s->v->run(s->self, a, stream, e));
out:
    gpu_borrow_leave(before);
    return rc;
}

const char *api_gpu_sparse_name(const struct api_gpu_sparse *s)
{
    return s->v->is.name;
}

void api_gpu_sparse_close(struct api_gpu_sparse *s)
{
    struct err ignored = { 0 };
    int before = -1;

    if (!s)
        return;
    if (gpu_borrow_enter(s->device, &before, &ignored) == 0)
        s->v->close(s->self);
    gpu_borrow_leave(before);
    mem_free(s);
}

const char *api_gpu_sparse_variant(int device, int i)
{
    struct gpu_properties properties;
    struct err ignored = { 0 };
    int n;
    const struct sparse_gpu_variant *v = sparse_gpu_variants(&n);

    if (gpu_properties(device, &properties, &ignored) < 0)
        return NULL;
    for (int k = 0; k < n; k++)
        if (gpu_variant_runs(&v[k].is, properties.capability) && i-- == 0)
            return v[k].is.name;
    return NULL;
}
