/* sparse_simple_gpu.c - taking a pattern to the device for the variant "simple". */
#include "kernels/attention/sparse_simple_gpu.h"

#include "core/mem.h"
#include "kernels/attention/sparse_simple.h"

enum { PARTS = 4 };

struct simple {
    struct sparse_simple p;
    void *d[PARTS]; /* owned: row_ptr, col, mask, masks */
};

static int upload(void **d, const void *from, size_t bytes, gpu_stream s, struct err *e)
{
    int rc = 0;

    if (bytes == 0)
        return 0;
    TRY(gpu_alloc(d, bytes, e));
    TRY(gpu_to_device(*d, from, bytes, s, e));
out:
    return rc;
}

int sparse_simple_open(void **self, const struct sparse_pattern *p,
                       const struct sparse_gpu_want *want, gpu_stream s, struct err *e)
{
    const size_t blocks = (size_t)sparse_count(p), index = sizeof(int32_t);
    struct simple *v = mem_calloc(1, sizeof(*v));
    int rc = 0;

    (void)want; /* every type and dimension; a list's bits never depend on the others */
    *self = v;
    if (!v)
        return ERR(e, ERR_NOMEM, "no memory for a pattern");
    TRY(upload(&v->d[0], p->row_ptr, ((size_t)sparse_lists(p) + 1) * index, s, e));
    TRY(upload(&v->d[1], p->col, blocks * index, s, e));
    TRY(upload(&v->d[2], p->mask, p->mask ? blocks * index : 0, s, e));
    TRY(upload(&v->d[3], p->masks, (size_t)p->n_masks * SPARSE_MASK_WORDS * sizeof(uint32_t), s,
               e));
    v->p = (struct sparse_simple){ .lists = sparse_lists(p),
                                   .rows = sparse_blocks(p->q_len),
                                   .q_len = p->q_len,
                                   .kv_len = p->kv_len,
                                   .row_ptr = v->d[0],
                                   .col = v->d[1],
                                   .mask = v->d[2],
                                   .masks = v->d[3] };
out:
    if (rc < 0) {
        sparse_simple_close(v);
        *self = NULL;
    }
    return rc;
}

int sparse_simple_run(void *self, const struct sparse_args *a, gpu_stream s, struct err *e)
{
    const struct simple *v = self;

    return sparse_simple(&v->p, a, s, e);
}

void sparse_simple_close(void *self)
{
    struct simple *v = self;

    for (int i = 0; v && i < PARTS; i++)
        gpu_free(v->d[i]);
    mem_free(v);
}
