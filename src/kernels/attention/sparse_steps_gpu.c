/* sparse_steps_gpu.c - the variant "three-kernel": what the founding documents describe (grouped
 * products for the scores, a softmax over the segments of each row, grouped products with V), each
 * step as good as its own memory traffic lets it be.  The "before" of the fused kernels. */
#include "kernels/attention/sparse_steps_gpu.h"

#include "core/mem.h"
#include "kernels/attention/sparse_steps.h"

struct three {
    struct sparse_device d;
    struct sparse_steps w;
    struct sparse_gpu_want want;
    bool sm80;
};

static int reserve(float **out, size_t bytes, struct err *e)
{
    void *d = NULL;
    int rc = 0;

    if (bytes > 0)
        TRY(gpu_alloc(&d, bytes, e));
    *out = d;
out:
    return rc;
}

int sparse_steps_open(void **self, const struct sparse_pattern *p,
                      const struct sparse_gpu_want *want, gpu_stream s, struct err *e)
{
    const size_t scores = (size_t)sparse_count(p) * SPARSE_STEPS_BYTES;
    struct gpu_properties gpu;
    struct three *t = mem_calloc(1, sizeof(*t));
    int rc = 0;

    *self = t;
    if (!t)
        return ERR(e, ERR_NOMEM, "no memory for a plan");
    TRY(sparse_device_here(&gpu, want, e));
    TRY(gpu_memory_need(scores, "the scores of all blocks", e));
    t->want = *want;
    t->sm80 = HAVE_SM80 && gpu.capability >= 80;
    TRY(sparse_device_open(&t->d, p, s, e));
    TRY(reserve(&t->w.scores, scores, e));
    TRY(reserve(&t->w.sums, (size_t)t->d.lists * SPARSE_BLOCK * sizeof(float), e));
out:
    if (rc < 0) {
        sparse_steps_close(t);
        *self = NULL;
    }
    return rc;
}

int sparse_steps_run(void *self, const struct sparse_args *a, gpu_stream s, struct err *e)
{
    const struct three *t = self;
    int rc = 0;

    TRY(sparse_device_args(&t->want, a, e));
#if HAVE_SM80
    if (t->sm80)
        return sparse_steps_sm80(&t->d, &t->w, a, s, e);
#endif
    rc = sparse_steps(&t->d, &t->w, a, s, e);
out:
    return rc;
}

void sparse_steps_close(void *self)
{
    struct three *t = self;

    if (!t)
        return;
    gpu_free(t->w.scores);
    gpu_free(t->w.sums);
    sparse_device_close(&t->d);
    mem_free(t);
}
