/* ternary_chain.c - the chain's weights, and a pass over them on the CPU. */
#include "kernels/ternary/ternary_chain.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/ternary/ternary_math.h"

enum { ALIGN = 64, SHARE = 32 /* rows of a thread's share: a multiple of all variants' */ };

const struct ternary_shape ternary_shapes[] = {
    { "smollm-135m", 30, 576, 1536, 9, 3, 64 },
    { "bitnet-2b", 30, 2560, 6912, 20, 5, 128 },
    { NULL, 0, 0, 0, 0, 0, 0 },
};

size_t ternary_shape_rows(const struct ternary_shape *s, enum ternary_phase p)
{
    switch (p) {
    case TERNARY_QKV: return (size_t)(s->heads + 2 * s->kv_heads) * (size_t)s->head_dim;
    case TERNARY_GATE_UP: return 2 * (size_t)s->ff;
    case TERNARY_O:
    case TERNARY_DOWN:
    case TERNARY_PHASES: break;
    }
    return (size_t)s->dim;
}

size_t ternary_shape_cols(const struct ternary_shape *s, enum ternary_phase p)
{
    switch (p) {
    case TERNARY_O: return (size_t)s->heads * (size_t)s->head_dim;
    case TERNARY_DOWN: return (size_t)s->ff;
    case TERNARY_QKV:
    case TERNARY_GATE_UP:
    case TERNARY_PHASES: break;
    }
    return (size_t)s->dim;
}

double ternary_shape_weights(const struct ternary_shape *s)
{
    double n = 0;

    for (int p = 0; p < TERNARY_PHASES; p++)
        n += (double)ternary_shape_rows(s, (enum ternary_phase)p) *
             (double)ternary_shape_cols(s, (enum ternary_phase)p);
    return n * s->layers;
}

/* Codes at random, no 3: of four equal cases two are 0. */
static void fill(struct ternary *t, struct rng *rng)
{
    uint8_t *p = (uint8_t *)t->owned + t->w.rows * sizeof(float);
    size_t blocks = t->w.rows * (t->w.cols / TERNARY_BLOCK);

    for (size_t b = 0; b < blocks; b++, p += TERNARY_BLOCK_BYTES)
        for (int i = 0; i < 2; i++) {
            uint64_t codes = rng_u64(rng);

            codes &= ~((codes & 0x5555555555555555) << 1);
            memcpy(p + 8 * i, &codes, sizeof(codes));
        }
    for (size_t r = 0; r < t->w.rows; r++)
        t->scale[r] = (float)((0.5 + rng_uniform(rng)) / sqrt(0.5 * (double)t->w.cols));
}

int ternary_chain_make(struct ternary_chain *out, const struct ternary_shape *shape, uint64_t seed,
                       struct err *e)
{
    size_t layers = (size_t)shape->layers, norms = layers * 2 * (size_t)shape->dim;
    struct rng rng;
    int rc = 0;

    *out = (struct ternary_chain){ .shape = *shape, .eps = 1e-5F };
    out->m = mem_calloc(layers, sizeof(*out->m));
    out->g = mem_calloc(norms, sizeof(*out->g));
    if (!out->m || !out->g) {
        rc = ERR(e, ERR_NOMEM, "no memory for the matrices of %zu layers", layers);
        goto out;
    }
    rng_init(&rng, seed, 0);
    for (size_t i = 0; i < norms; i++)
        out->g[i] = (float)(0.5 + rng_uniform(&rng));
    for (size_t l = 0; l < layers; l++)
        for (int p = 0; p < TERNARY_PHASES; p++) {
            TRY(ternary_make(&out->m[l][p], ternary_shape_rows(shape, (enum ternary_phase)p),
                             ternary_shape_cols(shape, (enum ternary_phase)p), e));
            fill(&out->m[l][p], &rng);
        }
out:
    if (rc < 0)
        ternary_chain_release(out);
    return rc;
}

void ternary_chain_release(struct ternary_chain *c)
{
    for (int l = 0; c->m && l < c->shape.layers; l++)
        for (int p = 0; p < TERNARY_PHASES; p++)
            ternary_release(&c->m[l][p]);
    mem_free(c->m);
    mem_free(c->g);
    *c = (struct ternary_chain){ .m = NULL };
}

const float *ternary_chain_norm(const struct ternary_chain *c, int layer, enum ternary_phase p)
{
    size_t dim = (size_t)c->shape.dim;

    if (p == TERNARY_QKV)
        return c->g + 2 * (size_t)layer * dim;
    return p == TERNARY_GATE_UP ? c->g + (2 * (size_t)layer + 1) * dim : NULL;
}

/* ---- a pass */

