/* ternary_matrix_gpu.c - one matrix on a GPU, and the table of its variants. */
#include "core/mem.h"
#include "kernels/ternary/ternary_gpu.h"
#include "kernels/ternary/ternary_tiles.h"

static const struct ternary_gpu_variant table[] = {
    { { "dp4a", 75, 0 }, true, ternary_product_ready },
#if HAVE_SM80
    { { "mma", 80, 0 }, false, ternary_product_mma },
#endif
};

const struct ternary_gpu_variant *ternary_gpu_variants(int *n)
{
    *n = (int)(sizeof(table) / sizeof(table[0]));
    return table;
}

static int buffer(struct ternary_gpu *t, size_t bytes, void **out, struct err *e)
{
    int rc = gpu_alloc(out, bytes, e);

    if (rc == 0)
        t->owned[t->n_owned++] = *out;
    return rc;
}

int ternary_gpu_open(struct ternary_gpu *t, const struct ternary *m, size_t tokens, const float *g,
                     float eps, gpu_stream s, struct err *e)
{
    size_t rows = m->w.rows, cols = m->w.cols, bytes = ternary_tiles_bytes(rows, cols);
    void *tiles = NULL, *x = NULL, *norm = NULL, *y = NULL, *q = NULL, *d = NULL, *total = NULL;
    void *host = mem_calloc(bytes, 1);
    int rc = 0;

    *t = (struct ternary_gpu){ .n_owned = 0 };
    if (!host) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu x %zu weights in tiles", rows, cols);
        goto out;
    }
    ternary_tiles_pack(m, host);
    TRY(buffer(t, bytes, &tiles, e));
    TRY(gpu_to_device(tiles, host, bytes, s, e));
    TRY(buffer(t, tokens * cols * sizeof(float), &x, e));
    TRY(buffer(t, cols * sizeof(float), &norm, e));
    TRY(buffer(t, tokens * rows * sizeof(float), &y, e));
    TRY(buffer(t, tokens * cols, &q, e));
    TRY(buffer(t, tokens * sizeof(float), &d, e));
    TRY(buffer(t, tokens * sizeof(int32_t), &total, e));
    if (g)
        TRY(gpu_to_device(norm, g, cols * sizeof(float), s, e));
    t->p = (struct ternary_product){ .tiles = tiles,
                                     .rows = rows,
                                     .cols = cols,
                                     .tokens = tokens,
                                     .x = x,
                                     .g = g ? norm : NULL,
                                     .eps = eps,
                                     .y = y,
                                     .q = q,
                                     .d = d,
                                     .total = total };
out:
    mem_free(host);
    if (rc < 0)
        ternary_gpu_close(t);
    return rc;
}

void ternary_gpu_close(struct ternary_gpu *t)
{
    for (int i = 0; i < t->n_owned; i++)
        gpu_free(t->owned[i]);
    *t = (struct ternary_gpu){ .n_owned = 0 };
}

int ternary_gpu_run(const struct ternary_gpu *t, const struct ternary_gpu_variant *v,
                    enum ternary_gpu_norm norm, gpu_stream s, struct err *e)
{
    int rc = 0;

    if (norm == TERNARY_GPU_FUSED)
        return ternary_product_fused(&t->p, s, e);
    if (norm == TERNARY_GPU_APART)
        TRY(ternary_product_quantize(&t->p, s, e));
    TRY(v->product(&t->p, s, e));
out:
    return rc;
}
