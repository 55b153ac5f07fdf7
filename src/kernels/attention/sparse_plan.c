#include "kernels/attention/sparse_plan.h"

#include <string.h>

#include "core/mem.h"

/* Costs are in quarters of a block. */
enum {
    BLOCK_COST = 4,
    LIST_COST = 2,       /* Q comes, O goes */
    CUT_COST = 2,        /* of a partial result: written, read, added */
    LEAST = 1,           /* blocks of a piece */
    DEAL_LISTS = 8,      /* a share holds at least so many lists of mean length, or none is dealt */
    DEAL_GRAIN = 32,     /* lists are dealt in groups of at least this part of a share */
    DEAL_REST = 8,       /* of a share, this part is kept to level the workers */
    INVARIANT_LEAST = 4, /* in the invariant mode: blocks of a piece, but for the last one, and */
    INVARIANT_MOST = 4   /* pieces of a list, since each takes a slot */
};

/* A plan while it is made: pieces in the order in which they are cut, with their workers. */
struct draft {
    const struct sparse_pattern *p;
    struct sparse_plan *plan;
    struct sparse_piece *pieces;
    int32_t *worker; /* of each piece */
    int n;
    int rows, together;
    int64_t *load; /* of each worker, in cost */
    int32_t *heap; /* the workers, the one with the least load first */
};

static int32_t length(const struct draft *d, int list)
{
    return d->p->row_ptr[list + 1] - d->p->row_ptr[list];
}

static int64_t list_cost(const struct draft *d, int list)
{
    int32_t n = length(d, list);

    return n ? LIST_COST + (int64_t)BLOCK_COST * n : 0;
}

/* Of two workers with the same load the one with the lower number comes first. */
static bool before(const struct draft *d, int32_t a, int32_t b)
{
    return d->load[a] != d->load[b] ? d->load[a] < d->load[b] : a < b;
}

static void heap_sift(struct draft *d, int at)
{
    const int n = d->plan->workers;
    const int32_t w = d->heap[at];

    for (int child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(d, d->heap[child + 1], d->heap[child]))
            child++;
        if (!before(d, d->heap[child], w))
            break;
        d->heap[at] = d->heap[child];
    }
    d->heap[at] = w;
}

static struct sparse_piece *cut(struct draft *d, int worker, int list, int32_t from, int32_t count)
{
    const int32_t begin = d->p->row_ptr[list] + from;
    struct sparse_piece *piece = &d->pieces[d->n];

    *piece = (struct sparse_piece){ .head = list / d->rows,
                                    .row = list % d->rows,
                                    .begin = begin,
                                    .count = count,
                                    .slot = -1,
                                    .first = d->p->col[begin] };
    d->worker[d->n++] = worker;
    return piece;
}

/* Whole lists in order, a group at a time to who has least, until somebody's share is nearly full.
 * Gives back the first list that is left. */
static int deal(struct draft *d, int64_t share)
{
    const int lists = sparse_lists(d->p);
    const int64_t limit = share - share / DEAL_REST;
    int list = 0;

    while (list < lists) {
        const int32_t w = d->heap[0];
        int end = list;
        int64_t cost = 0;

        while (end < lists && cost < share / DEAL_GRAIN + 1)
            cost += list_cost(d, end++);
        if (d->load[w] + cost > limit)
            break;
        for (; list < end; list++)
            if (length(d, list))
                cut(d, w, list, 0, length(d, list));
        d->load[w] += cost;
        heap_sift(d, 0);
    }
    return list;
}

/* How many of the n blocks that a list still has fit into `room`: all, or so many that neither
 * piece is shorter than LEAST. */
static int32_t fitting(int64_t room, int32_t n)
{
    int64_t k = (room - LIST_COST) / BLOCK_COST;

    if (k >= n)
        return n;
    if (n - k < LEAST)
        k = n - LEAST;
    return k < LEAST ? 0 : (int32_t)k;
}

/* Piece of `worker`: k blocks of a list, from block `from` on; what it costs.  The first piece of a
 * list, *owner, adds the others, which are cut right after it. */
static int64_t cut_next(struct draft *d, int worker, int list, int32_t from, int32_t k, int *owner)
{
    struct sparse_piece *piece = cut(d, worker, list, from, k);
    int64_t cost = LIST_COST + BLOCK_COST * (int64_t)k;

    if (from) {
        cost += CUT_COST;
        piece->slot = d->plan->slots++;
        if (!d->pieces[*owner].merges++)
            d->pieces[*owner].merge = piece->slot;
    } else {
        *owner = d->n - 1;
    }
    return cost;
}

