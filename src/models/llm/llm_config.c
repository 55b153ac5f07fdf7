/* llm_config.c - what holds for a configuration whichever format it was read from. */
#include "models/llm/llm_config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/attention/attention.h"
#include "models/llm/llm_config_gguf.h"
#include "models/llm/llm_config_hf.h"

const char *llm_family_name(enum llm_family f)
{
    static const char *const names[] = { [LLM_GPT2] = "gpt2",
                                         [LLM_LLAMA] = "llama",
                                         [LLM_QWEN2] = "qwen2",
                                         [LLM_PHI3] = "phi3",
                                         [LLM_BITNET] = "bitnet" };

    return names[f];
}

struct range {
    const char *what;
    int value, lo, hi;
};

/* The bounds are generous for any model of these families; sizes made from values inside of them
 * fit an int64_t, and most of them an int. */
static int check_ranges(const struct llm_config *c, const char *path, struct err *e)
{
    const struct range ranges[] = {
        { "layers", c->layers, 1, 4096 },
        { "embedding length", c->dim, 1, 1 << 18 },
        { "feed-forward length", c->ff, 1, 1 << 20 },
        { "attention heads", c->heads, 1, 4096 },
        { "key and value heads", c->kv_heads, 1, 4096 },
        { "head length", c->head_dim, 1, 4096 },
        { "vocabulary", c->vocab, 1, 1 << 24 },
        { "context length", c->context, 1, 1 << 28 },
        { "RoPE dimensions", c->rot, 0, 4096 },
        { "sliding window", c->window, 0, 1 << 28 },
        { "original context length", c->rope_original, 0, 1 << 28 },
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (ranges[i].value < ranges[i].lo || ranges[i].value > ranges[i].hi)
            return ERR(e, ERR_FORMAT, "%s: %s is %d; expected %d to %d", path, ranges[i].what,
                       ranges[i].value, ranges[i].lo, ranges[i].hi);
    return 0;
}

static int check(const struct llm_config *c, const char *path, struct err *e)
{
    int rc = 0;

    TRY(check_ranges(c, path, e));
    if (c->heads % c->kv_heads != 0)
        return ERR(e, ERR_FORMAT, "%s: %d attention heads cannot share %d key and value heads",
                   path, c->heads, c->kv_heads);
    if (c->rot > c->head_dim || c->rot % 2 != 0)
        return ERR(e, ERR_FORMAT, "%s: RoPE turns %d values of a head of %d; expected an even part",
                   path, c->rot, c->head_dim);
    if (c->head_dim % 8 != 0 || c->head_dim > ATTENTION_DIM_MAX)
        return ERR(e, ERR_NOTSUP,
                   "%s: heads of %d values are not supported; multiples of 8 to %d are", path,
                   c->head_dim, ATTENTION_DIM_MAX);
    if (!(c->eps >= 0) || !(c->eps < 1))
        return ERR(e, ERR_FORMAT, "%s: the norms' epsilon is %g; expected 0 to 1", path,
                   (double)c->eps);
    if (c->rope != ROPE_NONE && (!(c->theta > 1) || !isfinite(c->theta)))
        return ERR(e, ERR_FORMAT, "%s: RoPE's base is %g; expected more than 1", path,
                   (double)c->theta);
    if (!(c->rope_attn > 0) || !isfinite(c->rope_attn))
        return ERR(e, ERR_FORMAT, "%s: RoPE's attention factor is %g; expected more than 0", path,
                   (double)c->rope_attn);
out:
    return rc;
}

/* For a file that does not say what it is called: the last part of its path.  All safetensors are
 * called "model"; their folder is not. */
static void name_from_path(struct llm_config *c, const struct model_file *m)
{
    const char *path = model_file_path(m), *end = path + strlen(path), *slash;

    slash = memrchr(path, '/', (size_t)(end - path));
    if (model_file_format(m) == MODEL_SAFETENSORS && slash && slash > path) {
        end = slash;
        slash = memrchr(path, '/', (size_t)(end - path));
    }
    path = slash ? slash + 1 : path;
    snprintf(c->name, sizeof(c->name), "%.*s", (int)(end - path), path);
}

/* A name is shown, and must not steer the terminal of who looks at it. */
static void clean_name(struct llm_config *c)
{
    for (char *p = c->name; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            *p = ' ';
}

int llm_config_read(struct llm_config *c, const struct model_file *m, struct err *e)
{
    const char *path = model_file_path(m);
    int rc = 0;

    *c = (struct llm_config){ .theta = 10000, .rope_attn = 1 };
    if (model_file_format(m) == MODEL_GGUF)
        TRY(llm_config_gguf_read(c, m, e));
    else
        TRY(llm_config_hf_read(c, m, e));
    if (c->name[0] == '\0')
        name_from_path(c, m);
    clean_name(c);
    TRY(check(c, path, e));
out:
    return rc;
}
