/* ternary_case.c - the inputs and the answer of a point of kernels.ternary. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/ternary/ternary_bench.h"

static void fill(float *x, size_t n, uint64_t seed, uint64_t stream)
{
    struct rng rng;

    rng_init(&rng, seed, stream);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(&rng);
}

/* "1536x576" */
static int make_matrix(struct ternary_case *t, const struct bench_ctx *c, struct err *e)
{
    const char *shape = params_text(c->params, "shape");
    size_t rows = 0, cols = 0;
    struct rng rng;
    int rc = 0;

    BUG_ON(sscanf(shape, "%zux%zu", &rows, &cols) != 2);
    TRY(ternary_make(&t->m, rows, cols, e));
    rng_init(&rng, c->seed, 2);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < cols; i++)
            ternary_set(&t->m, r, i, (int)rng_below(&rng, 3) - 1);
        t->m.scale[r] = (float)((0.5 + rng_uniform(&rng)) / sqrt((double)cols));
    }
out:
    return rc;
}

static const struct ternary_shape *model_of(const char *name)
{
    const struct ternary_shape *s = ternary_shapes;

    while (s->name && strcmp(s->name, name) != 0)
        s++;
    BUG_ON(!s->name);
    return s;
}

int ternary_case_make(struct ternary_case *t, const struct bench_ctx *c, struct err *e)
{
    size_t cols;
    int rc = 0;

    *t = (struct ternary_case){ .op = (enum ternary_op)params_get(c->params, "op"),
                                .fused = (int)params_get(c->params, "fused"),
                                .tokens = (size_t)params_get(c->params, "tokens"),
                                .eps = 1e-5F };
    if (t->op == TERNARY_CHAIN) {
        TRY(ternary_chain_make(&t->chain, model_of(params_text(c->params, "shape")), c->seed, e));
        cols = (size_t)t->chain.shape.dim;
    } else {
        TRY(make_matrix(t, c, e));
        cols = t->m.w.cols;
    }
    t->x = mem_calloc(t->tokens * cols, sizeof(*t->x));
    t->g = mem_calloc(cols, sizeof(*t->g));
    if (!t->x || !t->g) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu vectors of %zu values", t->tokens, cols);
        goto out;
    }
    fill(t->x, t->tokens * cols, c->seed, 0);
    fill(t->g, cols, c->seed, 1);
out:
    return rc;
}

void ternary_case_release(struct ternary_case *t)
{
    ternary_release(&t->m);
    ternary_chain_release(&t->chain);
    mem_free(t->x);
    mem_free(t->g);
    *t = (struct ternary_case){ .x = NULL };
}

double ternary_case_macs(const struct ternary_case *t)
{
    if (t->op == TERNARY_CHAIN)
        return ternary_shape_weights(&t->chain.shape);
    return (double)t->tokens * (double)t->m.w.rows * (double)t->m.w.cols;
}

static int matvec_answer(const struct ternary_case *t, float **out, size_t *n, struct err *e)
{
    const struct ternary_variant *v = ternary_variants(&(int){ 0 });
    enum ternary_order how =
        t->fused == TERNARY_READY ? TERNARY_FUSED : (enum ternary_order)t->fused;
    size_t cols = t->m.w.cols, rows = t->m.w.rows;
    char *vector = mem_calloc(ternary_vector_bytes(cols) + 64, 1), *at;
    struct act a;
    int rc = 0;

    *n = t->tokens * rows;
    *out = mem_calloc(*n, sizeof(**out));
    if (!*out || !vector) {
        rc = ERR(e, ERR_NOMEM, "no memory for an answer of %zu values", *n);
        goto out;
    }
    at = vector + (-(uintptr_t)vector & 63);
    for (size_t i = 0; i < t->tokens; i++) {
        ternary_quantize(t->x + i * cols, t->g, t->eps, how, cols, at, &a);
        ternary_run(v, &t->m, 0, rows, &a, 1, *out + i * rows, rows, NULL);
    }
out:
    mem_free(vector);
    return rc;
}

static int chain_answer(const struct ternary_case *t, float **out, size_t *n, struct err *e)
{
    const struct ternary_shape *s = &t->chain.shape;
    size_t dim = (size_t)s->dim, qkv = (size_t)s->layers * ternary_shape_rows(s, TERNARY_QKV);
    struct ternary_pass pass = { .owned = NULL };
    struct pool *pool = NULL;
    int rc = 0;

    *n = dim + qkv;
    *out = mem_calloc(*n, sizeof(**out));
    if (!*out)
        return ERR(e, ERR_NOMEM, "no memory for an answer of %zu values", *n);
    TRY(pool_new(&pool, 1, NULL, e));
    TRY(ternary_pass_open(&pass, &t->chain, ternary_variants(&(int){ 0 }), pool, e));
    memcpy(pass.x, t->x, dim * sizeof(*pass.x));
    ternary_pass_run(&pass);
    memcpy(*out, pass.x, dim * sizeof(**out));
    memcpy(*out + dim, pass.qkv, qkv * sizeof(**out));
out:
    ternary_pass_close(&pass);
    pool_free(pool);
    return rc;
}

int ternary_case_answer(const struct ternary_case *t, float **out, size_t *n, struct err *e)
{
    return t->op == TERNARY_CHAIN ? chain_answer(t, out, n, e) : matvec_answer(t, out, n, e);
}

int ternary_case_same(const float *got, const float *want, size_t n, struct check *check,
                      struct err *e)
{
    size_t wrong = 0, first = 0;

    snprintf(check->reference, sizeof(check->reference), "the scalar variant's bits");
    for (size_t i = 0; i < n; i++)
        if (memcmp(&got[i], &want[i], sizeof(got[i])) != 0 && !(isnan(got[i]) && isnan(want[i])))
            first = wrong++ == 0 ? i : first;
    check->error = (double)wrong;
    check->tolerance = 0;
    if (wrong > 0)
        return ERR(e, ERR_MISMATCH,
                   "%zu of %zu outputs have other bits; the first, %zu, is %.9g, "
                   "not %.9g",
                   wrong, n, first, (double)got[first], (double)want[first]);
    return 0;
}
