/* sparse_mma_gpu.c - the variant "mma": portable, one thread block a block row or half of one.
 *
 * A row's sums are its own, in the order of its list, whichever thread block has it: it is always
 * invariant. */
#include "kernels/attention/sparse_mma_gpu.h"

#include "core/mem.h"
#include "kernels/attention/sparse_mma.h"

struct mma {
    struct sparse_device d;
    struct sparse_gpu_want want;
    enum sparse_mma_tile tile;
    bool sm80;
};

/* Below so many whole block rows a multiprocessor halves of them fill the GPU better. */
enum { ROWS_FOR_128 = 3 };

int sparse_mma_open(void **self, const struct sparse_pattern *p, const struct sparse_gpu_want *want,
                    gpu_stream s, struct err *e)
{
    struct gpu_properties gpu;
    struct mma *m = mem_calloc(1, sizeof(*m));
    int rc = 0;

    *self = m;
    if (!m)
        return ERR(e, ERR_NOMEM, "no memory for a plan");
    TRY(sparse_device_here(&gpu, want, e));
    m->want = *want;
    m->sm80 = HAVE_SM80 && gpu.capability >= 80;
    TRY(sparse_device_open(&m->d, p, s, e));
    m->tile = m->d.lists >= ROWS_FOR_128 * gpu.multiprocessors ? SPARSE_MMA_128 : SPARSE_MMA_64;
out:
    if (rc < 0) {
        sparse_mma_close(m);
        *self = NULL;
    }
    return rc;
}

int sparse_mma_run(void *self, const struct sparse_args *a, gpu_stream s, struct err *e)
{
    const struct mma *m = self;
    int rc = 0;

    TRY(sparse_device_args(&m->want, a, e));
#if HAVE_SM80
    if (m->sm80)
        return sparse_mma_sm80(&m->d, a, m->tile, s, e);
#endif
    rc = sparse_mma(&m->d, a, s, e);
out:
    return rc;
}

void sparse_mma_close(void *self)
{
    struct mma *m = self;

    if (m)
        sparse_device_close(&m->d);
    mem_free(m);
}
