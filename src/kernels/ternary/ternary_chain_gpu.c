/* ternary_chain_gpu.c - a chain on a GPU, and the table of its variants. */
#include <math.h>
#include <stdio.h>

#include "core/mem.h"
#include "kernels/ternary/ternary_gpu.h"
#include "kernels/ternary/ternary_tiles.h"

/* Code for older generations does not wait for the grid before it: then grids begin in turn. */
static int run_graph(const struct ternary_chain_gpu *t, gpu_stream s, struct err *e)
{
    return ternary_chain_phases(&t->shape, &t->a, HAVE_SM90 && t->capability >= 90, s, e);
}

static bool any(const struct ternary_shape *s)
{
    return s->ff <= TERNARY_GPU_COLS_MAX;
}

#if HAVE_SM90
static int run_persistent(const struct ternary_chain_gpu *t, gpu_stream s, struct err *e)
{
    return ternary_chain_persistent(&t->shape, &t->a, false, s, e);
}

static int run_cluster(const struct ternary_chain_gpu *t, gpu_stream s, struct err *e)
{
    return ternary_chain_persistent(&t->shape, &t->a, true, s, e);
}

static bool in_grid(const struct ternary_shape *s)
{
    return ternary_chain_persistent_has(s, false);
}

static bool in_cluster(const struct ternary_shape *s)
{
    return ternary_chain_persistent_has(s, true);
}
#endif

static const struct ternary_chain_variant table[] = {
#if HAVE_SM90
    { { "cluster", 90, 9 }, false, in_cluster, run_cluster },
    { { "persistent", 90, 9 }, true, in_grid, run_persistent },
#endif
    { { "graph", 75, 0 }, false, any, run_graph },
};

const struct ternary_chain_variant *ternary_chain_variants(int *n)
{
    *n = (int)(sizeof(table) / sizeof(table[0]));
    return table;
}

static int buffer(struct ternary_chain_gpu *t, size_t bytes, void **out, gpu_stream s,
                  struct err *e)
{
    int rc = gpu_alloc(out, bytes, e);

    if (rc < 0)
        return rc;
    t->owned[t->n_owned++] = *out;
    return gpu_fill(*out, 0, bytes, s, e);
}

static size_t qkv_values(const struct ternary_shape *s)
{
    return (size_t)s->layers * ternary_shape_rows(s, TERNARY_QKV);
}

/* The matrices in the order in which they are used, a layer at a time. */
static int upload(const struct ternary_chain *c, uint8_t *tiles, size_t layer, gpu_stream s,
                  struct err *e)
{
    uint8_t *host = mem_calloc(layer, 1);
    int rc = 0;

    if (!host)
        return ERR(e, ERR_NOMEM, "no memory for a layer of %zu bytes", layer);
    for (int l = 0; l < c->shape.layers; l++) {
        size_t at = 0;

        for (int p = 0; p < TERNARY_PHASES; p++) {
            const struct ternary *m = &c->m[l][p];

            ternary_tiles_pack(m, host + at);
            at += ternary_tiles_bytes(m->w.rows, m->w.cols);
        }
        TRY(gpu_to_device(tiles + (size_t)l * layer, host, layer, s, e));
    }
out:
    mem_free(host);
    return rc;
}

int ternary_chain_gpu_open(struct ternary_chain_gpu *t, const struct ternary_chain *c,
                           const float *x, int capability, gpu_stream s, struct err *e)
{
    const struct ternary_shape *shape = &c->shape;
    size_t dim = (size_t)shape->dim * sizeof(float), layers = (size_t)shape->layers, layer = 0;
    void *tiles, *g, *in, *out, *qkv, *h, *mid, *mail, *words;
    int rc = 0;

    *t = (struct ternary_chain_gpu){ .shape = *shape, .capability = capability };
    for (int p = 0; p < TERNARY_PHASES; p++)
        layer += ternary_tiles_bytes(ternary_shape_rows(shape, (enum ternary_phase)p),
                                     ternary_shape_cols(shape, (enum ternary_phase)p));
    TRY(buffer(t, layers * layer, &tiles, s, e));
    TRY(buffer(t, layers * 2 * dim, &g, s, e));
    TRY(buffer(t, dim, &in, s, e));
    TRY(buffer(t, dim, &out, s, e));
    TRY(buffer(t, qkv_values(shape) * sizeof(float), &qkv, s, e));
    TRY(buffer(t, (size_t)shape->ff * sizeof(float), &h, s, e));
    TRY(buffer(t, dim, &mid, s, e));
    TRY(buffer(t, ternary_chain_mail(shape) * sizeof(uint64_t), &mail, s, e));
    TRY(buffer(t, 2 * sizeof(unsigned), &words, s, e));
    TRY(upload(c, tiles, layer, s, e));
    TRY(gpu_to_device(g, c->g, layers * 2 * dim, s, e));
    TRY(gpu_to_device(in, x, dim, s, e));
    t->a = (struct ternary_chain_args){ .tiles = tiles,
                                        .g = g,
                                        .x_in = in,
                                        .x_out = out,
                                        .qkv = qkv,
                                        .h = h,
                                        .x_mid = mid,
                                        .mail = mail,
                                        .epoch = words,
                                        .late = (unsigned *)words + 1,
                                        .eps = c->eps,
                                        .layers = shape->layers };
out:
    if (rc < 0)
        ternary_chain_gpu_close(t);
    return rc;
}

void ternary_chain_gpu_close(struct ternary_chain_gpu *t)
{
    for (int i = 0; i < t->n_owned; i++)
        gpu_free(t->owned[i]);
    *t = (struct ternary_chain_gpu){ .n_owned = 0 };
}

int ternary_chain_gpu_result(const struct ternary_chain_gpu *t, float *x, float *qkv, gpu_stream s,
                             struct err *e)
{
    unsigned late = 0;
    int rc = 0;

    TRY(gpu_to_host(x, t->a.x_out, (size_t)t->shape.dim * sizeof(*x), s, e));
    TRY(gpu_to_host(qkv, t->a.qkv, qkv_values(&t->shape) * sizeof(*qkv), s, e));
    TRY(gpu_to_host(&late, t->a.late, sizeof(late), s, e));
    if (late)
        rc = ERR(e, ERR_TIMEOUT, "blocks of the chain gave up waiting for each other");
out:
    return rc;
}

int ternary_chain_gpu_poison(const struct ternary_chain_gpu *t, gpu_stream s, struct err *e)
{
    int rc = 0;

    TRY(gpu_fill(t->a.x_out, 0xff, (size_t)t->shape.dim * sizeof(float), s, e));
    TRY(gpu_fill(t->a.qkv, 0xff, qkv_values(&t->shape) * sizeof(float), s, e));
out:
    return rc;
}
