/* llm_weights.c - the tensors of a file, each in its place in the model. */
#include "models/llm/llm_weights.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/mem.h"
#include "core/size.h"
#include "models/llm/llm_config_hf.h"
#include "models/llm/llm_names.h"

struct llm_weights_block {
    struct llm_weights_block *next;
};

struct loader {
    struct llm_weights *w;
    const struct model_file *m;
    const struct llm_config *c;
    const char *path;
    bool *used; /* owned, by index of the tensor */
    struct err *e;
};

/* n objects that live as long as the weights. */
static void *keep(const struct loader *l, size_t n, size_t size)
{
    struct llm_weights_block *b;
    size_t bytes;

    if (size_mul(n, size, &bytes) < 0 || size_add(bytes, sizeof(*b), &bytes) < 0)
        return NULL;
    b = mem_calloc(1, bytes);
    if (!b)
        return NULL;
    b->next = l->w->blocks;
    l->w->blocks = b;
    l->w->copied_bytes += bytes;
    return b + 1;
}

static int no_memory(const struct loader *l, const char *name)
{
    return ERR(l->e, ERR_NOMEM, "%s: no memory for tensor %s", l->path, name);
}

/* NULL where the file has no such tensor; one that is found counts as used. */
static const struct tensor *find(const struct loader *l, enum llm_role role, int layer,
                                 const char *suffix)
{
    char name[LLM_NAME_MAX];
    const struct tensor *all, *t;
    size_t n;

    if (llm_name(l->m, l->c, role, layer, suffix, name)[0] == '\0')
        return NULL;
    t = model_file_tensor(l->m, name);
    all = model_file_tensors(l->m, &n);
    if (t)
        l->used[t - all] = true;
    return t;
}

static int missing(const struct loader *l, enum llm_role role, int layer, const char *suffix)
{
    char name[LLM_NAME_MAX];

    llm_name(l->m, l->c, role, layer, suffix, name);
    return ERR(l->e, ERR_FORMAT, "%s: no tensor %s", l->path, name);
}

static int check_shape(const struct loader *l, const struct tensor *t, uint64_t rows, uint64_t cols)
{
    int want = rows > 0 ? 2 : 1;

    if (t->n_dims != want || t->dims[want - 1] != cols || (want == 2 && t->dims[0] != rows))
        return ERR(l->e, ERR_FORMAT,
                   "%s: tensor %s has %d dimensions, %llu x %llu; expected %d, %llu x %llu",
                   l->path, t->name, t->n_dims, (unsigned long long)t->dims[0],
                   (unsigned long long)t->dims[1], want,
                   (unsigned long long)(rows > 0 ? rows : cols),
                   (unsigned long long)(rows > 0 ? cols : 1));
    return 0;
}

/* A vector of n floats, copied. */
static int vector(const struct loader *l, const struct tensor *t, size_t n, const float **out)
{
    float *copy;
    int rc = 0;

    TRY(check_shape(l, t, 0, n));
    if (dtype_row_bytes(t->dtype, n) == 0 || dtype_row_bytes(t->dtype, n) != t->bytes)
        return ERR(l->e, ERR_FORMAT, "%s: tensor %s cannot be %zu values of %s", l->path, t->name,
                   n, dtype_info(t->dtype)->name);
    copy = keep(l, n, sizeof(*copy));
    if (!copy)
        return no_memory(l, t->name);
    dtype_to_f32(t->dtype, t->data, copy, n);
    l->w->parameters += n;
    *out = copy;
out:
    return rc;
}

static int norm(const struct loader *l, enum llm_role role, int layer, size_t n,
                struct llm_norm *out)
{
    const struct tensor *gain = find(l, role, layer, "weight");
    const struct tensor *shift = find(l, role, layer, "bias");
    int rc = 0;

    if (!gain)
        return missing(l, role, layer, "weight");
    if (l->c->layer_norm && !shift)
        return missing(l, role, layer, "bias");
    if (!l->c->layer_norm && shift)
        return ERR(l->e, ERR_NOTSUP, "%s: a bias of an RMSNorm, tensor %s", l->path, shift->name);
    TRY(vector(l, gain, n, &out->gain));
    if (shift)
        TRY(vector(l, shift, n, &out->shift));
out:
    return rc;
}

static int matrix(const struct loader *l, const struct tensor *t, size_t rows, size_t cols,
                  struct weight *out)
{
    size_t row_bytes = dtype_row_bytes(t->dtype, cols), bytes;
    int rc = 0;

    TRY(check_shape(l, t, rows, cols));
    if (row_bytes == 0 || size_mul(rows, row_bytes, &bytes) < 0 || bytes != t->bytes)
        return ERR(l->e, ERR_FORMAT, "%s: tensor %s cannot be %zu rows of %zu values of %s",
                   l->path, t->name, rows, cols, dtype_info(t->dtype)->name);
    *out = (struct weight){ t->dtype, rows, cols, row_bytes, t->data };
    l->w->parameters += (uint64_t)rows * cols;
out:
    return rc;
}

