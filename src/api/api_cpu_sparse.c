/* api_cpu_sparse.c - lists of headroom.h on the CPU. */
#include "api/api_cpu_sparse.h"

#include <stdatomic.h>
#include <string.h>

#include "api/api.h"
#include "core/mem.h"

static const char variant[] = "reference";

struct api_cpu_sparse {
    struct sparse_pattern p; /* of copies that are owned */
    int32_t *row_ptr, *col, *mask;
    uint32_t *masks;
    struct pool *pool;
    double *scratch; /* [threads][SPARSE_BLOCK][dim + 1] */
    const struct sparse_args *args;
    atomic_int next; /* list */
    struct err failed;
    atomic_flag failing;
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

int api_cpu_sparse_open(struct api_cpu_sparse **out, const struct sparse_pattern *p,
                        const struct headroom_sparse_options *o, struct err *e)
{
    struct api_cpu_sparse *s;
    int rc = 0;

    *out = NULL;
    if (o->variant && strcmp(o->variant, variant) != 0)
        return ERR(e, ERR_NOTSUP, "no variant \"%.40s\" on this CPU", o->variant);
    s = mem_calloc(1, sizeof(*s));
    if (!s)
        return ERR(e, ERR_NOMEM, "no memory for lists");
    TRY(copy_pattern(s, p, e));
    TRY(api_pool_new(&s->pool, o->threads, e));
    s->scratch = mem_calloc((size_t)pool_size(s->pool) * SPARSE_BLOCK, (size_t)(o->dim + 1) * 8);
    if (!s->scratch) {
        rc = ERR(e, ERR_NOMEM, "no memory for %d threads", pool_size(s->pool));
        goto out;
    }
    *out = s;
out:
    if (rc < 0)
        api_cpu_sparse_close(s);
    return rc;
}

static uint16_t rounded(enum dtype t, double x)
{
    return t == DTYPE_F16 ? f32_to_f16((float)x) : f32_to_bf16((float)x);
}

static int run_list(struct api_cpu_sparse *s, int list, double *o, struct err *e)
{
    const int rows = sparse_blocks(s->p.q_len), head = list / rows, row = list % rows;
    const int first = row * SPARSE_BLOCK, dim = s->args->dim;
    const int left = s->p.q_len - first, n = left < SPARSE_BLOCK ? left : SPARSE_BLOCK;
    const size_t to = (size_t)head * (size_t)s->p.q_len + (size_t)first;
    double *lse = o + SPARSE_BLOCK * dim;
    uint16_t *out = s->args->o;
    int rc = 0;

    TRY(sparse_reference(&s->p, s->args, head, row, o, lse, e));
    for (int i = 0; i < n * dim; i++)
        out[to * (size_t)dim + (size_t)i] = rounded(s->args->dtype, o[i]);
    for (int i = 0; s->args->lse && i < n; i++)
        s->args->lse[to + (size_t)i] = (float)lse[i];
out:
    return rc;
}

/* The lists that nobody has taken yet. */
static void run_thread(void *arg, int thread)
{
    struct api_cpu_sparse *s = arg;
    const int lists = sparse_lists(&s->p);
    double *mine = s->scratch + (size_t)thread * SPARSE_BLOCK * (size_t)(s->args->dim + 1);
    struct err e = { 0 };

    for (int l = atomic_fetch_add(&s->next, 1); l < lists; l = atomic_fetch_add(&s->next, 1))
        if (run_list(s, l, mine, &e) < 0)
            break;
    if (e.code && !atomic_flag_test_and_set(&s->failing))
        s->failed = e;
}

int api_cpu_sparse_run(struct api_cpu_sparse *s, const struct sparse_args *a, struct err *e)
{
    s->args = a;
    s->failed = (struct err){ 0 };
    atomic_flag_clear(&s->failing);
    atomic_store(&s->next, 0);
    pool_run(s->pool, run_thread, s);
    return s->failed.code ? ERR(e, s->failed.code, "%s", s->failed.msg) : 0;
}

const char *api_cpu_sparse_name(const struct api_cpu_sparse *s)
{
    (void)s;
    return variant;
}

const char *api_cpu_sparse_variant(int i)
{
    return i == 0 ? variant : NULL;
}

void api_cpu_sparse_close(struct api_cpu_sparse *s)
{
    if (!s)
        return;
    pool_free(s->pool);
    mem_free(s->scratch);
    mem_free(s->masks);
    mem_free(s->mask);
    mem_free(s->col);
    mem_free(s->row_ptr);
    mem_free(s);
}