/* The lists from `list` on, one after the other, each worker's share filled in turn, behind the
 * pieces that are dealt.  Is it enough for all of them? */
static bool level(struct draft *d, int list, int64_t share, int dealt)
{
    const int lists = sparse_lists(d->p), workers = d->plan->workers;
    int64_t left = 0; /* by the workers before on the same multiprocessor */
    int32_t from = 0;
    int owner = -1;

    d->n = dealt;
    d->plan->slots = 0;
    for (int w = 0; w < workers && list < lists; w++) {
        int64_t room = w % d->together ? left + share - d->load[w] : share - d->load[w];

        room += w % d->together < d->together - 1 ? BLOCK_COST / 2 : 0; /* the next has less then */
        while (list < lists) {
            const int32_t n = length(d, list) - from;
            const int32_t k = n ? fitting(room - (from > 0) * CUT_COST, n) : 0;

            if (n && !k)
                break;
            if (n)
                room -= cut_next(d, w, list, from, k, &owner);
            if (k < n) {
                from += k;
                break;
            }
            from = 0;
            list++;
        }
        left = room - (w % d->together < d->together - 1 ? BLOCK_COST / 2 : 0);
    }
    return list == lists;
}

/* The least share that is enough for the lists from `list` on, more than `low`: what the cuts cost
 * is known only when they are made. */
static void level_least(struct draft *d, int list, int64_t low)
{
    const int dealt = d->n;
    int64_t width = 1, high, last;

    while (!level(d, list, last = low + width, dealt)) {
        low += width;
        width *= 2;
    }
    for (high = last; high - low > 1;) {
        last = low + (high - low) / 2;
        if (level(d, list, last, dealt))
            high = last;
        else
            low = last;
    }
    if (last != high)
        level(d, list, high, dealt);
}

static void even(struct draft *d)
{
    const int lists = sparse_lists(d->p), workers = d->plan->workers;
    int64_t total = 0, share;
    int filled = 0, first = 0;

    for (int i = 0; i < lists; i++) {
        total += list_cost(d, i);
        filled += length(d, i) > 0;
    }
    share = (total + workers - 1) / workers;
    if (share * filled >= DEAL_LISTS * total)
        first = deal(d, share);
    level_least(d, first, share - 1);
}

/* Of a list of n blocks. */
static int invariant_pieces(int32_t n)
{
    const int pieces = (n - 1) / INVARIANT_LEAST + 1;

    return pieces < INVARIANT_MOST ? pieces : INVARIANT_MOST;
}

struct order {
    int32_t list, size;
};

/* Lists by the length of their pieces, longest first; the order of the lists decides ties. */
static int by_size(const struct draft *d, struct order *out, struct order *other)
{
    const int lists = sparse_lists(d->p);
    int n = 0;

    for (int i = 0; i < lists; i++) {
        int32_t blocks = length(d, i);

        if (blocks) {
            int32_t pieces = invariant_pieces(blocks);
            out[n++] = (struct order){ i, (blocks + pieces - 1) / pieces };
        }
    }
    for (int shift = 0; shift < 32; shift += 8) { /* an even number of passes: it ends in `out` */
        int32_t count[257] = { 0 };
        struct order *swap = out;

        for (int i = 0; i < n; i++)
            count[256 - (out[i].size >> shift & 255)]++;
        for (int i = 0; i < 256; i++)
            count[i + 1] += count[i];
        for (int i = 0; i < n; i++)
            other[count[255 - (out[i].size >> shift & 255)]++] = out[i];
        out = other;
        other = swap;
    }
    return n;
}

/* Each list is cut by its length alone.  Of the workers that are to have its pieces the one with
 * the lowest number finishes it. */
