/* llm_shape.c - the shapes of models that people run, from their published configurations, and tiny
 * ones of every family for tests. */
#include <string.h>

#include "models/llm/llm_config.h"

/* What the models of a family have in common. */
#define GPT2                                                                               \
    .family = LLM_GPT2, .eps = 1e-5F, .layer_norm = true, .tied = true, .rope = ROPE_NONE, \
    .act = ACTIVATION_GELU_TANH, .rope_attn = 1
#define LLAMA                                                                          \
    .family = LLM_LLAMA, .eps = 1e-5F, .gated = true, .tied = true, .rope = ROPE_PAIR, \
    .act = ACTIVATION_SILU, .rope_attn = 1
#define QWEN2                                                                          \
    .family = LLM_QWEN2, .eps = 1e-6F, .gated = true, .tied = true, .rope = ROPE_HALF, \
    .act = ACTIVATION_SILU, .theta = 1e6F, .rope_attn = 1
#define PHI3                                                                                    \
    .family = LLM_PHI3, .eps = 1e-5F, .gated = true, .rope = ROPE_HALF, .act = ACTIVATION_SILU, \
    .theta = 1e4F
#define BITNET                                                                         \
    .family = LLM_BITNET, .eps = 1e-5F, .gated = true, .tied = true, .sub_norm = true, \
    .rope = ROPE_HALF, .theta = 5e5F, .rope_attn = 1

/* Heads of a length that all of RoPE turns. */
#define HEADS(n, kv, length) .heads = (n), .kv_heads = (kv), .head_dim = (length), .rot = (length)

/* longrope: sqrt(1 + ln(context / original) / ln(original)), for 131072 / 4096 and 256 / 64. */
#define PHI3_128K_ATTN 1.1902380714238083F
#define TINY_LONG_ATTN 1.1547005383792515F

#define BITNET_2B                                                                      \
    BITNET, .layers = 30, .dim = 2560, .ff = 6912, HEADS(20, 5, 128), .vocab = 128256, \
            .context = 4096

/* Rows of 256 fit every format; tiny-qwen2's of 192 do not, and make fallbacks. */
#define TINY       .layers = 2, .dim = 256, .ff = 512, .vocab = 320, .context = 256
#define TINY_HEADS HEADS(4, 2, 64)

static const struct llm_config shapes[] = {
    { GPT2, .name = "gpt2", .layers = 12, .dim = 768, .ff = 3072, .heads = 12, .kv_heads = 12,
      .head_dim = 64, .vocab = 50257, .context = 1024 },
    { LLAMA, .name = "smollm-135m", .layers = 30, .dim = 576, .ff = 1536, HEADS(9, 3, 64),
      .vocab = 49152, .context = 2048, .theta = 1e4F },
    { LLAMA, .name = "smollm2-135m", .layers = 30, .dim = 576, .ff = 1536, HEADS(9, 3, 64),
      .vocab = 49152, .context = 8192, .theta = 1e5F },
    { LLAMA, .name = "smollm2-360m", .layers = 32, .dim = 960, .ff = 2560, HEADS(15, 5, 64),
      .vocab = 49152, .context = 8192, .theta = 1e5F },
    { LLAMA, .name = "smollm2-1.7b", .layers = 24, .dim = 2048, .ff = 8192, HEADS(32, 32, 64),
      .vocab = 49152, .context = 8192, .theta = 1.3e5F },
    { QWEN2, .name = "qwen2.5-0.5b", .layers = 24, .dim = 896, .ff = 4864, HEADS(14, 2, 64),
      .vocab = 151936, .context = 32768 },
    { QWEN2, .name = "qwen2.5-1.5b", .layers = 28, .dim = 1536, .ff = 8960, HEADS(12, 2, 128),
      .vocab = 151936, .context = 32768 },
    { PHI3, .name = "phi-3-mini-4k", .layers = 32, .dim = 3072, .ff = 8192, HEADS(32, 32, 96),
      .vocab = 32064, .context = 4096, .window = 2047, .rope_attn = 1 },
    { PHI3, .name = "phi-3-mini-128k", .layers = 32, .dim = 3072, .ff = 8192, HEADS(32, 32, 96),
      .vocab = 32064, .context = 131072, .window = 262144, .rope_original = 4096,
      .rope_attn = PHI3_128K_ATTN },
    { BITNET_2B, .name = "bitnet-2b", .act = ACTIVATION_RELU2 },
    /* The architecture "bitnet" of llama.cpp, for comparing speeds: it keeps SiLU. */
    { BITNET_2B, .name = "bitnet-2b-silu", .act = ACTIVATION_SILU },
    { GPT2, TINY, .name = "tiny-gpt2", .heads = 4, .kv_heads = 4, .head_dim = 64 },
    { LLAMA, TINY, TINY_HEADS, .name = "tiny-llama", .theta = 1e4F },
    { QWEN2, .name = "tiny-qwen2", .layers = 2, .dim = 192, .ff = 512, HEADS(6, 2, 32),
      .vocab = 320, .context = 256 },
    { PHI3, TINY, HEADS(4, 4, 64), .name = "tiny-phi3", .window = 47, .rope_attn = 1 },
    { PHI3, TINY, HEADS(4, 4, 64), .name = "tiny-phi3-long", .rope_original = 64,
      .rope_attn = TINY_LONG_ATTN },
    { BITNET, TINY, TINY_HEADS, .name = "tiny-bitnet", .act = ACTIVATION_RELU2 },
};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

const struct llm_config *llm_shape(const char *name)
{
    for (int i = 0; i < SHAPES; i++)
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    return NULL;
}

const char *llm_shape_name(int i)
{
    return i >= 0 && i < SHAPES ? shapes[i].name : NULL;
}
