/* llm_config_gguf.c - a configuration from the metadata of a GGUF file. */
#include "models/llm/llm_config_gguf.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 128 };

/* One architecture as `general.architecture` names it. */
struct arch {
    const char *name;
    enum llm_family family;
    enum rope_kind rope;
    enum activation act;
    bool layer_norm, gated, sub_norm;
};

/* "bitnet" is what llama.cpp writes for the first reproduction of b1.58, which kept SiLU; the
 * release with squared ReLU goes by the two other names. */
static const struct arch archs[] = {
    { "gpt2", LLM_GPT2, ROPE_NONE, ACTIVATION_GELU_TANH, true, false, false },
    { "llama", LLM_LLAMA, ROPE_PAIR, ACTIVATION_SILU, false, true, false },
    { "qwen2", LLM_QWEN2, ROPE_HALF, ACTIVATION_SILU, false, true, false },
    { "phi3", LLM_PHI3, ROPE_HALF, ACTIVATION_SILU, false, true, false },
    { "bitnet", LLM_BITNET, ROPE_HALF, ACTIVATION_SILU, false, true, true },
    { "bitnet-b1.58", LLM_BITNET, ROPE_HALF, ACTIVATION_RELU2, false, true, true },
    { "bitnet-25", LLM_BITNET, ROPE_HALF, ACTIVATION_RELU2, false, true, true },
};
enum { ARCHS = sizeof(archs) / sizeof(archs[0]) };

/* Keys below the architecture's name that are read here, or say nothing about the arithmetic. */
static const char *const known[] = {
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
    "attention.layer_norm_epsilon",
    "attention.layer_norm_rms_epsilon",
    "attention.sliding_window",
    "attention.causal",
    "rope.dimension_count",
    "rope.freq_base",
    "rope.scaling.type",
    "rope.scaling.factor",
    "rope.scaling.attn_factor",
    "rope.scaling.original_context_length",
    "rope.scaling.finetuned",
    "vocab_size",
    "expert_count",
    "expert_used_count",
    "use_parallel_residual",
    "tensor_data_layout",
};
enum { KNOWN = sizeof(known) / sizeof(known[0]) };

struct reader {
    const struct model_file *m;
    const char *path;
    const struct arch *arch;
    struct err *e;
};

static const char *full_key(const struct reader *r, const char *key, char buf[KEY_MAX])
{
    snprintf(buf, KEY_MAX, "%s.%s", r->arch->name, key);
    return buf;
}

static int wrong_type(const struct reader *r, const char *name, const char *expected)
{
    return ERR(r->e, ERR_FORMAT, "%s: %s is not %s", r->path, name, expected);
}

/* *out stays what it is where the key is absent and not required. */
static int read_int(const struct reader *r, const char *key, bool required, int *out)
{
    char buf[KEY_MAX];
    const char *name = full_key(r, key, buf);
    int64_t value;

    if (!model_file_has(r->m, name)) {
        if (required)
            return ERR(r->e, ERR_FORMAT, "%s: no key %s", r->path, name);
        return 0;
    }
    if (!model_file_int(r->m, name, &value) || value < 0 || value > INT32_MAX)
        return wrong_type(r, name, "a whole number from 0 to 2147483647");
    *out = (int)value;
    return 0;
}

static int read_float(const struct reader *r, const char *key, bool required, float *out)
{
    char buf[KEY_MAX];
    const char *name = full_key(r, key, buf);
    double value;

    if (!model_file_has(r->m, name)) {
        if (required)
            return ERR(r->e, ERR_FORMAT, "%s: no key %s", r->path, name);
        return 0;
    }
    if (!model_file_float(r->m, name, &value))
        return wrong_type(r, name, "a number");
    *out = (float)value;
    return 0;
}

