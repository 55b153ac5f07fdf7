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

int api_gpu_sync(int device, void *stream, struct err *e)
{
    (void)device;
    (void)stream;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}
