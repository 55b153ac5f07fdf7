/* api_gpu_none.c - stands in for api_gpu.c in a build without CUDA. */
#include "api/api_gpu.h"

#include "core/err.h"

static const char reason[] = "built without CUDA";

int api_gpu_sparse_open(struct api_gpu_sparse **out, const struct sparse_pattern *p,
                        const struct headroom_sparse_options *o, void *stream, struct err *e)
{
    (void)p;
    (void)o;
    (void)stream;
    *out = NULL;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

int api_gpu_sparse_run(struct api_gpu_sparse *s, const struct sparse_args *a, void *stream,
                       struct err *e)
{
    (void)s;
    (void)a;
    (void)stream;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

void api_gpu_sparse_close(struct api_gpu_sparse *s)
{
    (void)s;
}

const char *api_gpu_sparse_name(const struct api_gpu_sparse *s)
{
    (void)s;
    return NULL;
}

const char *api_gpu_sparse_variant(int device, int i)
{
    (void)device;
    (void)i;
    return NULL;
}

int api_gpu_ternary_open(struct api_gpu_ternary **out, const struct ternary *m, const float *norm,
                         float eps, const struct headroom_ternary_options *o, void *stream,
                         struct err *e)
{
    (void)m;
    (void)norm;
    (void)eps;
    (void)o;
    (void)stream;
    *out = NULL;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

int api_gpu_ternary_run(struct api_gpu_ternary *t, const float *x, float *y, int64_t n,
                        void *stream, struct err *e)
{
    (void)t;
    (void)x;
    (void)y;
    (void)n;
    (void)stream;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

void api_gpu_ternary_close(struct api_gpu_ternary *t)
{
    (void)t;
}

const char *api_gpu_ternary_name(const struct api_gpu_ternary *t)
{
    (void)t;
    return NULL;
}

const char *api_gpu_ternary_variant(int device, int i)
{
    (void)device;
    (void)i;
    return NULL;
}

int api_gpu_alloc(int device, void **out, size_t bytes, struct err *e)
{
    (void)device;
    (void)bytes;
    *out = NULL;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

void api_gpu_free(int device, void *d)
{
    (void)device;
    (void)d;
}

int api_gpu_put(int device, void *d_to, const void *from, size_t bytes, struct err *e)
{
    (void)device;
    (void)d_to;
    (void)from;
    (void)bytes;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

int api_gpu_get(int device, void *to, const void *d_from, size_t bytes, struct err *e)
{
    (void)device;
    (void)to;
    (void)d_from;
    (void)bytes;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

int api_gpu_sync(int device, void *stream, struct err *e)
{
    (void)device;
    (void)stream;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}
