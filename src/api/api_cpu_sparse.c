/* api_cpu_sparse.c - lists of headroom.h on the CPU. */
#include "api/api_cpu_sparse.h"

#include <stdatomic.h>
#include <string.h>

#include "api/api.h"
#include "core/mem.h"
#include "host/cpu.h"
#include "kernels/attention/sparse_cpu.h"
#include "kernels/variant/variant.h"

struct api_cpu_sparse {
    const struct sparse_variant *v;
    struct sparse_pattern p; /* of copies that are owned */
    int32_t *row_ptr, *col, *mask;
    uint32_t *masks;
    struct pool *pool;
    const struct sparse_args *args; /* of the run under way */
    atomic_int next;                /* list that nobody has taken yet */
};

/* n words, one at least. */
static void *copy_of(const void *from, size_t n, struct err *e)
{
    int32_t *copy = mem_calloc(n > 0 ? n : 1, sizeof(*copy));

    if (!copy)
        ERR(e, ERR_NOMEM, "no memory for %zu words of lists", n);
    else if (n > 0)
        memcpy(copy, from, n * sizeof(*copy));
    return copy;
}

static int copy_pattern(struct api_cpu_sparse *s, const struct sparse_pattern *p, struct err *e)
{
    const size_t lists = (size_t)sparse_lists(p), blocks = (size_t)sparse_count(p);
    const size_t words = p->mask ? (size_t)p->n_masks * SPARSE_MASK_WORDS : 0;

    s->row_ptr = copy_of(p->row_ptr, lists + 1, e);
    s->col = copy_of(p->col, blocks, e);
    s->mask = p->mask ? copy_of(p->mask, blocks, e) : NULL;
    s->masks = copy_of(p->masks, words, e);
    if (!s->row_ptr || !s->col || (p->mask && !s->mask) || !s->masks)
        return ERR_NOMEM;
    s->p = *p;
    s->p.row_ptr = s->row_ptr;
    s->p.col = s->col;
    s->p.mask = s->mask;
    s->p.masks = s->masks;
    return 0;
}

/* Variant i of those that this CPU can run, the scalar one last. */
static const struct sparse_variant *entry(int i)
{
    int n;
    const struct sparse_variant *v = sparse_variants(&n);

    for (int k = VARIANT_SCALAR + 1; k <= n; k++)
        if (variant_runs(v[k % n].needs, cpu_here()) && i-- == 0)
            return &v[k % n];
    return NULL;
}

static const struct sparse_variant *find(const char *name)
{
    const struct sparse_variant *v = NULL;

    for (int i = 0; (v = entry(i)); i++)
        if (!name || strcmp(v->name, name) == 0)
            break;
    return v;
}

int api_cpu_sparse_open(struct api_cpu_sparse **out, const struct sparse_pattern *p,
                        const struct headroom_sparse_options *o, struct err *e)
{
    const struct sparse_variant *v = find(o->variant);
    struct api_cpu_sparse *s;
    int rc = 0;

    *out = NULL;
    if (!v)
        return ERR(e, ERR_NOTSUP, "no variant \"%.40s\" on this CPU", o->variant);
    s = mem_calloc(1, sizeof(*s));
    if (!s)
        return ERR(e, ERR_NOMEM, "no memory for lists");
    s->v = v;
    TRY(copy_pattern(s, p, e));
    TRY(api_pool_new(&s->pool, o->threads, e));
    *out = s;
out:
    if (rc < 0)
        api_cpu_sparse_close(s);
    return rc;
}

static void run_thread(void *arg, int thread)
{
    struct api_cpu_sparse *s = arg;
    const int lists = sparse_lists(&s->p);

    (void)thread;
    for (int l = atomic_fetch_add(&s->next, 1); l < lists; l = atomic_fetch_add(&s->next, 1))
        s->v->run(&s->p, s->args, l);
}

void api_cpu_sparse_run(struct api_cpu_sparse *s, const struct sparse_args *a)
{
    s->args = a;
    atomic_store(&s->next, 0);
    pool_run(s->pool, run_thread, s);
}

const char *api_cpu_sparse_name(const struct api_cpu_sparse *s)
{
    return s->v->name;
}

const char *api_cpu_sparse_variant(int i)
{
    const struct sparse_variant *v = entry(i);

    return v ? v->name : NULL;
}

void api_cpu_sparse_close(struct api_cpu_sparse *s)
{
    if (!s)
        return;
    pool_free(s->pool);
    mem_free(s->masks);
    mem_free(s->mask);
    mem_free(s->col);
    mem_free(s->row_ptr);
    mem_free(s);
}