static int invariant(struct draft *d)
{
    const int lists = sparse_lists(d->p), workers = d->plan->workers;
    struct order *order = mem_calloc((size_t)lists, sizeof *order);
    struct order *other = mem_calloc((size_t)lists, sizeof *other);
    int rc = order && other ? 0 : ERR_NOMEM;
    int n = rc ? 0 : by_size(d, order, other);

    for (int i = 0; i < n; i++) {
        const int list = order[i].list;
        const int32_t blocks = length(d, list), pieces = invariant_pieces(blocks);
        const int owner = d->n;
        int lowest = workers, lowest_at = owner;

        for (int k = 0; k < pieces; k++) { /* number k of the list; 0 is given its worker later */
            const int32_t from = (int32_t)((int64_t)blocks * k / pieces);
            const int32_t to = (int32_t)((int64_t)blocks * (k + 1) / pieces);
            const int w = d->heap[0];
            struct sparse_piece *piece = cut(d, w, list, from, to - from);

            if (k)
                piece->slot = d->plan->slots++;
            if (w < lowest) {
                lowest = w;
                lowest_at = d->n - 1;
            }
            d->load[w] += LIST_COST + BLOCK_COST * (int64_t)(to - from) + (pieces > 1) * CUT_COST;
            heap_sift(d, 0);
        }
        d->worker[lowest_at] = d->worker[owner];
        d->worker[owner] = lowest;
        d->pieces[owner].merges = pieces - 1;
        d->pieces[owner].merge = pieces > 1 ? d->plan->slots - (pieces - 1) : 0;
    }
    mem_free(order);
    mem_free(other);
    return rc;
}

/* For other pieces of its list.  Those that do not come first. */
static bool waits(const struct sparse_piece *piece)
{
    return piece->merges > 0;
}

/* The pieces by worker, in the order in which they were cut, those that wait last. */
static void assemble(struct draft *d)
{
    struct sparse_plan *plan = d->plan;
    const int workers = plan->workers;

    for (int i = 0; i < d->n; i++)
        plan->begin[d->worker[i] + 1]++;
    for (int w = 0; w < workers; w++)
        plan->begin[w + 1] += plan->begin[w];
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < d->n; i++)
            if (waits(&d->pieces[i]) == pass)
                plan->pieces[plan->begin[d->worker[i]]++] = d->pieces[i];
    for (int w = workers; w > 0; w--)
        plan->begin[w] = plan->begin[w - 1];
    plan->begin[0] = 0;
    for (int w = 0; w < workers; w += d->together) {
        int64_t blocks = 0;

        for (int i = plan->begin[w]; i < plan->begin[w + d->together]; i++)
            blocks += plan->pieces[i].count;
        if (blocks > plan->longest)
            plan->longest = blocks;
    }
}

/* Upper bound of the number of pieces. */
static int64_t most_pieces(const struct draft *d, bool invariant)
{
    const int lists = sparse_lists(d->p);
    int64_t n = lists + d->plan->workers;

    for (int i = 0; invariant && i < lists; i++)
        n += length(d, i) ? invariant_pieces(length(d, i)) : 0;
    return n;
}

static int open_draft(struct draft *d, bool invariant, struct err *e)
{
    struct sparse_plan *plan = d->plan;
    const int lists = sparse_lists(d->p), workers = plan->workers;
    const int64_t most = most_pieces(d, invariant);

    d->pieces = mem_calloc((size_t)most, sizeof *d->pieces);
    d->worker = mem_calloc((size_t)most, sizeof *d->worker);
    d->load = mem_calloc((size_t)workers, sizeof *d->load);
    d->heap = mem_calloc((size_t)workers, sizeof *d->heap);
    plan->pieces = mem_calloc((size_t)most, sizeof *plan->pieces);
    plan->begin = mem_calloc((size_t)workers + 1, sizeof *plan->begin);
    plan->empty = mem_calloc((size_t)lists, sizeof *plan->empty);
    if (!d->pieces || !d->worker || !d->load || !d->heap || !plan->pieces || !plan->begin ||
        !plan->empty)
        return ERR(e, ERR_NOMEM, "plan of a sparse pattern: no memory for %lld pieces",
                   (long long)most);
    for (int w = 0; w < workers; w++)
        d->heap[w] = w;
    for (int i = 0; i < lists; i++)
        if (!length(d, i))
            plan->empty[plan->n_empty++] = i;
    return 0;
}

int sparse_plan_make(struct sparse_plan *out, const struct sparse_pattern *p, int workers,
                     int together, bool invariant_mode, struct err *e)
{
    struct draft d = { .p = p, .plan = out, .rows = sparse_blocks(p->q_len), .together = together };
    int rc;

    *out = (struct sparse_plan){ .workers = workers };
    TRY(open_draft(&d, invariant_mode, e));
    if (invariant_mode)
        TRY(invariant(&d));
    else
        even(&d);
    assemble(&d);
    rc = 0;
out:
    mem_free(d.pieces);
    mem_free(d.worker);
    mem_free(d.load);
    mem_free(d.heap);
    if (rc)
        sparse_plan_free(out);
    return rc;
}

void sparse_plan_free(struct sparse_plan *p)
{
    mem_free(p->begin);
    mem_free(p->pieces);
    mem_free(p->empty);
    *p = (struct sparse_plan){ 0 };
}
