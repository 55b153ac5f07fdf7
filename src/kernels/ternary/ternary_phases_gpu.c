/* ternary_phases_gpu.c - the chain as a kernel a phase: what a graph of them records. */
#include "kernels/ternary/ternary_chain_gpu.h"
#include "kernels/ternary/ternary_product.h"
#include "kernels/ternary/ternary_tiles.h"

size_t ternary_chain_mail(const struct ternary_shape *s)
{
    return (size_t)(s->kv_heads * s->head_dim + s->ff + 2 * s->dim);
}

/* A layer's products; x is where the residual stream is before it. */
static int layer(const struct ternary_shape *s, const struct ternary_chain_args *a, int l,
                 const float *x, bool early, gpu_stream stream, struct err *e)
{
    const struct ternary_product base = { .tokens = 1, .eps = a->eps, .early = early };
    size_t dim = (size_t)s->dim, rows = ternary_shape_rows(s, TERNARY_QKV);
    const float *g = a->g + 2 * (size_t)l * dim;
    float *qkv = a->qkv + (size_t)l * rows;
    struct ternary_product p[TERNARY_PHASES];
    const uint8_t *tiles = a->tiles;
    size_t one = 0;
    int rc = 0;

    for (int i = 0; i < TERNARY_PHASES; i++)
        one += ternary_tiles_bytes(ternary_shape_rows(s, (enum ternary_phase)i),
                                   ternary_shape_cols(s, (enum ternary_phase)i));
    tiles += (size_t)l * one;
    for (int i = 0; i < TERNARY_PHASES; i++) {
        p[i] = base;
        p[i].rows = ternary_shape_rows(s, (enum ternary_phase)i);
        p[i].cols = ternary_shape_cols(s, (enum ternary_phase)i);
        p[i].tiles = tiles;
        tiles += ternary_tiles_bytes(p[i].rows, p[i].cols);
    }
    p[TERNARY_QKV].x = x;
    p[TERNARY_QKV].g = g;
    p[TERNARY_QKV].y = qkv;
    p[TERNARY_O].x = qkv + (size_t)(s->heads + s->kv_heads) * (size_t)s->head_dim;
    p[TERNARY_O].head = s->head_dim;
    p[TERNARY_O].group = s->heads / s->kv_heads;
    p[TERNARY_O].then = TERNARY_THEN_ADD;
    p[TERNARY_O].add = x;
    p[TERNARY_O].y = a->x_mid;
    p[TERNARY_GATE_UP].x = a->x_mid;
    p[TERNARY_GATE_UP].g = g + dim;
    p[TERNARY_GATE_UP].then = TERNARY_THEN_SILU;
    p[TERNARY_GATE_UP].y = a->h;
    p[TERNARY_DOWN].x = a->h;
    p[TERNARY_DOWN].then = TERNARY_THEN_ADD;
    p[TERNARY_DOWN].add = a->x_mid;
    p[TERNARY_DOWN].y = a->x_out;
    for (int i = 0; i < TERNARY_PHASES; i++)
        TRY(ternary_product_fused(&p[i], stream, e));
out:
    return rc;
}

int ternary_chain_phases(const struct ternary_shape *s, const struct ternary_chain_args *a,
                         bool early, gpu_stream stream, struct err *e)
{
    int rc = 0;

    for (int l = 0; l < a->layers && rc == 0; l++)
        rc = layer(s, a, l, l == 0 ? a->x_in : a->x_out, early, stream, e);
    return rc;
}
