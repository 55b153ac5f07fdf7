/* llm_kv.c - the KV cache: a pool of pages, and for each sequence the table of those it has.
 *
 * Invariants: 1. every page is in one sequence's table or on the free stack; 2. a sequence has
 * ceil(length / KV_PAGE) pages; 3. used is the sum of the lengths and <= context.  With a page more
 * than context / KV_PAGE for each sequence, 3 implies that a free page is there when one is
 * needed. */
#include "models/llm/llm_kv.h"

#include "core/mem.h"
#include "core/size.h"
#include "host/cpu.h"

enum { ALIGN = 64 };

static int pool_size_bytes(const struct llm_kv *kv, size_t *out)
{
    int rc = 0;

    TRY(size_mul((size_t)kv->n_pages, kv->page_bytes, out));
    TRY(size_add(*out, ALIGN, out));
out:
    return rc;
}

/* The pool is only touched as it fills: a long context that is not used costs nothing.  So what it
 * may come to is held against the machine's memory here, before it is too late to say so. */
static int allocate_pool(struct llm_kv *kv, struct err *e)
{
    int64_t available = cpu_here()->memory_available_bytes;
    char want[SIZE_TEXT], have[SIZE_TEXT];
    size_t bytes;

    if (pool_size_bytes(kv, &bytes) < 0)
        return ERR(e, ERR_NOMEM, "a KV cache of %zu positions is larger than any memory",
                   kv->context);
    if (available < 0 || bytes <= (uint64_t)available)
        kv->memory = mem_calloc(1, bytes);
    if (!kv->memory)
        return ERR(e, ERR_NOMEM,
                   "no memory for a KV cache of %zu positions: it wants %s, %s are available; a "
                   "smaller context wants less",
                   kv->context, size_text(want, bytes),
                   available < 0 ? "too few" : size_text(have, (uint64_t)available));
    kv->pool = (char *)kv->memory + (ALIGN - (uintptr_t)kv->memory % ALIGN) % ALIGN;
    kv->bytes += bytes;
    return 0;
}

static int allocate_tables(struct llm_kv *kv, struct err *e)
{
    kv->free = mem_calloc((size_t)kv->n_pages, sizeof(*kv->free));
    kv->seqs = mem_calloc((size_t)kv->n_seqs, sizeof(*kv->seqs));
    if (!kv->free || !kv->seqs)
        return ERR(e, ERR_NOMEM, "no memory for the tables of %d KV pages", kv->n_pages);
    for (int i = 0; i < kv->n_seqs; i++) {
        kv->seqs[i].pages = mem_calloc((size_t)kv->n_pages, sizeof(*kv->seqs[i].pages));
        if (!kv->seqs[i].pages)
            return ERR(e, ERR_NOMEM, "no memory for the tables of %d sequences", kv->n_seqs);
    }
    while (kv->n_free < kv->n_pages) { /* so that page 0 is the first to be taken */
        kv->free[kv->n_free] = kv->n_pages - 1 - kv->n_free;
        kv->n_free++;
    }
    kv->bytes += ((size_t)kv->n_seqs + 1) * (size_t)kv->n_pages * sizeof(*kv->free);
    return 0;
}

int llm_kv_init(struct llm_kv *kv, const struct llm_config *c, enum dtype dtype, size_t context,
                int n_seqs, struct err *e)
{
    int rc = 0;

    *kv = (struct llm_kv){ .dtype = dtype, .context = context, .n_seqs = n_seqs };
    kv->head_bytes = attention_head_bytes(dtype, c->head_dim);
    kv->layer_bytes = 2 * (size_t)c->kv_heads * kv->head_bytes;
    kv->page_bytes = (size_t)c->layers * kv->layer_bytes;
    kv->n_pages = (int)((context + KV_PAGE - 1) / KV_PAGE) + n_seqs - 1;
    TRY(allocate_pool(kv, e));
    TRY(allocate_tables(kv, e));
out:
    if (rc < 0)
        llm_kv_release(kv);
    return rc;
}

void llm_kv_release(struct llm_kv *kv)
{
    for (int i = 0; kv->seqs && i < kv->n_seqs; i++)
        mem_free(kv->seqs[i].pages);
    mem_free(kv->seqs);
    mem_free(kv->free);
    mem_free(kv->memory);
    *kv = (struct llm_kv){ 0 };
}

int llm_kv_grow(struct llm_kv *kv, int seq, size_t n, struct err *e)
{
    struct llm_kv_seq *s = &kv->seqs[seq];

    if (n > kv->context - kv->used)
        return ERR(e, ERR_NOMEM,
                   "the context is full: %zu of %zu positions are taken, %zu more are wanted",
                   kv->used, kv->context, n);
    s->length += n;
    kv->used += n;
    while ((size_t)s->n_pages * KV_PAGE < s->length)
        s->pages[s->n_pages++] = kv->free[--kv->n_free];
    return 0;
}

void llm_kv_truncate(struct llm_kv *kv, int seq, size_t length)
{
    struct llm_kv_seq *s = &kv->seqs[seq];

    if (length >= s->length)
        return;
    kv->used -= s->length - length;
    s->length = length;
    while (s->n_pages > 0 && (size_t)(s->n_pages - 1) * KV_PAGE >= length)
        kv->free[kv->n_free++] = s->pages[--s->n_pages];
}

size_t llm_kv_position_bytes(const struct llm_kv *kv)
{
    return kv->page_bytes / KV_PAGE;
}
