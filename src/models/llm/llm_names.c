/* llm_names.c - what the tensors of a model are called in a file, by the part they play. */
#include "models/llm/llm_names.h"

#include <stdio.h>
#include <string.h>

struct names {
    const char *layer; /* what comes before the layer's number */
    const char *role[LLM_ROLES];
};

/* phi3 keeps gate and up in ffn_up, with twice the rows: llm_weights.c asks for a gate. */
static const struct names gguf = {
    .layer = "blk.",
    .role = { [LLM_EMBED] = "token_embd",
              [LLM_POS] = "position_embd",
              [LLM_NORM] = "output_norm",
              [LLM_HEAD] = "output",
              [LLM_ROPE_LONG] = "rope_factors_long",
              [LLM_ROPE_SHORT] = "rope_factors_short",
              [LLM_ATTN_NORM] = "attn_norm",
              [LLM_QKV] = "attn_qkv",
              [LLM_Q] = "attn_q",
              [LLM_K] = "attn_k",
              [LLM_V] = "attn_v",
              [LLM_ATTN_SUB_NORM] = "attn_sub_norm",
              [LLM_O] = "attn_output",
              [LLM_FFN_NORM] = "ffn_norm",
              [LLM_GATE] = "ffn_gate",
              [LLM_UP] = "ffn_up",
              [LLM_FFN_SUB_NORM] = "ffn_sub_norm",
              [LLM_DOWN] = "ffn_down" },
};

static const struct names hf = {
    .layer = "model.layers.",
    .role = { [LLM_EMBED] = "model.embed_tokens",
              [LLM_NORM] = "model.norm",
              [LLM_HEAD] = "lm_head",
              [LLM_ATTN_NORM] = "input_layernorm",
              [LLM_QKV] = "self_attn.qkv_proj",
              [LLM_Q] = "self_attn.q_proj",
              [LLM_K] = "self_attn.k_proj",
              [LLM_V] = "self_attn.v_proj",
              [LLM_ATTN_SUB_NORM] = "self_attn.attn_sub_norm",
              [LLM_O] = "self_attn.o_proj",
              [LLM_FFN_NORM] = "post_attention_layernorm",
              [LLM_GATE_UP] = "mlp.gate_up_proj",
              [LLM_GATE] = "mlp.gate_proj",
              [LLM_UP] = "mlp.up_proj",
              [LLM_FFN_SUB_NORM] = "mlp.ffn_sub_norm",
              [LLM_DOWN] = "mlp.down_proj" },
};

/* Without the "transformer." that some files put before all of it. */
static const struct names hf_gpt2 = {
    .layer = "h.",
    .role = { [LLM_EMBED] = "wte",
              [LLM_POS] = "wpe",
              [LLM_NORM] = "ln_f",
              [LLM_HEAD] = "lm_head",
              [LLM_ATTN_NORM] = "ln_1",
              [LLM_QKV] = "attn.c_attn",
              [LLM_O] = "attn.c_proj",
              [LLM_FFN_NORM] = "ln_2",
              [LLM_UP] = "mlp.c_fc",
              [LLM_DOWN] = "mlp.c_proj" },
};

static const struct names *names_of(enum model_format format, const struct llm_config *c)
{
    if (format == MODEL_GGUF)
        return &gguf;
    return c->family == LLM_GPT2 ? &hf_gpt2 : &hf;
}

static const char *spell(const struct names *n, const char *prefix, enum llm_role role, int layer,
                         const char *suffix, char buf[LLM_NAME_MAX])
{
    if (role >= LLM_ROLES || !n->role[role])
        buf[0] = '\0';
    else if (role < LLM_LAYER_ROLES)
        snprintf(buf, LLM_NAME_MAX, "%s%s.%s", prefix, n->role[role], suffix);
    else
        snprintf(buf, LLM_NAME_MAX, "%s%s%d.%s.%s", prefix, n->layer, layer, n->role[role], suffix);
    return buf;
}

static const char *prefix_of(const struct model_file *m, const struct names *n, enum llm_role role)
{
    if (n != &hf_gpt2 || role == LLM_HEAD)
        return "";
    return model_file_tensor(m, "transformer.wte.weight") ? "transformer." : "";
}

const char *llm_name(const struct model_file *m, const struct llm_config *c, enum llm_role role,
                     int layer, const char *suffix, char buf[LLM_NAME_MAX])
{
    const struct names *n = names_of(model_file_format(m), c);

    return spell(n, prefix_of(m, n, role), role, layer, suffix, buf);
}

const char *llm_name_of(enum model_format format, const struct llm_config *c, enum llm_role role,
                        int layer, const char *suffix, char buf[LLM_NAME_MAX])
{
    return spell(names_of(format, c), "", role, layer, suffix, buf);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);

    return n >= k && strcmp(s + n - k, end) == 0;
}

bool llm_name_ignored(const struct model_file *m, const struct llm_config *c, const char *name)
{
    if (model_file_format(m) == MODEL_GGUF)
        return false;
    if (c->family == LLM_GPT2) /* causal masks, kept as buffers */
        return ends_with(name, ".attn.bias") || ends_with(name, ".attn.masked_bias") ||
               (c->tied && strcmp(name, "lm_head.weight") == 0);
    return ends_with(name, ".rotary_emb.inv_freq") ||
           (c->tied && strcmp(name, "lm_head.weight") == 0);
}
