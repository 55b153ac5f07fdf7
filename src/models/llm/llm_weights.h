/* llm_weights.h - the tensors of a file, each in its place in the model.
 *
 * Matrices stay where the file has them; one that holds several (q|k|v, gate|up) is cut into views
 * of its rows.  GPT-2's in safetensors are [in, out] and are turned round into memory of our own;
 * norms and biases are copied to F32. */
#ifndef MODELS_LLM_LLM_WEIGHTS_H
#define MODELS_LLM_LLM_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "kernels/dtype/dtype.h"
#include "models/format/model_file.h"
#include "models/llm/llm_config.h"

/* y = W x + b */
struct llm_linear {
    struct weight w;   /* w.data NULL: this family has none */
    const float *bias; /* [rows], or NULL */
};

/* A norm's gain [n] and, for LayerNorm, its shift; gain NULL: none here. */
struct llm_norm {
    const float *gain, *shift;
};

struct llm_layer {
    struct llm_norm attn_norm, attn_sub_norm, ffn_norm, ffn_sub_norm;
    struct llm_linear q, k, v, o;     /* (heads * head_dim, dim), 2 x (kv_heads * head_dim, dim),
                                        * (dim, heads * head_dim) */
    struct llm_linear gate, up, down; /* 2 x (ff, dim), (dim, ff) */
};

struct llm_weights {
    struct weight embed, pos; /* (vocab, dim), (context, dim) */
    struct llm_linear head;   /* (vocab, dim); embed's where tied */
    struct llm_norm norm;
    struct llm_layer *layers;            /* owned, config.layers */
    const float *rope_short, *rope_long; /* [rot / 2] divisors of the frequencies, or NULL */
    struct llm_weights_block *blocks;    /* owned memory of everything that was copied */
    size_t copied_bytes;
    uint64_t parameters;
};

/* ERR_FORMAT names a tensor that is missing or of the wrong shape; ERR_NOTSUP one that the family
 * does not have, so that it may mean something that we do not compute.  Borrows from m. */
int llm_weights_load(struct llm_weights *w, const struct model_file *m, const struct llm_config *c,
                     struct err *e);
void llm_weights_release(struct llm_weights *w);

#endif
