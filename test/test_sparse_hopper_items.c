/* What the Hopper kernel reads: the blocks of a plan, and the bit of each score, looked up. */
#include <stdbool.h>
#include <stdlib.h>

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/attention/sparse_hopper_items.h"
#include "test.h"

enum { COLS = 3, BLOCKS = 9, MASKS = 4 };

/* Block b is in column b % COLS, and row b / COLS. */
struct made {
    struct sparse_pattern p;
    int32_t row_ptr[BLOCKS / COLS + 1], col[BLOCKS], mask[BLOCKS];
    uint32_t masks[MASKS * SPARSE_MASK_WORDS];
};

static void make(struct made *m, int kv_len, bool masked)
{
    struct rng r;

    rng_init(&r, 7, 0);
    for (int i = 0; i <= BLOCKS / COLS; i++)
        m->row_ptr[i] = COLS * i;
    for (int b = 0; b < BLOCKS; b++) {
        m->col[b] = b % COLS;
        m->mask[b] = b % (MASKS + 1) - 1;
    }
    for (int i = 0; i < MASKS * SPARSE_MASK_WORDS; i++)
        m->masks[i] = (uint32_t)rng_u64(&r);
    m->p = (struct sparse_pattern){ .heads = 1,
                                    .q_len = BLOCKS / COLS * SPARSE_BLOCK,
                                    .kv_len = kv_len,
                                    .row_ptr = m->row_ptr,
                                    .col = m->col,
                                    .mask = masked ? m->mask : NULL,
                                    .masks = masked ? m->masks : NULL,
                                    .n_masks = masked ? MASKS : 0 };
}

static bool score_is(const struct made *m, int b, int row, int col)
{
    const int32_t of = m->p.mask ? m->mask[b] : -1;

    if (m->col[b] * SPARSE_BLOCK + col >= m->p.kv_len)
        return false;
    return of < 0 ||
           (m->masks[of * SPARSE_MASK_WORDS + row * SPARSE_MASK_ROW + col / 32] >> col % 32 & 1);
}

/* Bits of an item's mask that are wrong. */
static int wrong_bits(const struct made *m, const struct sparse_hopper_items *got,
                      const struct sparse_hopper_item *item)
{
    const int b = item->row * COLS + item->col;
    int n = 0;

    for (int i = 0; i < 256; i++)
        for (int s = 0; s < 64; s++) {
            const int row = 64 * (i / 128) + 16 * (i % 128 / 32) + i % 32 / 4 + 8 * (s / 2 % 2);
            const int col = 8 * (s / 4) + 2 * (i % 4) + s % 2;

            n += score_is(m, b, row, col) !=
                 (item->mask < 0 || (got->masks[item->mask * 256 + i] >> s & 1));
        }
    return n;
}

/* Items that are not what the plan says, one after the other, and bits that are wrong. */
static int wrong(const struct made *m, const struct sparse_plan *plan,
                 const struct sparse_hopper_items *got)
{
    int n = 0, at = 0;

    for (int w = 0; w < plan->workers; w++) {
        n += got->begin[w] != at;
        for (int i = plan->begin[w]; i < plan->begin[w + 1]; i++) {
            const struct sparse_piece *piece = &plan->pieces[i];

            for (int k = 0; k < piece->count; k++, at++) {
                const struct sparse_hopper_item *item = &got->items[at];
                const int flags = (k == 0 ? SPARSE_HOPPER_FIRST : 0) |
                                  (k == piece->count - 1 ? SPARSE_HOPPER_LAST : 0) |
                                  ((i - plan->begin[w]) % 2 ? SPARSE_HOPPER_ODD : 0) |
                                  (item->mask >= 0 ? SPARSE_HOPPER_MASKED : 0);

                n += item->head != piece->head || item->row != piece->row ||
                     item->slot != piece->slot || item->merge != piece->merge ||
                     item->merges != piece->merges || item->flags != flags ||
                     item->col != m->col[piece->begin + k] || item->mask >= got->n_masks;
                n += wrong_bits(m, got, item);
            }
        }
    }
    return n + (got->begin[plan->workers] != at);
}

static void test(const struct made *m)
{
    struct sparse_hopper_items got;
    struct sparse_plan plan;
    struct err e = { 0 };

    CHECK_EQ(sparse_plan_make(&plan, &m->p, 2, 1, false, &e), 0);
    CHECK_EQ(sparse_hopper_items_make(&got, &m->p, &plan, &e), 0);
    CHECK_EQ(wrong(m, &plan, &got), 0);
    got.items[3].flags ^= SPARSE_HOPPER_LAST; /* planted: it would be seen */
    CHECK(wrong(m, &plan, &got) > 0);
    got.items[3].flags ^= SPARSE_HOPPER_LAST;
    if (got.n_masks > 0) {
        got.masks[256 * got.n_masks - 200] ^= 1 << 9;
        CHECK(wrong(m, &plan, &got) > 0);
    }
    sparse_hopper_items_free(&got);
    for (uint64_t n = 1; n <= 5; n++) { /* each allocation that there is fails once */
        mem_fail_at(n);
        CHECK_EQ(sparse_hopper_items_make(&got, &m->p, &plan, &e), ERR_NOMEM);
        mem_fail_at(0);
    }
    sparse_plan_free(&plan);
}

int main(void)
{
    static const int lengths[] = { 0, 1, 63, 64, 65 }; /* in the last column; 0: it is whole */
    static struct made m;

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        for (int masked = 0; masked < 2; masked++) {
            make(&m, lengths[i] ? (COLS - 1) * SPARSE_BLOCK + lengths[i] : COLS * SPARSE_BLOCK,
                 masked);
            test(&m);
        }
    TEST_DONE();
}
