/* sparse_contacts.c - which atoms are near each other, by cells as wide as the cutoff.
 *
 * Invariants: 1. atoms lie sorted by cell, and a hash leads from a cell to its first atom; 2. what
 * an atom sees is in its own cell and the 26 around; 3. of a block row in the making, slot[col] is
 * where its mask is, or -1, and `touched` lists those that are not. */
#include "kernels/attention/sparse_contacts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

/* Atoms in a cell at most: two in a cubic angstrom, and some. */
static int crowd(double cutoff)
{
    return (int)(2 * cutoff * cutoff * cutoff) + 64;
}

struct seat {
    uint64_t cell;
    int32_t atom;
    float at[3];
};

struct cells {
    struct seat *seat; /* owned, as the others; n of them and one behind */
    int n;
    int32_t *first;   /* of a bucket: the first seat of a cell, or -1 */
    uint64_t buckets; /* a power of two */
    double low[3], width;
};

enum { CELL_BITS = 21 };

static uint64_t cell_number(const int64_t place[3])
{
    return (uint64_t)place[2] << 2 * CELL_BITS | (uint64_t)place[1] << CELL_BITS |
           (uint64_t)place[0];
}

/* One more than its number from the lowest, so that neighbours are never below 0. */
static void cell_of(const struct cells *c, const float at[3], int64_t place[3])
{
    for (int d = 0; d < 3; d++)
        place[d] = (int64_t)(((double)at[d] - c->low[d]) / c->width) + 1;
}

static uint64_t bucket_of(const struct cells *c, uint64_t cell)
{
    return (cell * 0x9e3779b97f4a7c15u >> 32) & (c->buckets - 1);
}

/* The first seat of a cell, or n. */
static int find_cell(const struct cells *c, uint64_t cell)
{
    for (uint64_t b = bucket_of(c, cell);; b = (b + 1) & (c->buckets - 1)) {
        const int32_t seat = c->first[b];

        if (seat < 0)
            return c->n;
        if (c->seat[seat].cell == cell)
            return seat;
    }
}

static int compare_seats(const void *a, const void *b)
{
    const struct seat *x = a, *y = b;

    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    return (x->atom > y->atom) - (x->atom < y->atom);
}

static void cells_release(struct cells *c)
{
    mem_free(c->seat);
    mem_free(c->first);
}

/* Enter the cells' first seats; ERR_ARG names a crowd. */
static int enter_cells(struct cells *c, int most, struct err *e)
{
    int begin = 0;

    for (int i = 0; i < c->n; i++) {
        uint64_t b = bucket_of(c, c->seat[i].cell);

        if (i > 0 && c->seat[i].cell == c->seat[i - 1].cell) {
            if (i - begin < most)
                continue;
            return ERR(e, ERR_ARG,
                       "more than %d atoms in a cube of %.3g angstroms, where atoms have room for "
                       "half as many: are these coordinates?",
                       most, c->width);
        }
        begin = i;
        while (c->first[b] >= 0)
            b = (b + 1) & (c->buckets - 1);
        c->first[b] = i;
    }
    return 0;
}

static int cells_make(struct cells *c, const struct atoms *a, double cutoff, struct err *e)
{
    *c = (struct cells){ .n = a->n, .width = cutoff, .buckets = 64 };
    while (c->buckets < 2 * (uint64_t)a->n)
        c->buckets *= 2;
    c->seat = mem_calloc((size_t)a->n + 1, sizeof(*c->seat));
    c->first = mem_calloc(c->buckets, sizeof(*c->first));
    if (!c->seat || !c->first)
        return ERR(e, ERR_NOMEM, "no memory for the cells of %d atoms", a->n);
    memset(c->first, 0xff, c->buckets * sizeof(*c->first));
    for (int d = 0; d < 3; d++) {
        c->low[d] = INFINITY;
        for (int i = 0; i < a->n; i++)
            c->low[d] = fmin(c->low[d], (double)a->atom[i].at[d]);
    }
    for (int i = 0; i < a->n; i++) {
        struct seat *s = &c->seat[i];
        int64_t place[3];

        cell_of(c, a->atom[i].at, place);
        s->cell = cell_number(place);
        s->atom = i;
        memcpy(s->at, a->atom[i].at, sizeof(s->at));
    }
    qsort(c->seat, (size_t)c->n, sizeof(*c->seat), compare_seats);
    c->seat[c->n].cell = UINT64_MAX;
    return enter_cells(c, crowd(cutoff), e);
}

/* ---- a block row */

