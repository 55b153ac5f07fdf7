#include "kernels/attention/sparse_hopper_items.h"

#include "core/mem.h"

enum {
    GROUPS = 2,    /* warpgroups, of 64 rows */
    THREADS = 128, /* of a warpgroup */
    LANES = GROUPS * THREADS,
    HALVES = SPARSE_BLOCK / 64
};

/* Columns `half` * 64 and on of a row. */
static uint64_t columns(const uint32_t *row, int half)
{
    return row[2 * half] | (uint64_t)row[2 * half + 1] << 32;
}

/* The low four bits of each byte, together. */
static uint32_t nibbles(uint64_t x)
{
    x = (x | x >> 4) & 0x00ff00ff00ff00ff;
    x = (x | x >> 8) & 0x0000ffff0000ffff;
    return (uint32_t)(x | x >> 16);
}

/* A mask (NULL: every score) whose columns from `end` on are not there. */
static void to_lanes(uint64_t lanes[LANES], const uint32_t *mask, int end)
{
    const uint64_t pair = 0x0303030303030303;
    uint64_t open[HALVES];

    for (int half = 0; half < HALVES; half++) {
        int n = end - 64 * half;

        open[half] = n >= 64 ? ~(uint64_t)0 : n > 0 ? ((uint64_t)1 << n) - 1 : 0;
    }
    for (int i = 0; i < LANES; i++) {
        const int row = 64 * (i / THREADS) + 16 * (i % THREADS / 32) + i % 32 / 4, t = i % 4;
        const uint32_t *first = mask ? mask + row * SPARSE_MASK_ROW : NULL;
        const uint32_t *second = mask ? first + 8 * SPARSE_MASK_ROW : NULL;

        lanes[i] = 0;
        for (int half = 0; half < HALVES; half++) {
            uint64_t a = open[half] & (mask ? columns(first, half) : ~(uint64_t)0);
            uint64_t b = open[half] & (mask ? columns(second, half) : ~(uint64_t)0);

            a = a >> 2 * t & pair;
            b = b >> 2 * t & pair;
            lanes[i] |= (uint64_t)nibbles(a | b << 2) << 32 * half;
        }
    }
}

/* The mask of each block.  Blocks of the last column, where it is cut short, get masks of their own
 * behind the others: one for the blocks without a mask, and one for each mask that is used there.
 * cut[m + 1] is that of mask m and one more, or 0; gives back how many there are in all. */
static int cut_short(const struct sparse_pattern *p, int32_t *mask, int32_t *cut)
{
    const int64_t blocks = sparse_count(p);
    const int last = sparse_blocks(p->kv_len) - 1;
    int n = p->mask ? p->n_masks : 0;

    for (int64_t b = 0; b < blocks; b++) {
        const int32_t m = p->mask ? p->mask[b] : -1;

        mask[b] = m;
        if (p->col[b] != last || p->kv_len % SPARSE_BLOCK == 0)
            continue;
        if (!cut[m + 1])
            cut[m + 1] = ++n;
        mask[b] = cut[m + 1] - 1;
    }
    return n;
}

/* mask[b]: that of block b. */
static int make_masks(struct sparse_hopper_items *out, const struct sparse_pattern *p,
                      int32_t *mask, struct err *e)
{
    const int given = p->mask ? p->n_masks : 0;
    int32_t *cut = mem_calloc((size_t)given + 1, sizeof(*cut));
    int rc = 0;

    if (cut) {
        out->n_masks = cut_short(p, mask, cut);
        out->masks = mem_calloc((size_t)out->n_masks, LANES * sizeof(*out->masks));
    }
    if (!out->masks) {
        rc = ERR(e, ERR_NOMEM, "no memory for %d masks", out->n_masks);
        goto out;
    }
    for (int m = 0; m < given; m++)
        to_lanes(out->masks + (size_t)m * LANES, p->masks + (size_t)m * SPARSE_MASK_WORDS,
                 SPARSE_BLOCK);
    for (int m = -1; m < given; m++)
        if (cut[m + 1])
            to_lanes(out->masks + (size_t)(cut[m + 1] - 1) * LANES,
                     m < 0 ? NULL : p->masks + (size_t)m * SPARSE_MASK_WORDS,
                     p->kv_len % SPARSE_BLOCK);
out:
    mem_free(cut);
    return rc;
}

/* Number n of its worker. */
static void put_piece(struct sparse_hopper_item *to, const struct sparse_piece *piece, int n,
                      const int32_t *col, const int32_t *mask)
{
    for (int k = 0; k < piece->count; k++) {
        const int32_t b = piece->begin + k;

        to[k] = (struct sparse_hopper_item){
            .head = piece->head,
            .row = piece->row,
            .col = col[b],
            .flags = (k == 0 ? SPARSE_HOPPER_FIRST : 0) |
                     (k == piece->count - 1 ? SPARSE_HOPPER_LAST : 0) |
                     (n % 2 ? SPARSE_HOPPER_ODD : 0) | (mask[b] >= 0 ? SPARSE_HOPPER_MASKED : 0),
            .slot = piece->slot,
            .merge = piece->merge,
            .merges = piece->merges,
            .mask = mask[b],
        };
    }
}

int sparse_hopper_items_make(struct sparse_hopper_items *out, const struct sparse_pattern *p,
                             const struct sparse_plan *plan, struct err *e)
{
    const size_t blocks = (size_t)sparse_count(p);
    int32_t *mask = mem_calloc(blocks, sizeof(*mask));
    int32_t n = 0;
    int rc = 0;

    *out = (struct sparse_hopper_items){ 0 };
    out->items = mem_calloc(blocks, sizeof(*out->items));
    out->begin = mem_calloc((size_t)plan->workers + 1, sizeof(*out->begin));
    if (!mask || !out->items || !out->begin) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu blocks", blocks);
        goto out;
    }
    TRY(make_masks(out, p, mask, e));
    for (int w = 0; w < plan->workers; w++) {
        for (int i = plan->begin[w]; i < plan->begin[w + 1]; i++) {
            put_piece(out->items + n, &plan->pieces[i], i - plan->begin[w], p->col, mask);
            n += plan->pieces[i].count;
        }
        out->begin[w + 1] = n;
    }
out:
    mem_free(mask);
    if (rc < 0)
        sparse_hopper_items_free(out);
    return rc;
}

void sparse_hopper_items_free(struct sparse_hopper_items *l)
{
    mem_free(l->items);
    mem_free(l->begin);
    mem_free(l->masks);
    *l = (struct sparse_hopper_items){ 0 };
}
