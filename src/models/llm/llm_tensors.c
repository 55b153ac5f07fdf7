/* llm_tensors.c - the tensors of a family, in the order in which llama.cpp's converter has them. */
#include "models/llm/llm_tensors.h"

#include "core/mem.h"

enum { LAYER_MAX = 20, OTHER_MAX = 8 }; /* tensors of a layer, and outside of the layers */

struct list {
    const struct llm_config *c;
    enum model_format format;
    struct llm_tensor *tensor;
    size_t n;
};

static struct llm_tensor *append(struct list *l, enum llm_role role, int layer, bool bias)
{
    struct llm_tensor *t = &l->tensor[l->n++];

    *t = (struct llm_tensor){ .role = role, .layer = layer, .bias = bias };
    llm_name_of(l->format, l->c, role, layer, bias ? "bias" : "weight", t->name);
    return t;
}

static void vector(struct list *l, enum llm_role role, int layer, bool bias, size_t n)
{
    struct llm_tensor *t = append(l, role, layer, bias);

    t->n_dims = 1;
    t->dims[0] = n;
}

static void norm(struct list *l, enum llm_role role, int layer, size_t n)
{
    vector(l, role, layer, false, n);
    if (l->c->layer_norm)
        vector(l, role, layer, true, n);
}

/* GPT-2's matrices lie in safetensors as [in, out]. */
static bool turned(const struct list *l, enum llm_role role)
{
    return l->c->family == LLM_GPT2 && l->format == MODEL_SAFETENSORS && role >= LLM_LAYER_ROLES;
}

static void matrix(struct list *l, enum llm_role role, int layer, size_t rows, size_t cols)
{
    struct llm_tensor *t = append(l, role, layer, false);

    t->n_dims = 2;
    t->dims[0] = turned(l, role) ? cols : rows;
    t->dims[1] = turned(l, role) ? rows : cols;
    t->inputs = cols;
}

static void linear(struct list *l, enum llm_role role, int layer, size_t rows, size_t cols)
{
    bool attention = role == LLM_QKV || role == LLM_Q || role == LLM_K || role == LLM_V;

    matrix(l, role, layer, rows, cols);
    if (l->c->family == LLM_GPT2 || (l->c->family == LLM_QWEN2 && attention))
        vector(l, role, layer, true, rows);
}

static void attention(struct list *l, int i)
{
    const struct llm_config *c = l->c;
    size_t dim = (size_t)c->dim, q = (size_t)c->heads * (size_t)c->head_dim;
    size_t kv = (size_t)c->kv_heads * (size_t)c->head_dim;

    norm(l, LLM_ATTN_NORM, i, dim);
    if (c->family == LLM_GPT2 || c->family == LLM_PHI3) {
        linear(l, LLM_QKV, i, q + 2 * kv, dim);
    } else {
        linear(l, LLM_Q, i, q, dim);
        linear(l, LLM_K, i, kv, dim);
        linear(l, LLM_V, i, kv, dim);
    }
    if (c->sub_norm)
        norm(l, LLM_ATTN_SUB_NORM, i, q);
    linear(l, LLM_O, i, dim, q);
}

static void feed_forward(struct list *l, int i)
{
    const struct llm_config *c = l->c;
    size_t dim = (size_t)c->dim, ff = (size_t)c->ff;

    norm(l, LLM_FFN_NORM, i, dim);
    if (c->family == LLM_PHI3) { /* both in one: GGUF names it after the second */
        linear(l, l->format == MODEL_GGUF ? LLM_UP : LLM_GATE_UP, i, 2 * ff, dim);
    } else {
        if (c->gated)
            linear(l, LLM_GATE, i, ff, dim);
        linear(l, LLM_UP, i, ff, dim);
    }
    if (c->sub_norm)
        norm(l, LLM_FFN_SUB_NORM, i, ff);
    linear(l, LLM_DOWN, i, dim, ff);
}

int llm_tensors_list(const struct llm_config *c, enum model_format format, struct llm_tensor **out,
                     size_t *n, struct err *e)
{
    struct list l = { .c = c, .format = format };
    size_t dim = (size_t)c->dim, vocab = (size_t)c->vocab;

    l.tensor = mem_calloc((size_t)c->layers * LAYER_MAX + OTHER_MAX, sizeof(*l.tensor));
    if (!l.tensor)
        return ERR(e, ERR_NOMEM, "no memory for the tensors of %s", c->name);
    matrix(&l, LLM_EMBED, 0, vocab, dim);
    if (c->family == LLM_GPT2)
        matrix(&l, LLM_POS, 0, (size_t)c->context, dim);
    if (c->rope_original > 0 && format == MODEL_GGUF) {
        vector(&l, LLM_ROPE_LONG, 0, false, (size_t)c->rot / 2);
        vector(&l, LLM_ROPE_SHORT, 0, false, (size_t)c->rot / 2);
    }
    for (int i = 0; i < c->layers; i++) {
        attention(&l, i);
        feed_forward(&l, i);
    }
    norm(&l, LLM_NORM, 0, dim);
    if (!c->tied)
        matrix(&l, LLM_HEAD, 0, vocab, dim);
    *out = l.tensor;
    *n = l.n;
    return 0;
}
