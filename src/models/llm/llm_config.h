/* llm_config.h - the shape of a language model: one configuration that covers all families.
 *
 * gpt2: LayerNorm with bias, learned positions, biases, tanh-GELU.  llama (SmolLM, SmolLM2), qwen2
 * (q, k, v biases), phi3 (q|k|v and gate|up in one matrix, sliding window, longrope): RMSNorm,
 * RoPE, gated SiLU.  bitnet (b1.58): a norm before the output and the down projection, squared
 * ReLU.  Every field is read from the file; what a family does not say has the value of its
 * definition.  A variant that we do not compute exactly (a rope scaling, an activation, experts,
 * ...) is ERR_NOTSUP by name. */
#ifndef MODELS_LLM_LLM_CONFIG_H
#define MODELS_LLM_LLM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "kernels/activation/activation.h"
#include "kernels/rope/rope.h"
#include "models/format/model_file.h"

enum llm_family { LLM_GPT2, LLM_LLAMA, LLM_QWEN2, LLM_PHI3, LLM_BITNET };
const char *llm_family_name(enum llm_family f); /* "gpt2", "llama", ... */

struct llm_config {
    enum llm_family family;
    char name[96]; /* general.name, or the file's */
    int layers, dim, ff, heads, kv_heads, head_dim, vocab;
    int context; /* positions that the model was trained for */
    int rot;     /* of head_dim, the values that RoPE turns */
    int window;  /* 0: none */
    float eps, theta;
    bool layer_norm; /* else RMSNorm */
    bool gated;      /* feed-forward: act(gate) * up */
    bool sub_norm;
    bool tied; /* the head is the token embedding */
    enum rope_kind rope;
    enum activation act;
    /* longrope: frequencies are divided by the long factors when a context longer than
     * rope_original is asked for a sequence, else by the short ones; cos and sin times
     * rope_attn. */
    int rope_original; /* 0: no scaling */
    float rope_attn;
};

int llm_config_read(struct llm_config *c, const struct model_file *m, struct err *e);

/* The shapes that `model synth` knows by name: "gpt2", "smollm2-135m", "smollm-135m",
 * "qwen2.5-0.5b", "phi-3-mini-4k", "bitnet-2b", and their tiny forms for tests ("tiny-gpt2", ...).
 * NULL when there is none. */
const struct llm_config *llm_shape(const char *name);
const char *llm_shape_name(int i); /* 0, 1, ...; NULL after the last */

#endif
