/* The plan of a block-sparse pattern, by what every plan must hold, over patterns of many kinds. */
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/rng.h"
#include "kernels/attention/sparse_plan.h"
#include "test.h"

/* A pattern with memory of its own; col says nothing of interest but where its block is. */
struct made {
    struct sparse_pattern p;
    int32_t *row_ptr, *col;
};

enum kind { UNIFORM, RAGGED, SPARSE, ONE_LONG, KINDS };

static int32_t length_of(enum kind kind, int list, int lists, int cols, struct rng *r)
{
    if (kind == UNIFORM)
        return cols;
    if (kind == RAGGED)
        return (int32_t)rng_below(r, (uint64_t)cols + 1);
    if (kind == SPARSE)
        return rng_below(r, 4) ? 0 : 1 + (int32_t)rng_below(r, 3);
    return list == lists / 2 ? cols : (int32_t)rng_below(r, 2);
}

static void make(struct made *m, enum kind kind, int heads, int rows, int cols, struct rng *r)
{
    const int lists = heads * rows;

    memset(m, 0, sizeof(*m));
    m->row_ptr = calloc((size_t)lists + 1, sizeof(int32_t));
    for (int l = 0; l < lists; l++)
        m->row_ptr[l + 1] = m->row_ptr[l] + length_of(kind, l, lists, cols, r);
    m->col = calloc((size_t)m->row_ptr[lists] + 1, sizeof(int32_t));
    for (int l = 0; l < lists; l++)
        for (int32_t i = m->row_ptr[l]; i < m->row_ptr[l + 1]; i++)
            m->col[i] = i - m->row_ptr[l];
    m->p = (struct sparse_pattern){ .heads = heads,
                                    .q_len = rows * SPARSE_BLOCK - (rows > 0 ? 5 : 0),
                                    .kv_len = cols * SPARSE_BLOCK,
                                    .row_ptr = m->row_ptr,
                                    .col = m->col };
}

static void drop(struct made *m)
{
    free(m->row_ptr);
    free(m->col);
}

/* Who writes a slot, who adds it, and when. */
struct slot {
    int writer, reader; /* pieces; -1 */
};

static int worker_of(const struct sparse_plan *plan, int piece)
{
    int w = 0;

    while (plan->begin[w + 1] <= piece)
        w++;
    return w;
}

static bool piece_holds(const struct sparse_plan *plan, const struct sparse_pattern *p, int i,
                        struct slot *slots, uint8_t *seen)
{
    const struct sparse_piece *piece = &plan->pieces[i];
    const int rows = sparse_blocks(p->q_len), list = piece->head * rows + piece->row;

    if (piece->head < 0 || piece->head >= p->heads || piece->row < 0 || piece->row >= rows ||
        piece->count < 1 || piece->begin < p->row_ptr[list] ||
        piece->begin + piece->count > p->row_ptr[list + 1] || piece->first != p->col[piece->begin])
        return false;
    for (int32_t b = piece->begin; b < piece->begin + piece->count; b++)
        if (seen[b]++)
            return false;
    if (piece->slot >= 0) {
        if (piece->slot >= plan->slots || slots[piece->slot].writer >= 0 || piece->merges)
            return false;
        slots[piece->slot].writer = i;
    } else if (piece->begin != p->row_ptr[list]) {
        return false;
    }
    for (int k = 0; k < piece->merges; k++) {
        const int s = piece->merge + k;

        if (s < 0 || s >= plan->slots || slots[s].reader >= 0)
            return false;
        slots[s].reader = i;
    }
    return true;
}

/* The list goes on where the piece before it in the order of adding ends; who adds waits for nobody
 * that may be waiting for it. */
static bool slots_hold(const struct sparse_plan *plan, const struct slot *slots)
{
    for (int s = 0; s < plan->slots; s++) {
        const int w = slots[s].writer, r = slots[s].reader;
        const struct sparse_piece *from, *to, *previous;

        if (w < 0 || r < 0)
            return false;
        from = &plan->pieces[w];
        to = &plan->pieces[r];
        previous = s == to->merge ? to : &plan->pieces[slots[s - 1].writer];
        if (from->head != to->head || from->row != to->row ||
            from->begin != previous->begin + previous->count)
            return false;
        if (worker_of(plan, w) < worker_of(plan, r) ||
            (worker_of(plan, w) == worker_of(plan, r) && w > r))
            return false;
    }
    return true;
}

