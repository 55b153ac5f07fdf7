#include "models/text/bpe.h"

#include "core/mem.h"

int bpe_init(struct bpe *b, size_t n, struct err *e)
{
    size_t slots = 1024;

    if (n > INT32_MAX)
        return ERR(e, ERR_FORMAT, "%zu merges", n);
    while (slots < n * 2)
        slots *= 2;
    b->slot = mem_calloc(slots, sizeof(*b->slot));
    if (!b->slot)
        return ERR(e, ERR_NOMEM, "a table of %zu merges", n);
    b->slots = slots;
    for (size_t i = 0; i < slots; i++)
        b->slot[i].left = -1;
    return 0;
}

static size_t place(const struct bpe *b, int32_t left, int32_t right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15u;

    h ^= h >> 29;
    return (size_t)(h * 0xbf58476d1ce4e5b9u >> 24) & (b->slots - 1);
}

static const struct bpe_rule *find(const struct bpe *b, int32_t left, int32_t right)
{
    size_t i = place(b, left, right);

    while (b->slot[i].left >= 0) {
        if (b->slot[i].left == left && b->slot[i].right == right)
            return &b->slot[i];
        i = (i + 1) & (b->slots - 1);
    }
    return NULL;
}

int bpe_add(struct bpe *b, int32_t left, int32_t right, int32_t rank, int32_t id, struct err *e)
{
    size_t i = place(b, left, right);

    if (find(b, left, right))
        return 0;
    if (b->n >= b->slots / 2)
        return ERR(e, ERR_FORMAT, "more than %zu merges", b->n);
    while (b->slot[i].left >= 0)
        i = (i + 1) & (b->slots - 1);
    b->slot[i] = (struct bpe_rule){ left, right, rank, id };
    b->n++;
    return 0;
}

void bpe_release(struct bpe *b)
{
    mem_free(b->slot);
    *b = (struct bpe){ 0 };
}

int bpe_push(struct bpe_work *w, int32_t id, struct err *e)
{
    if (w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 64;
        struct bpe_symbol *p;

        if (cap > INT32_MAX)
            return ERR(e, ERR_NOMEM, "a word of more than %zu tokens", w->n);
        p = mem_realloc(w->symbol, cap, sizeof(*p));
        if (!p)
            return ERR(e, ERR_NOMEM, "a word of %zu tokens", cap);
        w->symbol = p;
        w->cap = cap;
    }
    w->symbol[w->n] = (struct bpe_symbol){ id, (int32_t)w->n - 1, (int32_t)w->n + 1 };
    w->n++;
    return 0;
}

static void sift_up(struct bpe_pair *heap, size_t i)
{
    struct bpe_pair x = heap[i];

    for (; i > 0 && heap[(i - 1) / 2].order > x.order; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = x;
}

static void sift_down(struct bpe_pair *heap, size_t n)
{
    struct bpe_pair x = heap[0];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < n) {
        if (child + 1 < n && heap[child + 1].order < heap[child].order)
            child++;
        if (heap[child].order >= x.order)
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = x;
}

/* The neighbours at symbol `at` and behind it, if they have a rule.  There is always room: each
 * merge takes one pair off the heap and adds two at most, and there are n - 1 merges at most. */
static void offer(const struct bpe *b, struct bpe_work *w, int32_t at)
{
    int32_t next = w->symbol[at].next;
    const struct bpe_rule *r;

    if (next >= (int32_t)w->n)
        return;
    r = find(b, w->symbol[at].id, w->symbol[next].id);
    if (!r)
        return;
    w->heap[w->n_heap] = (struct bpe_pair){ (uint64_t)(uint32_t)r->rank << 32 | (uint32_t)at,
                                            r->left, r->right, r->id };
    sift_up(w->heap, w->n_heap++);
}

/* A pair may be stale: one of its tokens has become a part of another meanwhile. */
static void apply(const struct bpe *b, struct bpe_work *w, const struct bpe_pair *p)
{
    int32_t at = (int32_t)(p->order & UINT32_MAX), next = w->symbol[at].next;

    if (w->symbol[at].id != p->left || next >= (int32_t)w->n || w->symbol[next].id != p->right)
        return;
    w->symbol[at].id = p->id;
    w->symbol[at].next = w->symbol[next].next;
    w->symbol[next].id = -1;
    if (w->symbol[at].next < (int32_t)w->n)
        w->symbol[w->symbol[at].next].prev = at;
    if (w->symbol[at].prev >= 0)
        offer(b, w, w->symbol[at].prev);
    offer(b, w, at);
}

static int reserve_heap(struct bpe_work *w, struct err *e)
{
    struct bpe_pair *p;

    if (w->cap_heap >= w->n * 2)
        return 0;
    p = mem_realloc(w->heap, w->cap * 2, sizeof(*p));
    if (!p)
        return ERR(e, ERR_NOMEM, "a word of %zu tokens", w->n);
    w->heap = p;
    w->cap_heap = w->cap * 2;
    return 0;
}

int bpe_merge(const struct bpe *b, struct bpe_work *w, struct tokens *out, struct err *e)
{
    int rc = 0;

    TRY(reserve_heap(w, e));
    w->n_heap = 0;
    for (size_t i = 0; i + 1 < w->n; i++)
        offer(b, w, (int32_t)i);
    while (w->n_heap > 0) {
        struct bpe_pair p = w->heap[0];

        w->heap[0] = w->heap[--w->n_heap];
        if (w->n_heap)
            sift_down(w->heap, w->n_heap);
        apply(b, w, &p);
    }
    for (int32_t i = 0; i < (int32_t)w->n; i = w->symbol[i].next)
        TRY(tokens_push(out, w->symbol[i].id, e));
out:
    w->n = 0;
    return rc;
}

void bpe_work_release(struct bpe_work *w)
{
    mem_free(w->symbol);
    mem_free(w->heap);
    *w = (struct bpe_work){ 0 };
}
