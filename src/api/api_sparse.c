/* api_sparse.c - block-sparse attention of headroom.h: lists and arguments are looked at here, the
 * work is api_cpu_sparse.h's or api_gpu.h's. */
#include <headroom.h>
#include <math.h>

#include "api/api.h"
#include "api/api_cpu_sparse.h"
#include "api/api_gpu.h"
#include "core/mem.h"

enum { ALIGN = 16 };

struct headroom_sparse {
    int device;
    int heads, q_len, kv_len, dim;
    enum dtype dtype;
    struct api_cpu_sparse *cpu; /* owned; one of the two */
    struct api_gpu_sparse *gpu;
};

_Static_assert((int)HEADROOM_BLOCK == (int)SPARSE_BLOCK &&
                   (int)HEADROOM_MASK_WORDS == (int)SPARSE_MASK_WORDS,
               "blocks of headroom.h");

static int check_options(const struct headroom_sparse_options *o, void *stream, struct err *e)
{
    int rc = 0;

    if (o->dtype != HEADROOM_F16 && o->dtype != HEADROOM_BF16)
        return ERR(e, ERR_ARG, "dtype %d: expected HEADROOM_F16 or HEADROOM_BF16", o->dtype);
    if (o->dim != 64 && o->dim != 128)
        return ERR(e, ERR_ARG, "dim %d: expected 64 or 128", o->dim);
    if ((o->flags & ~(uint32_t)HEADROOM_INVARIANT) != 0 || o->reserved != 0)
        return ERR(e, ERR_ARG, "flags %#x, reserved %d: expected HEADROOM_INVARIANT or 0, and 0",
                   o->flags, o->reserved);
    TRY(api_device_check(o->device, e));
    if (o->device == HEADROOM_CPU && stream)
        return ERR(e, ERR_ARG, "the CPU has no streams");
out:
    return rc;
}

static int check_lists(const struct headroom_sparse_lists *l, struct sparse_pattern *p,
                       struct err *e)
{
    int lists, rc = 0;

    *p = (struct sparse_pattern){ .heads = l->heads,
                                  .q_len = l->q_len,
                                  .kv_len = l->kv_len,
                                  .row_ptr = l->row_ptr,
                                  .col = l->col,
                                  .mask = l->mask,
                                  .masks = l->mask ? l->masks : NULL,
                                  .n_masks = l->mask || l->n_masks < 0 ? l->n_masks : 0 };
    if (l->n_blocks < 0 || l->n_blocks > INT32_MAX)
        return ERR(e, ERR_ARG, "%lld blocks: expected 0 .. %d", (long long)l->n_blocks, INT32_MAX);
    if (l->heads < 0 || l->q_len < 0 || !l->row_ptr)
        return sparse_check(p, e);
    /* Before col and mask are read: have they so many entries? */
    if ((int64_t)l->heads * sparse_blocks(l->q_len) >= INT32_MAX)
        return sparse_check(p, e);
    lists = sparse_lists(p);
    if (l->row_ptr[lists] != l->n_blocks)
        return ERR(e, ERR_ARG, "row_ptr ends with %d, expected n_blocks, %lld", l->row_ptr[lists],
                   (long long)l->n_blocks);
    TRY(sparse_check(p, e));
out:
    return rc;
}

int headroom_sparse_open(struct headroom_sparse **out, const struct headroom_sparse_lists *lists,
                         const struct headroom_sparse_options *options, void *stream)
{
    struct err *e = api_begin();
    struct headroom_sparse *s = NULL;
    struct sparse_pattern p;
    int rc = 0;

    if (!out)
        return ERR(e, ERR_ARG, "out is NULL");
    *out = NULL;
    if (!lists || !options)
        return ERR(e, ERR_ARG, "%s is NULL", lists ? "options" : "lists");
    TRY(check_options(options, stream, e));
    TRY(check_lists(lists, &p, e));
    s = mem_calloc(1, sizeof(*s));
    if (!s)
        return ERR(e, ERR_NOMEM, "no memory for a handle");
    s->device = options->device;
    s->heads = p.heads;
    s->q_len = p.q_len;
    s->kv_len = p.kv_len;
    s->dim = options->dim;
    s->dtype = options->dtype == HEADROOM_F16 ? DTYPE_F16 : DTYPE_BF16;
    if (s->device == HEADROOM_CPU)
        TRY(api_cpu_sparse_open(&s->cpu, &p, options, e));
    else
        TRY(api_gpu_sparse_open(&s->gpu, &p, options, stream, e));
    *out = s;
out:
    if (rc < 0)
        headroom_sparse_close(s);
    return rc;
}

/* An array of n values, at p. */
static int check_array(const void *p, int64_t n, const char *what, struct err *e)
{
    if (n > 0 && !p)
        return ERR(e, ERR_ARG, "%s is NULL", what);
    if ((uintptr_t)p % ALIGN != 0)
        return ERR(e, ERR_ARG, "%s is not aligned to %d bytes", what, ALIGN);
    return 0;
}

int headroom_sparse_run(struct headroom_sparse *s, const void *q, const void *k, const void *v,
                        void *o, float *lse, float scale, void *stream)
{
    struct err *e = api_begin();
    const struct sparse_args a = { .q = q,
                                   .k = k,
                                   .v = v,
                                   .o = o,
                                   .lse = lse,
                                   .dtype = s ? s->dtype : DTYPE_F16,
                                   .dim = s ? s->dim : 0,
                                   .scale = scale };
    int64_t queries, keys;
    int rc = 0;

    if (!s)
        return ERR(e, ERR_ARG, "the handle is NULL");
    if (!isfinite(scale) || !(scale > 0))
        return ERR(e, ERR_ARG, "scale is %g: expected a finite number above 0", (double)scale);
    if (s->cpu && stream)
        return ERR(e, ERR_ARG, "the CPU has no streams");
    queries = (int64_t)s->heads * s->q_len;
    keys = (int64_t)s->heads * s->kv_len;
    TRY(check_array(q, queries, "q", e));
    TRY(check_array(k, keys, "k", e));
    TRY(check_array(v, keys, "v", e));
    TRY(check_array(o, queries, "o", e));
    TRY(check_array(lse, 0, "lse", e));
    if (queries == 0)
        return 0;
    if (s->cpu)
        api_cpu_sparse_run(s->cpu, &a);
    else
        rc = api_gpu_sparse_run(s->gpu, &a, stream, e);
out:
    return rc;
}

const char *headroom_sparse_variant(const struct headroom_sparse *s)
{
    if (!s)
        return NULL;
    return s->cpu ? api_cpu_sparse_name(s->cpu) : api_gpu_sparse_name(s->gpu);
}

void headroom_sparse_close(struct headroom_sparse *s)
{
    if (!s)
        return;
    api_cpu_sparse_close(s->cpu);
    api_gpu_sparse_close(s->gpu);
    mem_free(s);
}

const char *headroom_sparse_variant_name(int device, int i)
{
    struct err ignored = { 0 };

    if (i < 0 || api_device_check(device, &ignored) < 0)
        return NULL;
    return device == HEADROOM_CPU ? api_cpu_sparse_variant(i) : api_gpu_sparse_variant(device, i);
}