/* GPT-2's Conv1D: [in, out] in the file. */
static int turned_matrix(const struct loader *l, const struct tensor *t, size_t rows, size_t cols,
                         struct weight *out)
{
    const struct dtype_info *info = dtype_info(t->dtype);
    size_t size = (size_t)info->bytes;
    struct weight in;
    char *data;
    int rc = 0;

    TRY(matrix(l, t, cols, rows, &in));
    if (info->block != 1)
        return ERR(l->e, ERR_NOTSUP, "%s: tensor %s of %s cannot be transposed", l->path, t->name,
                   info->name);
    data = keep(l, rows * cols, size);
    if (!data)
        return no_memory(l, t->name);
    for (size_t c = 0; c < cols; c++)
        for (size_t r = 0; r < rows; r++)
            memcpy(data + (r * cols + c) * size, (const char *)in.data + (c * rows + r) * size,
                   size);
    *out = (struct weight){ t->dtype, rows, cols, cols * size, data };
out:
    return rc;
}

static bool turned(const struct loader *l, enum llm_role role)
{
    return l->c->family == LLM_GPT2 && model_file_format(l->m) == MODEL_SAFETENSORS &&
           role >= LLM_LAYER_ROLES;
}

/* Without these the model would compute something else, and not say so. */
static bool needs_bias(const struct loader *l, enum llm_role role)
{
    if (l->c->family == LLM_GPT2)
        return role >= LLM_LAYER_ROLES;
    return l->c->family == LLM_QWEN2 &&
           (role == LLM_QKV || role == LLM_Q || role == LLM_K || role == LLM_V);
}

/* The matrix of `role`, and its bias where the file has one. */
static int linear(const struct loader *l, enum llm_role role, int layer, size_t rows, size_t cols,
                  struct llm_linear *out)
{
    const struct tensor *t = find(l, role, layer, "weight");
    const struct tensor *bias = find(l, role, layer, "bias");
    int rc = 0;

    *out = (struct llm_linear){ 0 };
    if (!t)
        return missing(l, role, layer, "weight");
    if (!bias && needs_bias(l, role))
        return missing(l, role, layer, "bias");
    if (turned(l, role))
        TRY(turned_matrix(l, t, rows, cols, &out->w));
    else
        TRY(matrix(l, t, rows, cols, &out->w));
    if (bias)
        TRY(vector(l, bias, rows, &out->bias));
out:
    return rc;
}

static bool has(const struct loader *l, enum llm_role role, int layer)
{
    char name[LLM_NAME_MAX];

    return model_file_tensor(l->m, llm_name(l->m, l->c, role, layer, "weight", name)) != NULL;
}

/* Rows row0 .. row0 + rows - 1. */
static struct llm_linear view(const struct llm_linear *all, size_t row0, size_t rows)
{
    struct llm_linear v = *all;

    v.w.rows = rows;
    v.w.data = (const char *)all->w.data + row0 * all->w.row_bytes;
    v.bias = all->bias ? all->bias + row0 : NULL;
    return v;
}

static int attention(const struct loader *l, int i, struct llm_layer *y)
{
    const struct llm_config *c = l->c;
    size_t dim = (size_t)c->dim, q = (size_t)c->heads * c->head_dim;
    size_t kv = (size_t)c->kv_heads * c->head_dim;
    struct llm_linear qkv;
    int rc = 0;

    TRY(norm(l, LLM_ATTN_NORM, i, dim, &y->attn_norm));
    /* GPT-2 has no other form, nor names for one. */
    if (c->family == LLM_GPT2 || has(l, LLM_QKV, i)) {
        TRY(linear(l, LLM_QKV, i, q + 2 * kv, dim, &qkv));
        y->q = view(&qkv, 0, q);
        y->k = view(&qkv, q, kv);
        y->v = view(&qkv, q + kv, kv);
    } else {
        TRY(linear(l, LLM_Q, i, q, dim, &y->q));
        TRY(linear(l, LLM_K, i, kv, dim, &y->k));
        TRY(linear(l, LLM_V, i, kv, dim, &y->v));
    }
    if (c->sub_norm)
        TRY(norm(l, LLM_ATTN_SUB_NORM, i, q, &y->attn_sub_norm));
    TRY(linear(l, LLM_O, i, dim, q, &y->o));
out:
    return rc;
}

/* Where gate and up are one matrix, the gate comes first. */
static int feed_forward(const struct loader *l, int i, struct llm_layer *y)
{
    const struct llm_config *c = l->c;
    size_t dim = (size_t)c->dim, ff = (size_t)c->ff;
    enum llm_role both = has(l, LLM_GATE_UP, i) ? LLM_GATE_UP : LLM_UP;
    struct llm_linear gate_up;
    int rc = 0;

    TRY(norm(l, LLM_FFN_NORM, i, dim, &y->ffn_norm));
    if (c->gated && !has(l, LLM_GATE, i)) {
        TRY(linear(l, both, i, 2 * ff, dim, &gate_up));
        y->gate = view(&gate_up, 0, ff);
        y->up = view(&gate_up, ff, ff);
    } else {
        if (c->gated)
            TRY(linear(l, LLM_GATE, i, ff, dim, &y->gate));
        TRY(linear(l, LLM_UP, i, ff, dim, &y->up));
    }
    if (c->sub_norm)
        TRY(norm(l, LLM_FFN_SUB_NORM, i, ff, &y->ffn_sub_norm));
    TRY(linear(l, LLM_DOWN, i, dim, ff, &y->down));
out:
    return rc;
}

