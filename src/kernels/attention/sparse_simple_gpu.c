/* sparse_simple_gpu.c - taking a pattern to the device for the variant "simple". */
#include "kernels/attention/sparse_simple_gpu.h"

#include "core/mem.h"
#include "kernels/attention/sparse_simple.h"

int sparse_simple_open(void **self, const struct sparse_pattern *p,
                       const struct sparse_gpu_want *want, gpu_stream s, struct err *e)
{
    struct sparse_device *d = mem_calloc(1, sizeof(*d));
    int rc = 0;

    (void)want; /* every type and dimension; a list's bits never depend on the others */
    *self = NULL;
    if (!d)
        return ERR(e, ERR_NOMEM, "no memory for a pattern");
    TRY(sparse_device_open(d, p, s, e));
    *self = d;
out:
    if (rc < 0)
        mem_free(d);
    return rc;
}

int sparse_simple_run(void *self, const struct sparse_args *a, gpu_stream s, struct err *e)
{
    return sparse_simple(self, a, s, e);
}

void sparse_simple_close(void *self)
{
    if (self)
        sparse_device_close(self);
    mem_free(self);
}
