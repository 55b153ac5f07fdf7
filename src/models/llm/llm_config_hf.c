/* llm_config_hf.c - a configuration from the config.json of Hugging Face Transformers. */
#include "models/llm/llm_config_hf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One model_type, with what its definition in Transformers fixes or leaves out of config.json. */
struct type {
    const char *name;
    enum llm_family family;
    bool tied; /* where tie_word_embeddings is not said */
    float eps, theta;
};

static const struct type types[] = {
    { "gpt2", LLM_GPT2, true, 1e-5f, 10000 },       { "llama", LLM_LLAMA, false, 1e-6f, 10000 },
    { "qwen2", LLM_QWEN2, false, 1e-6f, 10000 },    { "phi3", LLM_PHI3, false, 1e-5f, 10000 },
    { "bitnet", LLM_BITNET, false, 1e-5f, 500000 },
};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

struct reader {
    const struct model_file *m;
    const json_t *config;
    const char *path;
    const struct type *type;
    struct err *e;
};

/* NULL where the key is absent or null, which is the same in these files. */
static const json_t *get(const struct reader *r, const char *key)
{
    const json_t *v = json_object_get(r->config, key);

    return json_is_null(v) ? NULL : v;
}

static int wrong_type(const struct reader *r, const char *key, const char *expected)
{
    return ERR(r->e, ERR_FORMAT, "%s: \"%s\" in config.json is not %s", r->path, key, expected);
}

static int read_int(const struct reader *r, const char *key, bool required, int *out)
{
    const json_t *v = get(r, key);

    if (!v && !required)
        return 0;
    if (!v)
        return ERR(r->e, ERR_FORMAT, "%s: no \"%s\" in config.json", r->path, key);
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > INT32_MAX)
        return wrong_type(r, key, "a whole number from 0 to 2147483647");
    *out = (int)json_integer_value(v);
    return 0;
}

static int read_float(const struct reader *r, const char *key, float *out)
{
    const json_t *v = get(r, key);

    if (v && !json_is_number(v))
        return wrong_type(r, key, "a number");
    if (v)
        *out = (float)json_number_value(v);
    return 0;
}

static int read_bool(const struct reader *r, const char *key, bool *out)
{
    const json_t *v = get(r, key);

    if (v && !json_is_boolean(v))
        return wrong_type(r, key, "true or false");
    if (v)
        *out = json_is_true(v);
    return 0;
}

/* A switch whose other position we do not compute. */
static int check_flag(const struct reader *r, const char *key, bool wanted)
{
    bool value = wanted;
    int rc = 0;

    TRY(read_bool(r, key, &value));
    if (value != wanted)
        return ERR(r->e, ERR_NOTSUP, "%s: \"%s\" is %s, which we do not compute", r->path, key,
                   value ? "true" : "false");
out:
    return rc;
}

static const char *text(const struct reader *r, const char *key, const char *otherwise)
{
    const char *s = json_string_value(get(r, key));

    return s ? s : otherwise;
}

static int read_activation(const struct reader *r, const char *key, const char *otherwise,
                           struct llm_config *c)
{
    static const struct {
        const char *name;
        enum activation act;
    } known[] = { { "gelu_new", ACTIVATION_GELU_TANH },
                  { "gelu_pytorch_tanh", ACTIVATION_GELU_TANH },
                  { "silu", ACTIVATION_SILU },
                  { "swish", ACTIVATION_SILU },
                  { "relu2", ACTIVATION_RELU2 } };
    const char *name = text(r, key, otherwise);

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(name, known[i].name) == 0) {
            c->act = known[i].act;
            /* Ours are gates except for GPT-2's, which is none. */
            if ((c->act == ACTIVATION_GELU_TANH) != c->gated)
                return 0;
        }
    return ERR(r->e, ERR_NOTSUP, "%s: the activation \"%s\" of %s is not supported", r->path, name,
               r->type->name);
}