static int check_factors(const struct loader *l, const float *f, size_t n, const char *which)
{
    for (size_t i = 0; i < n; i++)
        if (!(f[i] > 0) || !isfinite(f[i]))
            return ERR(l->e, ERR_FORMAT, "%s: RoPE's %s %zu is %g; expected more than 0", l->path,
                       which, i, (double)f[i]);
    return 0;
}

static int json_factors(const struct loader *l, const char *which, size_t n, const float **out)
{
    const json_t *all = llm_config_hf_factors(l->m, which);
    float *copy;

    if (json_array_size(all) != n)
        return ERR(l->e, ERR_FORMAT, "%s: \"%s\" in config.json has %zu numbers; expected %zu",
                   l->path, which, json_array_size(all), n);
    copy = keep(l, n, sizeof(*copy));
    if (!copy)
        return no_memory(l, which);
    for (size_t i = 0; i < n; i++)
        copy[i] = (float)json_number_value(json_array_get(all, i));
    *out = copy;
    return 0;
}

static int tensor_factors(const struct loader *l, enum llm_role role, size_t n, const float **out)
{
    const struct tensor *t = find(l, role, 0, "weight");

    if (!t)
        return missing(l, role, 0, "weight");
    return vector(l, t, n, out);
}

static int longrope(const struct loader *l)
{
    size_t n = (size_t)l->c->rot / 2;
    int rc = 0;

    if (l->c->rope_original == 0)
        return 0;
    if (model_file_format(l->m) == MODEL_GGUF) {
        TRY(tensor_factors(l, LLM_ROPE_SHORT, n, &l->w->rope_short));
        TRY(tensor_factors(l, LLM_ROPE_LONG, n, &l->w->rope_long));
    } else {
        TRY(json_factors(l, "short_factor", n, &l->w->rope_short));
        TRY(json_factors(l, "long_factor", n, &l->w->rope_long));
    }
    TRY(check_factors(l, l->w->rope_short, n, "short factor"));
    TRY(check_factors(l, l->w->rope_long, n, "long factor"));
out:
    return rc;
}

static int outside_layers(const struct loader *l)
{
    const struct llm_config *c = l->c;
    struct llm_weights *w = l->w;
    size_t vocab = (size_t)c->vocab, dim = (size_t)c->dim;
    const struct tensor *t = find(l, LLM_EMBED, 0, "weight");
    int rc = 0;

    if (!t)
        return missing(l, LLM_EMBED, 0, "weight");
    TRY(matrix(l, t, vocab, dim, &w->embed));
    if (c->rope == ROPE_NONE) {
        t = find(l, LLM_POS, 0, "weight");
        if (!t)
            return missing(l, LLM_POS, 0, "weight");
        TRY(matrix(l, t, (size_t)c->context, dim, &w->pos));
    }
    TRY(norm(l, LLM_NORM, 0, dim, &w->norm));
    w->head.w = w->embed;
    if (!c->tied)
        TRY(linear(l, LLM_HEAD, 0, vocab, dim, &w->head));
    TRY(longrope(l));
out:
    return rc;
}

static int check_all_used(const struct loader *l)
{
    size_t n;
    const struct tensor *t = model_file_tensors(l->m, &n);

    for (size_t i = 0; i < n; i++)
        if (!l->used[i] && !llm_name_ignored(l->m, l->c, t[i].name))
            return ERR(l->e, ERR_NOTSUP,
                       "%s: %s has no tensor %s here, which may change what the model computes",
                       l->path, llm_family_name(l->c->family), t[i].name);
    return 0;
}

int llm_weights_load(struct llm_weights *w, const struct model_file *m, const struct llm_config *c,
                     struct err *e)
{
    struct loader l = { .w = w, .m = m, .c = c, .path = model_file_path(m), .e = e };
    size_t n;
    int rc = 0;

    *w = (struct llm_weights){ 0 };
    model_file_tensors(m, &n);
    l.used = mem_calloc(n, sizeof(*l.used));
    w->layers = mem_calloc((size_t)c->layers, sizeof(*w->layers));
    if (!l.used || !w->layers) {
        rc = ERR(e, ERR_NOMEM, "%s: no memory for the table of %d layers", l.path, c->layers);
        goto out;
    }
    TRY(outside_layers(&l));
    for (int i = 0; i < c->layers; i++) {
        TRY(attention(&l, i, &w->layers[i]));
        TRY(feed_forward(&l, i, &w->layers[i]));
    }
    TRY(check_all_used(&l));
out:
    mem_free(l.used);
    if (rc < 0)
        llm_weights_release(w);
    return rc;
}

void llm_weights_release(struct llm_weights *w)
{
    while (w->blocks) {
        struct llm_weights_block *b = w->blocks;

        w->blocks = b->next;
        mem_free(b);
    }
    mem_free(w->layers);
    *w = (struct llm_weights){ 0 };
}