static bool empties_hold(const struct sparse_plan *plan, const struct sparse_pattern *p)
{
    int n = 0;

    for (int l = 0; l < sparse_lists(p); l++)
        if (p->row_ptr[l] == p->row_ptr[l + 1] && (n >= plan->n_empty || plan->empty[n++] != l))
            return false;
    return n == plan->n_empty;
}

static bool holds(const struct sparse_plan *plan, const struct sparse_pattern *p)
{
    const int64_t blocks = sparse_count(p);
    uint8_t *seen = calloc((size_t)blocks + 1, 1);
    struct slot *slots = malloc(((size_t)plan->slots + 1) * sizeof(*slots));
    bool good = plan->begin[0] == 0 && empties_hold(plan, p);

    for (int s = 0; s < plan->slots; s++)
        slots[s] = (struct slot){ -1, -1 };
    for (int w = 0; w < plan->workers; w++)
        good &= plan->begin[w] <= plan->begin[w + 1];
    for (int i = 0; good && i < plan->begin[plan->workers]; i++)
        good = piece_holds(plan, p, i, slots, seen);
    for (int64_t b = 0; good && b < blocks; b++)
        good = seen[b] == 1;
    good = good && slots_hold(plan, slots);
    free(seen);
    free(slots);
    return good;
}

/* No worker has more than its part of the blocks, and of what the lists cost (half a block each, a
 * whole one for a piece that is cut off), and two blocks, which are not cut. */
static bool balanced(const struct sparse_plan *plan, const struct sparse_pattern *p, int together)
{
    const double lists = sparse_lists(p) - plan->n_empty;
    const double cost = (double)sparse_count(p) + lists / 2 + plan->slots;

    return (double)plan->longest <= ceil(cost * together / plan->workers) + 2;
}

static bool same(const struct sparse_plan *a, const struct sparse_plan *b)
{
    const size_t n = (size_t)a->begin[a->workers];

    return !memcmp(a->begin, b->begin, ((size_t)a->workers + 1) * sizeof(int32_t)) &&
           !memcmp(a->pieces, b->pieces, n * sizeof(*a->pieces)) && a->slots == b->slots;
}

static void test_properties(void)
{
    struct rng r;

    rng_init(&r, 1, 0);
    for (int trial = 0; trial < 600; trial++) {
        const int together = 1 + trial / KINDS % 2;
        const int workers = together * (trial % 3 ? 132 : 1 + (int)rng_below(&r, 40));
        const int heads = 1 + (int)rng_below(&r, 9), rows = 1 + (int)rng_below(&r, 60);
        const int cols = 1 + (int)rng_below(&r, 90);
        struct sparse_plan a, b;
        struct made m;
        struct err e = { 0 };

        make(&m, (enum kind)(trial % KINDS), heads, rows, cols, &r);
        for (int invariant = 0; invariant < 2; invariant++) {
            CHECK_EQ(sparse_plan_make(&a, &m.p, workers, together, invariant, &e), 0);
            CHECK_EQ(sparse_plan_make(&b, &m.p, workers, together, invariant, &e), 0);
            CHECK(holds(&a, &m.p));
            CHECK(same(&a, &b));
            if (!invariant)
                CHECK(balanced(&a, &m.p, together));
            sparse_plan_free(&a);
            sparse_plan_free(&b);
        }
        drop(&m);
    }
}

/* In the invariant mode where a list is cut follows from its length, whatever else there is. */
static void test_invariant(void)
{
    static int32_t cuts[64][64]; /* [length][from]: length of the piece that begins there, or -1 */
    struct rng r;

    memset(cuts, 0, sizeof(cuts));
    rng_init(&r, 2, 0);
    for (int trial = 0; trial < 60; trial++) {
        const int workers = 1 + (int)rng_below(&r, 140);
        struct sparse_plan plan;
        struct made m;
        struct err e = { 0 };

        make(&m, RAGGED, 1 + (int)rng_below(&r, 6), 1 + (int)rng_below(&r, 30), 63, &r);
        CHECK_EQ(sparse_plan_make(&plan, &m.p, workers, 1, true, &e), 0);
        for (int i = 0; i < plan.begin[workers]; i++) {
            const struct sparse_piece *piece = &plan.pieces[i];
            const int list = piece->head * sparse_blocks(m.p.q_len) + piece->row;
            const int32_t n = m.row_ptr[list + 1] - m.row_ptr[list];
            int32_t *cut = &cuts[n][piece->begin - m.row_ptr[list]];

            CHECK(*cut == 0 || *cut == piece->count);
            *cut = piece->count;
        }
        sparse_plan_free(&plan);
        drop(&m);
    }
}

