/* llm_gguf.c - the metadata of a language model in GGUF; the keys are those of gguf-py's
 * constants.py. */
#include "models/llm/llm_gguf.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 96 };

const char *llm_gguf_architecture(const struct llm_config *c)
{
    if (c->family == LLM_BITNET && c->act == ACTIVATION_RELU2)
        return "bitnet-b1.58";
    return llm_family_name(c->family);
}

/* Keys below the architecture's name.  The first failure stays in e. */
struct keys {
    struct model_writer *w;
    const char *architecture;
    int rc;
    struct err *e;
};

static const char *full(const struct keys *k, const char *key, char buf[KEY_MAX])
{
    snprintf(buf, KEY_MAX, "%s.%s", k->architecture, key);
    return buf;
}

static void put_int(struct keys *k, const char *key, int value)
{
    char buf[KEY_MAX];

    if (k->rc == 0)
        k->rc = model_writer_int(k->w, full(k, key, buf), GGUF_U32, value, k->e);
}

static void put_float(struct keys *k, const char *key, float value)
{
    char buf[KEY_MAX];

    if (k->rc == 0)
        k->rc = model_writer_float(k->w, full(k, key, buf), (double)value, k->e);
}

static int put_text(struct model_writer *w, const char *key, const char *value, struct err *e)
{
    return model_writer_string(w, key, (struct span){ value, strlen(value) }, e);
}

static void put_rope(struct keys *k, const struct llm_config *c)
{
    if (c->rope == ROPE_NONE)
        return;
    put_int(k, "rope.dimension_count", c->rot);
    put_float(k, "rope.freq_base", c->theta);
    if (c->family != LLM_PHI3)
        return;
    put_int(k, "rope.scaling.original_context_length",
            c->rope_original > 0 ? c->rope_original : c->context);
    if (c->rope_original > 0)
        put_float(k, "rope.scaling.attn_factor", c->rope_attn);
    if (c->window > 0)
        put_int(k, "attention.sliding_window", c->window);
}

int llm_gguf_put_config(struct model_writer *w, const struct llm_config *c, struct err *e)
{
    struct keys k = { .w = w, .architecture = llm_gguf_architecture(c), .e = e };

    k.rc = put_text(w, "general.architecture", k.architecture, e);
    if (k.rc == 0)
        k.rc = put_text(w, "general.type", "model", e);
    if (k.rc == 0)
        k.rc = put_text(w, "general.name", c->name, e);
    put_int(&k, "block_count", c->layers);
    put_int(&k, "context_length", c->context);
    put_int(&k, "embedding_length", c->dim);
    put_int(&k, "feed_forward_length", c->ff);
    put_int(&k, "attention.head_count", c->heads);
    put_int(&k, "attention.head_count_kv", c->kv_heads);
    if (c->head_dim * c->heads != c->dim) {
        put_int(&k, "attention.key_length", c->head_dim);
        put_int(&k, "attention.value_length", c->head_dim);
    }
    put_float(&k,
              c->layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon",
              c->eps);
    put_int(&k, "vocab_size", c->vocab);
    put_rope(&k, c);
    return k.rc;
}

int llm_gguf_put_type(struct model_writer *w, enum dtype t, struct err *e)
{
    /* llama.cpp's LLAMA_FTYPE_*; the _S mixes of the K types, for matrices of one type. */
    static const int number[DTYPES] = {
        [DTYPE_F32] = 0,    [DTYPE_F16] = 1,    [DTYPE_BF16] = 32, [DTYPE_Q4_0] = 2,
        [DTYPE_Q4_1] = 3,   [DTYPE_Q5_0] = 8,   [DTYPE_Q5_1] = 9,  [DTYPE_Q8_0] = 7,
        [DTYPE_Q4_K] = 14,  [DTYPE_Q5_K] = 16,  [DTYPE_Q6_K] = 18, [DTYPE_TQ1_0] = 36,
        [DTYPE_TQ2_0] = 37, [DTYPE_TQ2_64] = -1
    };
    int rc = 0;

    if (number[t] >= 0)
        TRY(model_writer_int(w, "general.file_type", GGUF_U32, number[t], e));
    if (dtype_info(t)->block > 1)
        TRY(model_writer_int(w, "general.quantization_version", GGUF_U32, 2, e));
out:
    return rc;
}
