/* llm_synth.c - a model of true shape with seeded random weights.
 *
 * Spreads are those of an initialised model, so that logits stay sane over many layers: matrices
 * 1 / sqrt(inputs), those that write into the residual stream 1 / sqrt(2 layers) of it (Radford et
 * al., 2019), embeddings 2 / sqrt(dim), gains about 1, biases about 0. */
#include "models/llm/llm_synth.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "models/format/model_writer.h"
#include "models/llm/llm_gguf.h"
#include "models/llm/llm_hf.h"
#include "models/llm/llm_pool.h"
#include "models/llm/llm_quantize.h"
#include "models/llm/llm_tensors.h"
#include "models/llm/llm_vocab.h"

enum { CHUNK = 4 << 20 }; /* bytes that are written at a time */

struct synth {
    const struct llm_synth *s;
    struct model_writer *w;
    struct llm_tensor *tensor; /* owned: n of them */
    enum dtype *dtype;         /* owned */
    size_t n;
    struct llm_pools pools;
    uint8_t *chunk; /* owned */
    size_t filled;
    struct err *e;
};

static enum dtype type_of(const struct llm_synth *s, const struct llm_tensor *t)
{
    /* Positions stay F32 in GGUF, as from llama.cpp's converter. */
    if (s->format == MODEL_GGUF && (t->n_dims == 1 || t->role == LLM_POS))
        return DTYPE_F32;
    if (t->role == LLM_EMBED || t->role == LLM_HEAD)
        return llm_quantize_fallback(s->head, (size_t)t->dims[t->n_dims - 1]);
    return llm_quantize_fallback(s->dtype, (size_t)t->dims[t->n_dims - 1]);
}

static size_t values_of(const struct llm_tensor *t)
{
    return (size_t)t->dims[0] * (t->n_dims == 2 ? (size_t)t->dims[1] : 1);
}

/* Announce the tensors, and make the pools large enough for the largest. */
static int plan(struct synth *y)
{
    size_t largest = 1;
    int rc;

    TRY(llm_tensors_list(y->s->shape, y->s->format, &y->tensor, &y->n, y->e));
    y->dtype = mem_calloc(y->n, sizeof(*y->dtype));
    y->chunk = mem_calloc(1, CHUNK);
    if (!y->dtype || !y->chunk)
        return ERR(y->e, ERR_NOMEM, "no memory to make %s", y->s->shape->name);
    for (size_t i = 0; i < y->n; i++) {
        const struct llm_tensor *t = &y->tensor[i];
        size_t units = values_of(t) / LLM_POOL_UNIT;

        y->dtype[i] = type_of(y->s, t);
        largest = units > largest ? units : largest;
        TRY(model_writer_tensor(y->w, t->name, y->dtype[i], t->n_dims, t->dims, y->e));
    }
    y->pools = (struct llm_pools){ .units = 1, .seed = y->s->seed };
    while (y->pools.units < largest && y->pools.units < LLM_POOL_UNITS)
        y->pools.units *= 2;
out:
    return rc;
}

static int flush(struct synth *y)
{
    size_t n = y->filled;

    y->filled = 0;
    return model_writer_write(y->w, y->chunk, n, y->e);
}

static float spread_of(const struct llm_config *c, const struct llm_tensor *t)
{
    float inputs = 1 / sqrtf((float)t->inputs);

    if (t->role == LLM_EMBED || t->role == LLM_HEAD)
        return 2 / sqrtf((float)c->dim);
    if (t->role == LLM_POS)
        return 0.02F;
    if (t->role == LLM_O || t->role == LLM_DOWN)
        return inputs / sqrtf(2 * (float)c->layers);
    return inputs;
}

static int write_matrix(struct synth *y, size_t i)
{
    const struct llm_tensor *t = &y->tensor[i];
    size_t n = values_of(t), unit = dtype_row_bytes(y->dtype[i], LLM_POOL_UNIT);
    const struct llm_pool *pool;
    struct llm_draw draw;
    int rc;

    TRY(llm_pool_get(&y->pools, y->dtype[i], spread_of(y->s->shape, t), &pool, y->e));
    llm_draw_begin(&draw, &y->pools, pool, n, i);
    while (n > 0) {
        size_t values = n < LLM_POOL_UNIT ? n : LLM_POOL_UNIT;

        if (y->filled + unit > CHUNK)
            TRY(flush(y));
        memcpy(y->chunk + y->filled, llm_draw_next(&draw), dtype_row_bytes(y->dtype[i], values));
        y->filled += dtype_row_bytes(y->dtype[i], values);
        n -= values;
    }
    TRY(flush(y));
out:
    return rc;
}

