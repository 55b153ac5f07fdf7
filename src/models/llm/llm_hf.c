/* llm_hf.c - config.json of the families, and what else lies in such a folder. */
#include "models/llm/llm_hf.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "core/mem.h"
#include "models/format/model_file.h"
#include "models/llm/llm_vocab.h"
#include "json/jsonio.h"

int llm_hf_path(const char *folder, const char *name, char buf[LLM_HF_PATH], struct err *e)
{
    int n = snprintf(buf, LLM_HF_PATH, "%s/%s", folder, name);

    return n < LLM_HF_PATH ? 0 : ERR(e, ERR_ARG, "%.60s...: the path is too long", folder);
}

int llm_hf_prepare(const char *folder, struct err *e)
{
    static const char *const names[] = { "config.json", "model.safetensors",
                                         "model.safetensors.index.json" };
    char path[LLM_HF_PATH];
    struct model_file *m;
    bool ours = true, there = false;
    int rc;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        TRY(llm_hf_path(folder, names[i], path, e));
        there |= access(path, F_OK) == 0;
    }
    if (there) {
        ours = model_file_open(&m, folder, NULL) == 0;
        if (ours) {
            ours = model_file_synthetic(m);
            model_file_close(m);
        }
    }
    if (!ours)
        return ERR(e, ERR_ARG, "%s holds a model that is not synthetic: not overwritten", folder);
    TRY(llm_hf_path(folder, "model.safetensors", path, e));
    TRY(atomic_file_make_folders(path, e));
out:
    return rc;
}

float llm_hf_rope_factor(bool is_long, int i, int n)
{
    return powf(is_long ? 32 : 2, (float)i / (float)n);
}

static json_t *factors(bool is_long, int n, bool *lost)
{
    json_t *a = json_array();

    for (int i = 0; i < n; i++)
        jsonio_append(a, jsonio_new_real((double)llm_hf_rope_factor(is_long, i, n)), lost);
    return a;
}

static void put_text(json_t *o, const char *key, const char *value, bool *lost)
{
    jsonio_put(o, key, json_string(value), lost);
}

static void put_int(json_t *o, const char *key, int value, bool *lost)
{
    jsonio_put(o, key, json_integer(value), lost);
}

/* The shortest decimal number that is this float. */
static void put_float(json_t *o, const char *key, float value, bool *lost)
{
    char text[32];
    int digits = 1;

    do
        snprintf(text, sizeof(text), "%.*g", digits, (double)value);
    while (strtof(text, NULL) != value && digits++ < 9);
    jsonio_put(o, key, json_real(strtod(text, NULL)), lost);
}

static void put_gpt2(json_t *o, const struct llm_config *c, bool *lost)
{
    put_int(o, "n_layer", c->layers, lost);
    put_int(o, "n_embd", c->dim, lost);
    put_int(o, "n_inner", c->ff, lost);
    put_int(o, "n_head", c->heads, lost);
    put_int(o, "n_positions", c->context, lost);
    put_float(o, "layer_norm_epsilon", c->eps, lost);
    put_text(o, "activation_function", "gelu_new", lost);
}

static void put_longrope(json_t *o, const struct llm_config *c, bool *lost)
{
    json_t *rope = json_object();

    put_text(rope, "type", "longrope", lost);
    jsonio_put(rope, "long_factor", factors(true, c->rot / 2, lost), lost);
    jsonio_put(rope, "short_factor", factors(false, c->rot / 2, lost), lost);
    jsonio_put(o, "rope_scaling", rope, lost);
    put_int(o, "original_max_position_embeddings", c->rope_original, lost);
}

static void put_gated(json_t *o, const struct llm_config *c, bool *lost)
{
    put_int(o, "num_hidden_layers", c->layers, lost);
    put_int(o, "hidden_size", c->dim, lost);
    put_int(o, "intermediate_size", c->ff, lost);
    put_int(o, "num_attention_heads", c->heads, lost);
    put_int(o, "num_key_value_heads", c->kv_heads, lost);
    if (c->head_dim * c->heads != c->dim)
        put_int(o, "head_dim", c->head_dim, lost);
    put_int(o, "max_position_embeddings", c->context, lost);
    put_float(o, "rms_norm_eps", c->eps, lost);
    put_float(o, "rope_theta", c->theta, lost);
    put_text(o, "hidden_act", c->act == ACTIVATION_RELU2 ? "relu2" : "silu", lost);
    if (c->window > 0)
        put_int(o, "sliding_window", c->window, lost);
    if (c->rope_original > 0)
        put_longrope(o, c, lost);
}

static json_t *config_json(const struct llm_config *c, enum dtype t)
{
    json_t *o;
    bool lost = false;

    jsonio_init();
    o = json_object();
    put_text(o, "_name_or_path", c->name, &lost);
    put_text(o, "model_type", llm_family_name(c->family), &lost);
    if (c->family == LLM_GPT2)
        put_gpt2(o, c, &lost);
    else
        put_gated(o, c, &lost);
    put_int(o, "vocab_size", c->vocab, &lost);
    jsonio_put(o, "tie_word_embeddings", json_boolean(c->tied), &lost);
    put_int(o, "bos_token_id", LLM_VOCAB_END, &lost);
    put_int(o, "eos_token_id", LLM_VOCAB_END, &lost);
    put_text(o, "torch_dtype",
             t == DTYPE_F32   ? "float32"
             : t == DTYPE_F16 ? "float16"
                              : "bfloat16",
             &lost);
    return jsonio_done(o, lost);
}

static int fill(const void *self, FILE *f, struct err *e)
{
    const char *text = self;

    return fputs(text, f) >= 0 && fputc('\n', f) != EOF ? 0 : ERR(e, ERR_IO, "cannot write it");
}

/* Takes the document. */
static int write_json(const char *folder, const char *name, json_t *json, struct err *e)
{
    char path[LLM_HF_PATH], *text = json ? jsonio_text_of(json) : NULL;
    int rc;

    json_decref(json);
    if (!text)
        return ERR(e, ERR_NOMEM, "no memory to write %s", name);
    TRY(llm_hf_path(folder, name, path, e));
    TRY(atomic_file_write(path, fill, text, e));
out:
    mem_free(text);
    return rc;
}

int llm_hf_write(const char *folder, const struct llm_config *c, enum dtype t, struct err *e)
{
    int rc;

    TRY(write_json(folder, "config.json", config_json(c, t), e));
    TRY(write_json(folder, "tokenizer.json", llm_vocab_json(c->vocab), e));
    TRY(write_json(folder, "tokenizer_config.json", llm_vocab_config_json(), e));
out:
    return rc;
}