static int read_gpt2(const struct reader *r, struct llm_config *c)
{
    int rc = 0;

    c->layer_norm = true;
    TRY(read_activation(r, "activation_function", "gelu_new", c));
    TRY(check_flag(r, "scale_attn_weights", true));
    TRY(check_flag(r, "scale_attn_by_inverse_layer_idx", false));
    TRY(check_flag(r, "add_cross_attention", false));
    TRY(read_int(r, "n_layer", true, &c->layers));
    TRY(read_int(r, "n_embd", true, &c->dim));
    TRY(read_int(r, "n_head", true, &c->heads));
    TRY(read_int(r, "n_positions", true, &c->context));
    TRY(read_float(r, "layer_norm_epsilon", &c->eps));
    c->kv_heads = c->heads;
    c->ff = c->dim <= INT32_MAX / 4 ? 4 * c->dim : 0;
    TRY(read_int(r, "n_inner", false, &c->ff));
    if (c->heads > 0)
        c->head_dim = c->dim / c->heads;
out:
    return rc;
}

/* Newer files keep all of RoPE in "rope_parameters", older ones rope_theta beside "rope_scaling";
 * NULL when neither is there. */
static const json_t *rope_parameters(const json_t *config)
{
    const json_t *p = json_object_get(config, "rope_parameters");

    return json_is_object(p) ? p : json_object_get(config, "rope_scaling");
}

static const char *rope_type(const json_t *parameters)
{
    const char *type = json_string_value(json_object_get(parameters, "rope_type"));

    if (!type)
        type = json_string_value(json_object_get(parameters, "type"));
    return type ? type : "default";
}

/* As Transformers computes it: from how far the context was stretched. */
static float longrope_attention(const struct llm_config *c, const json_t *parameters)
{
    const json_t *given = json_object_get(parameters, "attention_factor");
    const json_t *factor = json_object_get(parameters, "factor");
    double stretch = (double)c->context / c->rope_original;

    if (json_is_number(given))
        return (float)json_number_value(given);
    if (json_is_number(factor))
        stretch = json_number_value(factor);
    return stretch > 1 ? (float)sqrt(1 + log(stretch) / log((double)c->rope_original)) : 1;
}

static int read_longrope(const struct reader *r, struct llm_config *c, const json_t *parameters)
{
    const json_t *original = json_object_get(parameters, "original_max_position_embeddings");
    int rc = 0;

    if (json_is_integer(original) && json_integer_value(original) > 1 &&
        json_integer_value(original) <= INT32_MAX)
        c->rope_original = (int)json_integer_value(original);
    else
        TRY(read_int(r, "original_max_position_embeddings", true, &c->rope_original));
    if (c->rope_original < 2)
        return wrong_type(r, "original_max_position_embeddings", "a length of 2 or more");
    c->rope_attn = longrope_attention(c, parameters);
out:
    return rc;
}

static int read_rope(const struct reader *r, struct llm_config *c)
{
    const json_t *parameters = rope_parameters(r->config);
    const json_t *theta = json_object_get(parameters, "rope_theta");
    const json_t *part = json_object_get(parameters, "partial_rotary_factor");
    const char *type = rope_type(parameters);
    float turned = 1;
    int rc = 0;

    c->rope = ROPE_HALF;
    c->theta = r->type->theta;
    TRY(read_float(r, "rope_theta", &c->theta));
    if (json_is_number(theta))
        c->theta = (float)json_number_value(theta);
    TRY(read_float(r, "partial_rotary_factor", &turned));
    if (json_is_number(part))
        turned = (float)json_number_value(part);
    if (!(turned > 0 && turned <= 1))
        return wrong_type(r, "partial_rotary_factor", "from 0 to 1");
    c->rot = (int)((float)c->head_dim * turned);
    TRY(check_flag(r, "rope_interleaved", false));
    if (strcmp(type, "default") == 0)
        return 0;
    if (r->type->family != LLM_PHI3 || (strcmp(type, "longrope") != 0 && strcmp(type, "su") != 0))
        return ERR(r->e, ERR_NOTSUP, "%s: RoPE scaling \"%s\" of %s is not supported", r->path,
                   type, r->type->name);
    TRY(read_longrope(r, c, parameters));
out:
    return rc;
}