struct row {
    int32_t *slot;    /* owned, as the others: [block columns] */
    int32_t *touched; /* [block columns] */
    uint32_t *masks;  /* [room] of them, by slot */
    int n, room;
};

static void row_release(struct row *r)
{
    mem_free(r->slot);
    mem_free(r->touched);
    mem_free(r->masks);
}

/* The mask of block column col, zero if it is new; NULL without memory. */
static uint32_t *row_mask(struct row *r, int32_t col)
{
    uint32_t *mask;

    if (r->slot[col] >= 0)
        return r->masks + (size_t)r->slot[col] * SPARSE_MASK_WORDS;
    if (r->n == r->room) {
        const int room = 2 * r->room + 64;

        mask = mem_realloc(r->masks, (size_t)room * SPARSE_MASK_WORDS, sizeof(*r->masks));
        if (!mask)
            return NULL;
        r->masks = mask;
        r->room = room;
    }
    r->touched[r->n] = col;
    r->slot[col] = r->n;
    mask = r->masks + (size_t)r->n++ * SPARSE_MASK_WORDS;
    memset(mask, 0, SPARSE_MASK_WORDS * sizeof(*mask));
    return mask;
}

/* Set the bits of what atom i of the block row sees in one cell. */
static int see_cell(struct row *r, const struct cells *c, int i, const float at[3], uint64_t cell,
                    float near, struct err *e)
{
    for (int s = find_cell(c, cell); s < c->n && c->seat[s].cell == cell; s++) {
        const struct seat *x = &c->seat[s];
        const float dx = x->at[0] - at[0], dy = x->at[1] - at[1], dz = x->at[2] - at[2];
        const int j = x->atom % SPARSE_BLOCK;
        uint32_t *mask;

        if (!(dx * dx + dy * dy + dz * dz <= near))
            continue;
        mask = row_mask(r, x->atom / SPARSE_BLOCK);
        if (!mask)
            return ERR(e, ERR_NOMEM, "no memory for the masks of a block row");
        mask[i * SPARSE_MASK_ROW + j / 32] |= 1u << j % 32;
    }
    return 0;
}

static int see_around(struct row *r, const struct cells *c, int i, const float at[3], float near,
                      struct err *e)
{
    int64_t place[3];
    int rc = 0;

    cell_of(c, at, place);
    for (int n = 0; n < 27; n++) {
        const int64_t beside[3] = { place[0] + n % 3 - 1, place[1] + n / 3 % 3 - 1,
                                    place[2] + n / 9 - 1 };

        TRY(see_cell(r, c, i, at, cell_number(beside), near, e));
    }
out:
    return rc;
}

static int compare_columns(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static bool all_ones(const uint32_t *mask)
{
    for (int i = 0; i < SPARSE_MASK_WORDS; i++)
        if (mask[i] != UINT32_MAX)
            return false;
    return true;
}

/* What the row has touched becomes a list, and it is empty again. */
static int row_end(struct row *r, struct sparse_lists *l, struct err *e)
{
    int rc = 0;

    qsort(r->touched, (size_t)r->n, sizeof(*r->touched), compare_columns);
    for (int i = 0; i < r->n; i++) {
        const int32_t col = r->touched[i];
        const uint32_t *mask = r->masks + (size_t)r->slot[col] * SPARSE_MASK_WORDS;

        TRY(sparse_lists_add(l, col, all_ones(mask) ? NULL : mask, e));
        r->slot[col] = -1;
    }
    r->n = 0;
    TRY(sparse_lists_end(l, e));
out:
    return rc;
}

int sparse_contacts(struct sparse_lists *l, const struct atoms *a, double cutoff, struct err *e)
{
    const size_t cols = (size_t)sparse_blocks(a->n);
    const float near = (float)(cutoff * cutoff);
    struct cells c = { 0 };
    struct row r = { 0 };
    int rc = 0;

    TRY(cells_make(&c, a, cutoff, e));
    r.slot = mem_calloc(cols, sizeof(*r.slot));
    r.touched = mem_calloc(cols, sizeof(*r.touched));
    if (!r.slot || !r.touched) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu block columns", cols);
        goto out;
    }
    memset(r.slot, 0xff, cols * sizeof(*r.slot));
    for (int i = 0; i < a->n; i++) {
        TRY(see_around(&r, &c, i % SPARSE_BLOCK, a->atom[i].at, near, e));
        if (i % SPARSE_BLOCK == SPARSE_BLOCK - 1 || i == a->n - 1)
            TRY(row_end(&r, l, e));
    }
out:
    cells_release(&c);
    row_release(&r);
    return rc;
}