static bool span_is(struct span s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* Every key of the architecture must be one that we know. */
static int check_keys(const struct reader *r)
{
    size_t n = strlen(r->arch->name);

    for (size_t i = 0; i < model_file_keys(r->m); i++) {
        enum gguf_type type;
        struct span key = model_file_key(r->m, i, &type);
        int k = 0;

        if (key.n <= n || memcmp(key.p, r->arch->name, n) != 0 || key.p[n] != '.')
            continue;
        while (k < KNOWN && !span_is((struct span){ key.p + n + 1, key.n - n - 1 }, known[k]))
            k++;
        if (k == KNOWN)
            return ERR(r->e, ERR_NOTSUP,
                       "%s: we do not know the key %.*s, which may change what the model computes",
                       r->path, (int)key.n, key.p);
    }
    return 0;
}

static int check_flag(const struct reader *r, const char *key, bool wanted)
{
    char buf[KEY_MAX];
    const char *name = full_key(r, key, buf);
    bool value;

    if (!model_file_has(r->m, name))
        return 0;
    if (!model_file_bool(r->m, name, &value))
        return wrong_type(r, name, "true or false");
    if (value != wanted)
        return ERR(r->e, ERR_NOTSUP, "%s: %s is %s, which we do not compute", r->path, name,
                   value ? "true" : "false");
    return 0;
}

/* RoPE scaling: none, linear by 1 (which is none), or the factors of longrope. */
static int check_scaling(const struct reader *r)
{
    char buf[KEY_MAX];
    const char *name = full_key(r, "rope.scaling.type", buf);
    struct span type = { "none", 4 };
    float factor = 1;
    int rc = 0;

    if (model_file_has(r->m, name) && !model_file_string(r->m, name, &type))
        return wrong_type(r, name, "a string");
    TRY(read_float(r, "rope.scaling.factor", false, &factor));
    if (span_is(type, "none") || (span_is(type, "linear") && factor == 1.0f) ||
        (span_is(type, "longrope") && r->arch->family == LLM_PHI3))
        return 0;
    return ERR(r->e, ERR_NOTSUP, "%s: RoPE scaling \"%.*s\" by %g is not supported", r->path,
               (int)type.n, type.p, (double)factor);
out:
    return rc;
}

static int check_variant(const struct reader *r, const struct llm_config *c)
{
    int experts = 0, value_length = c->head_dim;
    int rc = 0;

    TRY(check_keys(r));
    TRY(check_flag(r, "attention.causal", true));
    TRY(check_flag(r, "use_parallel_residual", false));
    TRY(check_scaling(r));
    TRY(read_int(r, "expert_count", false, &experts));
    if (experts > 0)
        return ERR(r->e, ERR_NOTSUP, "%s: a mixture of %d experts is not supported", r->path,
                   experts);
    TRY(read_int(r, "attention.value_length", false, &value_length));
    if (value_length != c->head_dim)
        return ERR(r->e, ERR_NOTSUP, "%s: values of %d beside keys of %d are not supported",
                   r->path, value_length, c->head_dim);
out:
    return rc;
}

static int read_attention(const struct reader *r, struct llm_config *c)
{
    int rc = 0;

    TRY(read_int(r, "attention.head_count", true, &c->heads));
    c->kv_heads = c->heads;
    TRY(read_int(r, "attention.head_count_kv", false, &c->kv_heads));
    if (c->heads > 0)
        c->head_dim = c->dim / c->heads;
    TRY(read_int(r, "attention.key_length", false, &c->head_dim));
    if (r->arch->family == LLM_PHI3) /* elsewhere the key is written and switched off */
        TRY(read_int(r, "attention.sliding_window", false, &c->window));
    if (c->rope == ROPE_NONE)
        return 0;
    c->rot = c->head_dim;
    TRY(read_int(r, "rope.dimension_count", false, &c->rot));
    TRY(read_float(r, "rope.freq_base", false, &c->theta));
    TRY(read_float(r, "rope.scaling.attn_factor", false, &c->rope_attn));
    if (model_file_tensor(r->m, "rope_factors_long.weight")) {
        TRY(read_int(r, "rope.scaling.original_context_length", true, &c->rope_original));
        if (c->rope_original == 0)
            return ERR(r->e, ERR_FORMAT, "%s: %s.rope.scaling.original_context_length is 0",
                       r->path, r->arch->name);
    }
out:
    return rc;
}

static int read_vocab(const struct reader *r, struct llm_config *c)
{
    const struct tensor *t = model_file_tensor(r->m, "token_embd.weight");

    if (!t)
        return ERR(r->e, ERR_FORMAT, "%s: no tensor token_embd.weight%s", r->path,
                   model_file_has(r->m, "tokenizer.ggml.tokens") ? ": a vocabulary without a model"
                                                                 : "");
    if (t->n_dims != 2 || t->dims[0] > INT32_MAX)
        return ERR(r->e, ERR_FORMAT, "%s: tensor token_embd.weight is no matrix", r->path);
    c->vocab = (int)t->dims[0];
    c->tied = model_file_tensor(r->m, "output.weight") == NULL;
    return 0;
}

static int find_arch(struct reader *r)
{
    struct span name;

    if (!model_file_string(r->m, "general.architecture", &name))
        return ERR(r->e, ERR_FORMAT, "%s: no string general.architecture", r->path);
    for (int i = 0; i < ARCHS && !r->arch; i++)
        if (span_is(name, archs[i].name))
            r->arch = &archs[i];
    if (!r->arch)
        return ERR(r->e, ERR_NOTSUP,
                   "%s: the architecture \"%.*s\" is not supported; gpt2, llama, qwen2, phi3, "
                   "bitnet and bitnet-b1.58 are",
                   r->path, name.n > 64 ? 64 : (int)name.n, name.p);
    return 0;
}

int llm_config_gguf_read(struct llm_config *c, const struct model_file *m, struct err *e)
{
    struct reader r = { .m = m, .path = model_file_path(m), .e = e };
    struct span name;
    int rc = 0;

    TRY(find_arch(&r));
    c->family = r.arch->family;
    c->rope = r.arch->rope;
    c->act = r.arch->act;
    c->layer_norm = r.arch->layer_norm;
    c->gated = r.arch->gated;
    c->sub_norm = r.arch->sub_norm;
    if (model_file_string(m, "general.name", &name))
        snprintf(c->name, sizeof(c->name), "%.*s", name.n > 95 ? 95 : (int)name.n, name.p);
    TRY(read_int(&r, "block_count", true, &c->layers));
    TRY(read_int(&r, "context_length", true, &c->context));
    TRY(read_int(&r, "embedding_length", true, &c->dim));
    TRY(read_int(&r, "feed_forward_length", true, &c->ff));
    TRY(read_float(
        &r, c->layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon",
        true, &c->eps));
    TRY(read_attention(&r, c));
    TRY(read_vocab(&r, c));
    TRY(check_variant(&r, c));
out:
    return rc;
}
