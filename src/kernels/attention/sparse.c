/* sparse.c - the lists of blocks: how many, and are they what they have to be? */
#include "kernels/attention/sparse.h"

int sparse_blocks(int len)
{
    return len / SPARSE_BLOCK + (len % SPARSE_BLOCK > 0);
}

int sparse_lists(const struct sparse_pattern *p)
{
    return p->heads * sparse_blocks(p->q_len);
}

int64_t sparse_count(const struct sparse_pattern *p)
{
    const int lists = sparse_lists(p);

    return lists > 0 ? (int64_t)p->row_ptr[lists] - p->row_ptr[0] : 0;
}

/* Blocks i - 1 (if it is of the same list) and i of a list. */
static int check_block(const struct sparse_pattern *p, int head, int row, int32_t i, bool first,
                       struct err *e)
{
    const int cols = sparse_blocks(p->kv_len);
    const int32_t col = p->col[i];

    if (col < 0 || col >= cols)
        return ERR(e, ERR_ARG, "head %d, block row %d: block column %d is not in 0 .. %d", head,
                   row, col, cols - 1);
    if (!first && col == p->col[i - 1])
        return ERR(e, ERR_ARG, "head %d, block row %d: block column %d is there twice", head, row,
                   col);
    if (!first && col < p->col[i - 1])
        return ERR(e, ERR_ARG,
                   "head %d, block row %d: block column %d comes after %d, expected ascending ones",
                   head, row, col, p->col[i - 1]);
    if (p->mask && (p->mask[i] < -1 || p->mask[i] >= p->n_masks))
        return ERR(e, ERR_ARG,
                   "head %d, block row %d: block column %d has mask %d, expected -1 .. %d", head,
                   row, col, p->mask[i], p->n_masks - 1);
    return 0;
}

static int check_shape(const struct sparse_pattern *p, struct err *e)
{
    if (p->heads < 0 || p->q_len < 0 || p->kv_len < 0 || p->n_masks < 0)
        return ERR(e, ERR_ARG, "%d heads, lengths %d and %d, %d masks: expected none below 0",
                   p->heads, p->q_len, p->kv_len, p->n_masks);
    if ((int64_t)p->heads * sparse_blocks(p->q_len) >= INT32_MAX)
        return ERR(e, ERR_ARG, "%d heads of %d block rows: expected fewer than %d lists in all",
                   p->heads, sparse_blocks(p->q_len), INT32_MAX);
    if (!p->row_ptr)
        return ERR(e, ERR_ARG, "row_ptr is NULL");
    if (p->mask && p->n_masks > 0 && !p->masks)
        return ERR(e, ERR_ARG, "%d masks, and masks is NULL", p->n_masks);
    return 0;
}

int sparse_check(const struct sparse_pattern *p, struct err *e)
{
    const int rows = sparse_blocks(p->q_len);
    int lists, rc = 0;

    TRY(check_shape(p, e));
    if (p->row_ptr[0] != 0)
        return ERR(e, ERR_ARG, "row_ptr begins with %d, expected 0", p->row_ptr[0]);
    lists = sparse_lists(p);
    for (int l = 0; l < lists; l++)
        if (p->row_ptr[l + 1] < p->row_ptr[l])
            return ERR(e, ERR_ARG, "head %d, block row %d: row_ptr falls from %d to %d", l / rows,
                       l % rows, p->row_ptr[l], p->row_ptr[l + 1]);
    if (p->row_ptr[lists] > 0 && !p->col)
        return ERR(e, ERR_ARG, "%d blocks, and col is NULL", p->row_ptr[lists]);
    for (int l = 0; l < lists; l++)
        for (int32_t i = p->row_ptr[l]; i < p->row_ptr[l + 1]; i++)
            TRY(check_block(p, l / rows, l % rows, i, i == p->row_ptr[l], e));
out:
    return rc;
}
