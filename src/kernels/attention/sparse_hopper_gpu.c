/* sparse_hopper_gpu.c - taking a pattern to the device for the variant "hopper", and its runs. */
#include "kernels/attention/sparse_hopper_gpu.h"

#if HAVE_SM90A
#include <cudaTypedefs.h>
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "gpu/gpu_try.h"
#include "kernels/attention/sparse_hopper.h"

enum { ITEMS, MASKS, EMPTY, SLOTS, READY, PARTS };

struct hopper {
    struct sparse_hopper_work work;
    bool bf16;
    int kv_len, heads;
    void *d[PARTS]; /* owned */
    PFN_cuTensorMapEncodeTiled_v12000 encode;
};

static int upload(struct hopper *h, int part, const void *from, size_t bytes, gpu_stream s,
                  struct err *e)
{
    int rc = 0;

    if (bytes == 0)
        return 0;
    TRY(gpu_alloc(&h->d[part], bytes, e));
    TRY(gpu_to_device(h->d[part], from, bytes, s, e));
out:
    return rc;
}

/* Part of the driver, which need not be there when the program is linked. */
static int find_encode(struct hopper *h, struct err *e)
{
    enum cudaDriverEntryPointQueryResult found = cudaDriverEntryPointSymbolNotFound;
    void *entry = NULL;
    int rc = 0;

    CUDA_TRY(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry, 12000,
                                              cudaEnableDefault, &found));
    if (found != cudaDriverEntryPointSuccess || !entry)
        return ERR(e, ERR_NOTSUP, "the driver has no cuTensorMapEncodeTiled");
    memcpy(&h->encode, &entry, sizeof(entry));
out:
    return rc;
}

/* What stays the same from run to run. */
static int take(struct hopper *h, const struct sparse_pattern *p, const struct sparse_plan *plan,
                const struct sparse_hopper_items *items, gpu_stream s, struct err *e)
{
    const size_t blocks = (size_t)sparse_count(p), slots = (size_t)plan->slots;
    const size_t flags = slots * SPARSE_HOPPER_WARPS * sizeof(unsigned);
    struct sparse_hopper_work *w = &h->work;
    int rc = 0;

    TRY(upload(h, ITEMS, items->items, blocks * sizeof(*items->items), s, e));
    TRY(upload(h, MASKS, items->masks, (size_t)items->n_masks * SPARSE_HOPPER_MASK, s, e));
    TRY(upload(h, EMPTY, plan->empty, (size_t)plan->n_empty * sizeof(*plan->empty), s, e));
    if (slots > 0) {
        TRY(gpu_alloc(&h->d[SLOTS], slots * SPARSE_HOPPER_SLOT * sizeof(float), e));
        TRY(gpu_alloc(&h->d[READY], flags, e));
        TRY(gpu_fill(h->d[READY], 0, flags, s, e));
        TRY(gpu_sync(s, e)); /* the first run may be on another stream */
    }
    *w = (struct sparse_hopper_work){ .items = h->d[ITEMS],
                                      .masks = h->d[MASKS],
                                      .empty = h->d[EMPTY],
                                      .slots = h->d[SLOTS],
                                      .ready = h->d[READY],
                                      .n_empty = plan->n_empty,
                                      .q_len = p->q_len,
                                      .rows = sparse_blocks(p->q_len),
                                      .workers = plan->workers };
    memcpy(w->begin, items->begin, ((size_t)plan->workers + 1) * sizeof(*items->begin));
out:
    return rc;
}

static int workers_here(int *out, struct err *e)
{
    int device, rc = 0;

    CUDA_TRY(cudaGetDevice(&device));
    CUDA_TRY(cudaDeviceGetAttribute(out, cudaDevAttrMultiProcessorCount, device));
    *out *= SPARSE_HOPPER_PAIRS;
    if (*out > SPARSE_HOPPER_WORKERS)
        *out = SPARSE_HOPPER_WORKERS;
out:
    return rc;
}

int sparse_hopper_open(void **self, const struct sparse_pattern *p,
                       const struct sparse_gpu_want *want, gpu_stream s, struct err *e)
{
    struct hopper *h = NULL;
    struct sparse_plan plan = { 0 };
    struct sparse_hopper_items items = { 0 };
    int workers, rc = 0;

    *self = NULL;
    if (want->dim != SPARSE_HOPPER_DIM)
        return ERR(e, ERR_NOTSUP, "dim %d: this variant has %d", want->dim, SPARSE_HOPPER_DIM);
    h = mem_calloc(1, sizeof(*h));
    if (!h)
        return ERR(e, ERR_NOMEM, "no memory for a pattern");
    h->bf16 = want->dtype == DTYPE_BF16;
    h->heads = p->heads;
    h->kv_len = p->kv_len;
    TRY(find_encode(h, e));
    TRY(workers_here(&workers, e));
    TRY(sparse_hopper_ready(h->bf16, e));
    TRY(sparse_plan_make(&plan, p, workers, SPARSE_HOPPER_PAIRS, want->invariant, e));
    TRY(sparse_hopper_items_make(&items, p, &plan, e));
    TRY(take(h, p, &plan, &items, s, e));
    *self = h;
out:
    sparse_plan_free(&plan);
    sparse_hopper_items_free(&items);
    if (rc < 0)
        sparse_hopper_close(h);
    return rc;
}

/* Boxes of a block of positions and 128 bytes of them, swizzled; behind `len` they read as zero. */
static int encode(const struct hopper *h, CUtensorMap *map, const void *at, int len, struct err *e)
{
    const cuuint64_t size[] = { SPARSE_HOPPER_DIM, (cuuint64_t)len, (cuuint64_t)h->heads };
    const cuuint64_t stride[] = { 2 * size[0], 2 * size[0] * size[1] };
    const cuuint32_t box[] = { 64, SPARSE_BLOCK, 1 }, step[] = { 1, 1, 1 };
    CUresult rc;

    rc =
        h->encode(map, h->bf16 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_FLOAT16,
                  3, (void *)(uintptr_t)at, size, stride, box, step, CU_TENSOR_MAP_INTERLEAVE_NONE,
                  CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                  CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    return rc ? ERR(e, ERR_CUDA, "cuTensorMapEncodeTiled: error %d", (int)rc) : 0;
}

int sparse_hopper_run(void *self, const struct sparse_args *a, gpu_stream s, struct err *e)
{
    const struct hopper *h = self;
    /* A scale of 0 would make NaN of what a mask leaves out. */
    const float scale = fmaxf(a->scale * 1.44269504f, 1e-30f);
    struct sparse_hopper_args to = {
        .work = h->work, .o = a->o, .lse = a->lse, .scale_log2 = scale, .margin = 8 / scale
    };
    int rc = 0;

    if (!(a->scale >= 0))
        return ERR(e, ERR_NOTSUP, "scale %g: this variant needs one that is not below 0",
                   (double)a->scale);
    if (h->work.rows == 0 || h->heads == 0)
        return 0;
    if (h->work.items) { /* else K and V need not be there */
        TRY(encode(h, &to.q, a->q, h->work.q_len, e));
        TRY(encode(h, &to.k, a->k, h->kv_len, e));
        TRY(encode(h, &to.v, a->v, h->kv_len, e));
    }
    TRY(sparse_hopper(&to, h->bf16, s, e));
out:
    return rc;
}

void sparse_hopper_close(void *self)
{
    struct hopper *h = self;

    for (int i = 0; h && i < PARTS; i++)
        gpu_free(h->d[i]);
    mem_free(h);
}
#endif
