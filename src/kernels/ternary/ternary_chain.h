/* ternary_chain.h - all ternary matrices of a Llama-like model for one token, in their order.
 *
 * For each layer, with x the residual stream of `dim` values:
 *   1. qkv   = W_qkv  quantize(x, g1)      q, k and v
 *      a     = v of its group for each head: what attention gives when there is one position, the
 *              token's own.  Longer contexts are attention's (kernels.attention.dense), not this.
 *   2. x    += W_o    quantize(a)
 *   3. h     = SiLU(gate) * up of W_gate_up quantize(x, g2)
 *   4. x    += W_down quantize(h)
 * with quantize and the product as in ternary.h: four dependent phases a layer.  All is defined to
 * the bit, so x and every layer's qkv are the same on every CPU and GPU.
 *
 * W_gate_up has its rows in groups of 16: eight of gate, then the eight of up that go with them. */
#ifndef KERNELS_TERNARY_TERNARY_CHAIN_H
#define KERNELS_TERNARY_TERNARY_CHAIN_H

#include "core/pool.h"
#include "kernels/ternary/ternary.h"

enum ternary_phase { TERNARY_QKV, TERNARY_O, TERNARY_GATE_UP, TERNARY_DOWN, TERNARY_PHASES };

/* Rows of a group of W_gate_up, of either kind. */
enum { TERNARY_PAIRS = 8 };

struct ternary_shape {
    const char *name; /* "smollm-135m", "bitnet-2b" */
    int layers, dim, ff, heads, kv_heads, head_dim;
};

extern const struct ternary_shape ternary_shapes[]; /* its end has no name */

size_t ternary_shape_rows(const struct ternary_shape *s, enum ternary_phase p);
size_t ternary_shape_cols(const struct ternary_shape *s, enum ternary_phase p);
double ternary_shape_weights(const struct ternary_shape *s); /* of all layers */

/* Weights at random: a half of them 0, scales that keep the sizes of activations, norms about 1. */
struct ternary_chain {
    struct ternary_shape shape;
    float eps;
    struct ternary (*m)[TERNARY_PHASES]; /* [layers], owned */
    float *g;                            /* [layers][2][dim], owned */
};

int ternary_chain_make(struct ternary_chain *out, const struct ternary_shape *shape, uint64_t seed,
                       struct err *e);
void ternary_chain_release(struct ternary_chain *c);

/* The norms before phases 1 and 3; NULL before 2 and 4. */
const float *ternary_chain_norm(const struct ternary_chain *c, int layer, enum ternary_phase p);

/* A pass on the CPU. */
struct ternary_pass {
    const struct ternary_chain *chain; /* borrowed */
    const struct ternary_variant *v;
    struct pool *pool; /* borrowed */
    float *x;          /* [dim]: in, and out */
    float *qkv;        /* [layers][rows of qkv] */
    float *gate_up, *h, *a;
    uint8_t *vector; /* [threads]: what ternary_quantize makes */
    uint8_t *scratch;
    size_t vector_bytes, scratch_bytes;
    void *owned;
};

/* x is [dim] and left for the caller to fill.  ERR_NOMEM. */
int ternary_pass_open(struct ternary_pass *p, const struct ternary_chain *c,
                      const struct ternary_variant *v, struct pool *pool, struct err *e);
void ternary_pass_run(struct ternary_pass *p);
void ternary_pass_close(struct ternary_pass *p);

#endif