/* Value j of a vector. */
static float vector_value(const struct llm_tensor *t, size_t j, struct rng *r)
{
    if (t->role == LLM_ROPE_SHORT || t->role == LLM_ROPE_LONG)
        return llm_hf_rope_factor(t->role == LLM_ROPE_LONG, (int)j, (int)t->dims[0]);
    if (t->bias)
        return 0.05F * (float)rng_normal(r);
    return 1 + 0.1F * (float)rng_normal(r);
}

static int write_vector(struct synth *y, size_t i)
{
    const struct llm_tensor *t = &y->tensor[i];
    size_t n = values_of(t);
    float *x = mem_calloc(n, sizeof(*x));
    struct rng r;
    int rc;

    if (!x)
        return ERR(y->e, ERR_NOMEM, "no memory for tensor %s", t->name);
    rng_init(&r, y->s->seed, i);
    for (size_t j = 0; j < n; j++)
        x[j] = vector_value(t, j, &r);
    dtype_from_f32(y->dtype[i], x, y->chunk, n);
    rc = model_writer_write(y->w, y->chunk, dtype_row_bytes(y->dtype[i], n), y->e);
    mem_free(x);
    return rc;
}

static int put_metadata(const struct synth *y)
{
    const struct llm_synth *s = y->s;
    int rc;

    if (s->format == MODEL_SAFETENSORS) {
        TRY(model_writer_string(y->w, "format", (struct span){ "pt", 2 }, y->e));
        TRY(model_writer_string(y->w, MODEL_SYNTHETIC_KEY, (struct span){ "true", 4 }, y->e));
        return 0;
    }
    TRY(llm_gguf_put_config(y->w, s->shape, y->e));
    TRY(model_writer_bool(y->w, MODEL_SYNTHETIC_KEY, true, y->e));
    TRY(llm_gguf_put_type(y->w, s->dtype, y->e));
    TRY(llm_vocab_put(y->w, s->vocabulary, s->shape->vocab, y->e));
out:
    return rc;
}

static int check(const struct llm_synth *s, struct err *e)
{
    if (s->format == MODEL_GGUF)
        return 0;
    if (dtype_info(s->dtype)->block > 1 || dtype_info(s->head)->block > 1)
        return ERR(e, ERR_ARG, "safetensors hold F32, F16 and BF16; not %s",
                   dtype_info(dtype_info(s->dtype)->block > 1 ? s->dtype : s->head)->name);
    if (s->vocabulary)
        return ERR(e, ERR_ARG,
                   "a vocabulary from a GGUF file can only be written into a GGUF file");
    return 0;
}

/* path NULL: into memory. */
static int write_all(const struct llm_synth *s, const char *path, void **bytes, size_t *n,
                     struct err *e)
{
    struct synth y = { .s = s, .e = e };
    int rc;

    TRY(check(s, e));
    TRY(model_writer_new(&y.w, s->format, e));
    TRY(put_metadata(&y));
    TRY(plan(&y));
    TRY(path ? model_writer_begin(y.w, path, e) : model_writer_begin_memory(y.w, e));
    for (size_t i = 0; i < y.n; i++)
        TRY(y.tensor[i].n_dims == 2 ? write_matrix(&y, i) : write_vector(&y, i));
    TRY(path ? model_writer_commit(y.w, e) : model_writer_take(y.w, bytes, n, e));
out:
    model_writer_free(y.w);
    llm_pools_release(&y.pools);
    mem_free(y.tensor);
    mem_free(y.dtype);
    mem_free(y.chunk);
    return rc;
}

int llm_synth_write(const struct llm_synth *s, const char *path, struct err *e)
{
    char weights[LLM_HF_PATH];
    int rc;

    if (s->format == MODEL_GGUF)
        return write_all(s, path, NULL, NULL, e);
    TRY(check(s, e));
    TRY(llm_hf_path(path, "model.safetensors", weights, e));
    TRY(llm_hf_prepare(path, e));
    TRY(llm_hf_write(path, s->shape, s->dtype, e));
    TRY(write_all(s, weights, NULL, NULL, e));
out:
    return rc;
}

int llm_synth_memory(const struct llm_synth *s, void **bytes, size_t *n, struct err *e)
{
    BUG_ON(s->format != MODEL_GGUF);
    return write_all(s, NULL, bytes, n, e);
}