static size_t pad(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t largest(const struct ternary_shape *s,
                      size_t (*of)(const struct ternary_shape *s, enum ternary_phase p))
{
    size_t most = 0;

    for (int p = 0; p < TERNARY_PHASES; p++)
        most = of(s, (enum ternary_phase)p) > most ? of(s, (enum ternary_phase)p) : most;
    return most;
}

int ternary_pass_open(struct ternary_pass *p, const struct ternary_chain *c,
                      const struct ternary_variant *v, struct pool *pool, struct err *e)
{
    const struct ternary_shape *s = &c->shape;
    size_t cols = largest(s, ternary_shape_cols), threads = (size_t)pool_size(pool), bytes;
    size_t x = pad((size_t)s->dim * sizeof(float)), ff = pad((size_t)s->ff * sizeof(float));
    size_t a = pad(ternary_shape_cols(s, TERNARY_O) * sizeof(float));
    size_t qkv = pad((size_t)s->layers * ternary_shape_rows(s, TERNARY_QKV) * sizeof(float));
    char *at;

    *p = (struct ternary_pass){ .chain = c, .v = v, .pool = pool };
    p->vector_bytes = pad(ternary_vector_bytes(cols));
    p->scratch_bytes = pad(ternary_scratch(v, cols, 1));
    bytes = x + qkv + a + 3 * ff + threads * (p->vector_bytes + p->scratch_bytes);
    p->owned = mem_calloc(bytes + ALIGN, 1);
    if (!p->owned)
        return ERR(e, ERR_NOMEM, "no memory for the vectors of a pass");
    at = (char *)(((uintptr_t)p->owned + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1));
    p->x = (float *)(void *)at;
    p->qkv = (float *)(void *)(at += x);
    p->a = (float *)(void *)(at += qkv);
    p->gate_up = (float *)(void *)(at += a);
    p->h = (float *)(void *)(at += 2 * ff);
    p->vector = (uint8_t *)(at += ff);
    p->scratch = (uint8_t *)(at + threads * p->vector_bytes);
    return 0;
}

void ternary_pass_close(struct ternary_pass *p)
{
    mem_free(p->owned);
    *p = (struct ternary_pass){ .owned = NULL };
}

/* One phase of a layer, seen from one thread. */
struct part {
    struct ternary_pass *p;
    int layer, thread;
    size_t row0, row1;
};

/* The thread's share of the rows of y = W quantize(x). */
static void product(struct part *j, enum ternary_phase phase, const float *x, float *y)
{
    struct ternary_pass *p = j->p;
    const struct ternary *t = &p->chain->m[j->layer][phase];
    size_t n = (size_t)pool_size(p->pool), i = (size_t)j->thread;
    size_t shares = (t->w.rows + SHARE - 1) / SHARE;
    uint8_t *vector = p->vector + i * p->vector_bytes;
    struct act a;

    j->row0 = shares * i / n * SHARE;
    j->row1 = shares * (i + 1) / n * SHARE;
    j->row1 = j->row1 < t->w.rows ? j->row1 : t->w.rows;
    if (j->row0 >= j->row1)
        return;
    ternary_quantize(x, ternary_chain_norm(p->chain, j->layer, phase), p->chain->eps, TERNARY_FUSED,
                     t->w.cols, vector, &a);
    ternary_run(p->v, t, j->row0, j->row1, &a, 1, y, 0, p->scratch + i * p->scratch_bytes);
}

/* What attention over one position gives: each thread what it needs next, all of it. */
static void one_position(const struct ternary_shape *s, const float *qkv, float *a)
{
    size_t dim = (size_t)s->head_dim;
    const float *v = qkv + (size_t)(s->heads + s->kv_heads) * dim;

    for (int h = 0; h < s->heads; h++)
        memcpy(a + (size_t)h * dim, v + (size_t)(h / (s->heads / s->kv_heads)) * dim,
               dim * sizeof(*a));
}

static void add_rows(const struct part *j, const float *y)
{
    for (size_t r = j->row0; r < j->row1; r++)
        j->p->x[r] += y[r];
}

static void activate(const struct part *j)
{
    for (size_t r = j->row0; r < j->row1; r++)
        if (r % (2 * TERNARY_PAIRS) < TERNARY_PAIRS)
            j->p->h[r / (2 * TERNARY_PAIRS) * TERNARY_PAIRS + r % TERNARY_PAIRS] =
                ternary_silu(j->p->gate_up[r], j->p->gate_up[r + TERNARY_PAIRS]);
}

static void pass_thread(void *arg, int thread)
{
    struct ternary_pass *p = arg;
    const struct ternary_shape *s = &p->chain->shape;
    struct part j = { .p = p, .thread = thread };

    for (j.layer = 0; j.layer < s->layers; j.layer++) {
        float *qkv = p->qkv + (size_t)j.layer * ternary_shape_rows(s, TERNARY_QKV);

        product(&j, TERNARY_QKV, p->x, qkv);
        pool_barrier(p->pool);
        if (thread == 0)
            one_position(s, qkv, p->a);
        pool_barrier(p->pool);
        product(&j, TERNARY_O, p->a, p->gate_up);
        add_rows(&j, p->gate_up);
        pool_barrier(p->pool);
        product(&j, TERNARY_GATE_UP, p->x, p->gate_up);
        activate(&j);
        pool_barrier(p->pool);
        product(&j, TERNARY_DOWN, p->h, p->gate_up);
        add_rows(&j, p->gate_up);
        pool_barrier(p->pool);
    }
}

void ternary_pass_run(struct ternary_pass *p)
{
    pool_run(p->pool, pass_thread, p);
}
