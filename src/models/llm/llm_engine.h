/* llm_engine.h - the state of an engine: what llm.h hides.
 *
 * A pass takes n rows (a token each) through all layers.  Threads meet at a barrier after each
 * phase; within one each takes pieces of its own part of the work by counting up a counter, then of
 * the others', so that a thread that was held up does less. */
#ifndef MODELS_LLM_LLM_ENGINE_H
#define MODELS_LLM_LLM_ENGINE_H

#include <stdbool.h>

#include "core/pool.h"
#include "models/llm/llm.h"
#include "models/llm/llm_kernels.h"
#include "models/llm/llm_kv.h"
#include "models/llm/llm_model.h"

/* Vectors as the matrix kernels want them: for each kind that is needed, one for each row. */
struct llm_inputs {
    struct act *of[LLM_ACT_KINDS];
    char *buffer[LLM_ACT_KINDS]; /* of all rows; act_bytes apart */
    float *normed;               /* [rows][cols] */
};

struct llm_scratch {
    struct llm_inputs in; /* for up to GEMV_TOKENS rows */
    void *matmul;
    float *row; /* one decoded row of a matrix */
};

struct llm_row {
    int seq;
    int32_t token;
    size_t pos;
};

/* A counter has a cache line of its own; it is changed by atomic operations. */
struct llm_counter {
    size_t next;
    char rest[56];
};

struct llm_pass {
    int n;          /* rows */
    bool many;      /* a prompt: matmul, and attention over one sequence */
    int want_first; /* the rows whose logits are wanted, want of them, up to the last */
    int want;
    float *logits; /* [want][vocab]; NULL: llm_forward_head follows */
    int n_attention;
    bool not_finite; /* changed by atomic operations */
};

struct llm {
    const struct llm_model *model;
    const struct llm_config *c;
    struct llm_kernels k;
    struct pool *pool;
    int threads;
    struct llm_kv kv;

    int max_rows, prompt_rows;             /* a pass; a prompt is cut into passes of prompt_rows */
    float *freq;                           /* [rot / 2] */
    float *x, *qkv, *attn, *gate, *up, *y; /* [max_rows][...] */
    float *cos, *sin;                      /* [max_rows][rot / 2] */
    struct llm_inputs in;                  /* for max_rows */
    struct llm_row *rows;                  /* [max_rows] */
    struct attention_args *attention;      /* [max_rows], k_offset and v_offset of layer 0 */
    int *attention_first, *merge_first;    /* [max_rows + 1]: the first item of each */
    size_t n_partial;                      /* floats in: */
    float *partial;
    struct llm_counter *counters; /* [phases][threads] */
    int used_counters;            /* phases */
    struct llm_scratch *scratch;  /* [threads] */
    struct llm_pass pass;

    float *each; /* [LLM_HEAD_ROWS][vocab], made when first asked for */
    void *arena;
    size_t arena_bytes;
};

/* Rows whose logits are computed together when those of every token of a prompt are wanted. */
enum { LLM_HEAD_ROWS = 32 };

#endif