static int read_window(const struct reader *r, struct llm_config *c)
{
    bool use = false;
    int rc = 0;

    if (r->type->family == LLM_PHI3) {
        TRY(read_int(r, "sliding_window", false, &c->window));
        return 0;
    }
    /* Written by Qwen2, and only heeded where this is set, for some of the layers. */
    TRY(read_bool(r, "use_sliding_window", &use));
    if (use)
        return ERR(r->e, ERR_NOTSUP, "%s: a sliding window in some layers only is not supported",
                   r->path);
out:
    return rc;
}

static int read_gated(const struct reader *r, struct llm_config *c)
{
    int rc = 0;

    c->gated = true;
    c->sub_norm = r->type->family == LLM_BITNET;
    TRY(read_activation(r, "hidden_act", c->sub_norm ? "relu2" : "silu", c));
    TRY(read_int(r, "num_hidden_layers", true, &c->layers));
    TRY(read_int(r, "hidden_size", true, &c->dim));
    TRY(read_int(r, "intermediate_size", true, &c->ff));
    TRY(read_int(r, "num_attention_heads", true, &c->heads));
    TRY(read_int(r, "max_position_embeddings", true, &c->context));
    TRY(read_float(r, "rms_norm_eps", &c->eps));
    c->kv_heads = c->heads;
    TRY(read_int(r, "num_key_value_heads", false, &c->kv_heads));
    if (c->heads > 0)
        c->head_dim = c->dim / c->heads;
    TRY(read_int(r, "head_dim", false, &c->head_dim));
    TRY(read_rope(r, c));
    TRY(read_window(r, c));
    if (get(r, "pretraining_tp") && json_integer_value(get(r, "pretraining_tp")) != 1)
        return ERR(r->e, ERR_NOTSUP, "%s: \"pretraining_tp\" other than 1 is not supported",
                   r->path);
out:
    return rc;
}

static int find_type(struct reader *r)
{
    const char *name = text(r, "model_type", NULL);

    if (!name)
        return ERR(r->e, ERR_FORMAT, "%s: no \"model_type\" in config.json", r->path);
    for (int i = 0; i < TYPES && !r->type; i++)
        if (strcmp(name, types[i].name) == 0)
            r->type = &types[i];
    if (!r->type)
        return ERR(r->e, ERR_NOTSUP,
                   "%s: the model type \"%.64s\" is not supported; gpt2, llama, qwen2, phi3 and "
                   "bitnet are",
                   r->path, name);
    /* BitNet's released checkpoint holds four weights a byte, GPTQ's and others theirs. */
    if (get(r, "quantization_config"))
        return ERR(r->e, ERR_NOTSUP,
                   "%s: quantised safetensors (\"%.64s\") are not supported: convert the model to "
                   "GGUF",
                   r->path,
                   json_string_value(json_object_get(get(r, "quantization_config"), "quant_method"))
                       ?: "quantization_config");
    return 0;
}

int llm_config_hf_read(struct llm_config *c, const struct model_file *m, struct err *e)
{
    struct reader r = {
        .m = m, .config = model_file_json(m, "config.json"), .path = model_file_path(m), .e = e
    };
    int rc = 0;

    if (!json_is_object(r.config))
        return ERR(e, ERR_FORMAT, "%s: no config.json beside it, which says what the tensors are",
                   r.path);
    TRY(find_type(&r));
    c->family = r.type->family;
    c->eps = r.type->eps;
    c->tied = r.type->tied;
    snprintf(c->name, sizeof(c->name), "%s", text(&r, "_name_or_path", ""));
    TRY(read_bool(&r, "tie_word_embeddings", &c->tied));
    TRY(read_int(&r, "vocab_size", true, &c->vocab));
    if (c->family == LLM_GPT2)
        TRY(read_gpt2(&r, c));
    else
        TRY(read_gated(&r, c));
out:
    return rc;
}

const json_t *llm_config_hf_factors(const struct model_file *m, const char *which)
{
    const json_t *config = model_file_json(m, "config.json");
    const json_t *factors = json_object_get(rope_parameters(config), which);

    return json_is_array(factors) ? factors : NULL;
}