/* A plan with a mistake in it is not taken for a good one. */
static void test_planted(void)
{
    struct sparse_plan plan;
    struct made m;
    struct rng r;
    struct err e = { 0 };
    struct sparse_piece *split = NULL, keep;

    rng_init(&r, 3, 0);
    make(&m, RAGGED, 4, 32, 12, &r);
    CHECK_EQ(sparse_plan_make(&plan, &m.p, 132, 1, false, &e), 0);
    CHECK(holds(&plan, &m.p));
    for (int i = 0; i < plan.begin[132]; i++)
        if (plan.pieces[i].slot >= 0)
            split = &plan.pieces[i];
    CHECK(split);
    if (!split)
        return;
    keep = *split;
    split->count--; /* a block that nobody computes */
    CHECK(!holds(&plan, &m.p));
    *split = keep;
    split->begin--; /* one computed twice, one not at all */
    CHECK(!holds(&plan, &m.p));
    *split = keep;
    split->slot = plan.slots - 1 - split->slot; /* added to another list */
    CHECK(plan.slots % 2 == 1 || !holds(&plan, &m.p));
    *split = keep;
    split->slot = -1; /* written over by who finishes the list */
    CHECK(!holds(&plan, &m.p));
    *split = keep;
    plan.longest += 4;
    CHECK(!balanced(&plan, &m.p, 1));
    sparse_plan_free(&plan);
    drop(&m);
}

static void test_edges(void)
{
    const int32_t none[1] = { 0 };
    struct sparse_pattern p = { .heads = 0, .row_ptr = none };
    struct sparse_plan plan;
    struct made m;
    struct rng r;
    struct err e = { 0 };

    for (int invariant = 0; invariant < 2; invariant++) {
        CHECK_EQ(sparse_plan_make(&plan, &p, 132, 1, invariant, &e), 0);
        CHECK(holds(&plan, &p));
        CHECK_EQ(plan.begin[132], 0);
        sparse_plan_free(&plan);
    }
    rng_init(&r, 4, 0);
    make(&m, UNIFORM, 2, 3, 1, &r); /* fewer blocks than workers */
    CHECK_EQ(sparse_plan_make(&plan, &m.p, 132, 1, false, &e), 0);
    CHECK(holds(&plan, &m.p));
    CHECK_EQ(plan.longest, 1);
    sparse_plan_free(&plan);
    sparse_plan_free(&plan);
    for (uint64_t n = 1; n < 20; n++) { /* each allocation that there is fails once */
        int rc;

        mem_fail_at(n);
        rc = sparse_plan_make(&plan, &m.p, 132, 1, true, &e);
        mem_fail_at(0);
        CHECK(rc == 0 || rc == ERR_NOMEM);
        sparse_plan_free(&plan);
    }
    drop(&m);
}

/* The best of many, since other programs run here too. */
static double seconds(const struct sparse_pattern *p, bool invariant, int times)
{
    double best = INFINITY;

    for (int i = 0; i < times; i++) {
        struct sparse_plan plan;
        struct err e = { 0 };
        uint64_t begin = clock_now_ns();

        CHECK_EQ(sparse_plan_make(&plan, p, 264, 2, invariant, &e), 0);
        best = fmin(best, 1e-9 * (double)(clock_now_ns() - begin));
        sparse_plan_free(&plan);
    }
    return best;
}

static void test_time(void)
{
    struct made few, many;
    struct rng r;
    double few_s, many_s;

    rng_init(&r, 5, 0);
    make(&few, RAGGED, 16, 32, 12, &r);
    make(&many, RAGGED, 8, 782, 320, &r);
    few_s = seconds(&few.p, false, 400);
    many_s = seconds(&many.p, false, 40);
    printf("%lld blocks: %.1f us (invariant: %.1f), %lld blocks: %.2f ms (%.2f)\n",
           (long long)sparse_count(&few.p), 1e6 * few_s, 1e6 * seconds(&few.p, true, 400),
           (long long)sparse_count(&many.p), 1e3 * many_s, 1e3 * seconds(&many.p, true, 10));
    CHECK(HEADROOM_INSTRUMENTED || few_s < 20e-6);
    CHECK(HEADROOM_INSTRUMENTED || many_s < 2e-3);
    drop(&few);
    drop(&many);
}

int main(void)
{
    test_properties();
    test_invariant();
    test_planted();
    test_edges();
    test_time();
    TEST_DONE();
}
