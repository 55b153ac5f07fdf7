/* sparse_device_gpu.c - taking a pattern to the device. */
#include "kernels/attention/sparse_device.h"

#include <string.h>

#include "core/mem.h"
#include "gpu/gpu_try.h"

/* Beyond so many lists their own order fills the GPU, and keeps neighbours, which share K and V,
 * together. */
enum { SORTED_LISTS = 4096, ALIGNMENT = 16 };

/* Parts of one allocation, host and device alike. */
struct parts {
    size_t row_ptr, col, mask, row, order, masks, bytes;
};

static size_t part(size_t *at, size_t bytes)
{
    const size_t here = *at;

    *at += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return here;
}

static struct parts parts_of(const struct sparse_pattern *p)
{
    const size_t lists = (size_t)sparse_lists(p), blocks = (size_t)sparse_count(p);
    const size_t mask_bytes = SPARSE_MASK_WORDS * sizeof(uint32_t);
    struct parts at;

    at.bytes = 0;
    at.masks = part(&at.bytes, p->mask ? (size_t)p->n_masks * mask_bytes : 0);
    at.row_ptr = part(&at.bytes, (lists + 1) * sizeof(int32_t));
    at.order = part(&at.bytes, lists * sizeof(int32_t));
    at.col = part(&at.bytes, blocks * sizeof(int32_t));
    at.row = part(&at.bytes, blocks * sizeof(int32_t));
    at.mask = part(&at.bytes, p->mask ? blocks * sizeof(int32_t) : 0);
    return at;
}

static int longest(const struct sparse_pattern *p, int lists)
{
    int most = 0;

    for (int l = 0; l < lists; l++)
        if (p->row_ptr[l + 1] - p->row_ptr[l] > most)
            most = p->row_ptr[l + 1] - p->row_ptr[l];
    return most;
}

/* The longest first, so that none begins when the others end (Graham 1969); equal ones in their own
 * order. */
static int sort_lists(const struct sparse_pattern *p, int lists, int32_t *order, struct err *e)
{
    const int most = longest(p, lists);
    int32_t *first;

    if (lists > SORTED_LISTS) {
        for (int l = 0; l < lists; l++)
            order[l] = l;
        return 0;
    }
    first = mem_calloc((size_t)most + 2, sizeof(*first));
    if (!first)
        return ERR(e, ERR_NOMEM, "no memory to sort %d lists", lists);
    for (int l = 0; l < lists; l++)
        first[most - (p->row_ptr[l + 1] - p->row_ptr[l]) + 1]++;
    for (int i = 1; i <= most; i++)
        first[i] += first[i - 1];
    for (int l = 0; l < lists; l++)
        order[first[most - (p->row_ptr[l + 1] - p->row_ptr[l])]++] = l;
    mem_free(first);
    return 0;
}

static int fill(char *to, const struct parts *at, const struct sparse_pattern *p, int lists,
                struct err *e)
{
    const size_t blocks = (size_t)sparse_count(p);
    int32_t *row = (int32_t *)(void *)(to + at->row);

    if (p->mask && p->n_masks > 0)
        memcpy(to + at->masks, p->masks, (size_t)p->n_masks * SPARSE_MASK_WORDS * sizeof(uint32_t));
    memcpy(to + at->row_ptr, p->row_ptr, ((size_t)lists + 1) * sizeof(int32_t));
    if (blocks > 0)
        memcpy(to + at->col, p->col, blocks * sizeof(int32_t));
    if (blocks > 0 && p->mask)
        memcpy(to + at->mask, p->mask, blocks * sizeof(int32_t));
    for (int l = 0; l < lists; l++)
        for (int32_t b = p->row_ptr[l]; b < p->row_ptr[l + 1]; b++)
            row[b] = l;
    return sort_lists(p, lists, (int32_t *)(void *)(to + at->order), e);
}

int sparse_device_here(struct gpu_properties *gpu, const struct sparse_gpu_want *want,
                       struct err *e)
{
    int device, rc = 0;

    if (want->dim != 64 && want->dim != 128)
        return ERR(e, ERR_NOTSUP, "no code for a head dimension of %d, only 64 and 128", want->dim);
    if (want->dtype != DTYPE_F16 && want->dtype != DTYPE_BF16)
        return ERR(e, ERR_NOTSUP, "no code for %s, only F16 and BF16", dtype_names[want->dtype]);
    CUDA_TRY(cudaGetDevice(&device));
    TRY(gpu_properties(device, gpu, e));
    if (want->dtype == DTYPE_BF16 && !(HAVE_SM80 && gpu->capability >= 80))
        rc = ERR(e, ERR_NOTSUP,
                 "BF16 needs compute capability 8.0 and a build for it; this is %d.%d",
                 gpu->capability / 10, gpu->capability % 10);
out:
    return rc;
}

int sparse_device_args(const struct sparse_gpu_want *want, const struct sparse_args *a,
                       struct err *e)
{
    if (a->dtype != want->dtype || a->dim != want->dim)
        return ERR(e, ERR_ARG, "a call of %s and dimension %d, opened for %s and %d",
                   dtype_names[a->dtype], a->dim, dtype_names[want->dtype], want->dim);
    if (!(a->scale > 0)) /* maxima are taken before scaling */
        return ERR(e, ERR_ARG, "scale %g is not above 0", (double)a->scale);
    return 0;
}

int sparse_device_open(struct sparse_device *d, const struct sparse_pattern *p, gpu_stream s,
                       struct err *e)
{
    const struct parts at = parts_of(p);
    char *host = mem_calloc(at.bytes, 1), *to;
    int rc = 0;

    *d = (struct sparse_device){ .heads = p->heads, .q_len = p->q_len, .kv_len = p->kv_len };
    d->lists = sparse_lists(p);
    d->rows = sparse_blocks(p->q_len);
    d->blocks = sparse_count(p);
    if (!host)
        return ERR(e, ERR_NOMEM, "no memory for the lists of %lld blocks", (long long)d->blocks);
    TRY(fill(host, &at, p, d->lists, e));
    TRY(gpu_alloc(&d->memory, at.bytes, e));
    TRY(gpu_to_device(d->memory, host, at.bytes, s, e));
    to = d->memory;
    d->row_ptr = (const int32_t *)(void *)(to + at.row_ptr);
    d->col = (const int32_t *)(void *)(to + at.col);
    d->row = (const int32_t *)(void *)(to + at.row);
    d->mask = p->mask ? (const int32_t *)(void *)(to + at.mask) : NULL;
    d->order = (const int32_t *)(void *)(to + at.order);
    d->masks = (const uint32_t *)(void *)(to + at.masks);
out:
    mem_free(host);
    if (rc < 0)
        sparse_device_close(d);
    return rc;
}

void sparse_device_close(struct sparse_device *d)
{
    gpu_free(d->memory);
    *d = (struct sparse_device){ 0 };
}
