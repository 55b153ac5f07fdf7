/* llm_kernels.h - the code that an engine runs: a variant of every kernel, chosen once.
 *
 * The reference path takes the scalar variants and multiplies decoded weights with F32 activations;
 * the fast path takes what the CPU prefers, or the named variants where there are some. */
#ifndef MODELS_LLM_LLM_KERNELS_H
#define MODELS_LLM_LLM_KERNELS_H

#include <stdbool.h>

#include "host/cpu.h"
#include "kernels/activation/activation.h"
#include "kernels/attention/attention.h"
#include "kernels/gemm/matmul.h"
#include "kernels/gemv/gemv.h"
#include "kernels/norm/norm.h"
#include "kernels/rope/rope.h"
#include "models/llm/llm_model.h"

enum { LLM_ACT_KINDS = ACT_Q8_ROW + 1 };

struct llm_kernels {
    bool reference;
    const struct norm_variant *norm;
    const struct rope_variant *rope;
    const struct activation_variant *activation;
    const struct attention_variant *attention;
    const struct gemv_variant *gemv[DTYPES];     /* of the types in the model; fast path */
    const struct matmul_variant *matmul[DTYPES]; /* likewise */
    char path[256], activations[96];             /* llm_path_text, llm_activations_text */
};

/* name: llm_options.variant. */
void llm_kernels_choose(struct llm_kernels *k, const struct llm_model *m,
                        const struct cpu_info *cpu, enum llm_path path, const char *name);

/* What a matrix of this type reads, as one vector or (many) as a prompt. */
enum act_kind llm_kernels_act(const struct llm_kernels *k, enum dtype t, bool many);

#endif
