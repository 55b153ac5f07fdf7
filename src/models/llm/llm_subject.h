/* llm_subject.h - the model that a benchmark of models.llm measures, and what its rows have in
 * common: the axes model, dtype and threads, the check against the reference path, the limits, the
 * properties.
 *
 * model=NAME is NAME.gguf, NAME.safetensors or the folder NAME in bench_ctx.models; where there is
 * none, and NAME is a shape that `model synth` knows, random weights of that shape: the origin of
 * the row is then ORIGIN_SYNTHETIC, which is said wherever its value is shown. */
#ifndef MODELS_LLM_LLM_SUBJECT_H
#define MODELS_LLM_LLM_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bench.h"
#include "core/limits.h"
#include "models/llm/llm.h"
#include "models/text/tokenizer.h"

extern const char *const llm_subject_dtype_names[]; /* "file", then as enum dtype */
extern const char *const llm_subject_threads_names[];

#define LLM_AXIS_MODEL                                                                       \
    {                                                                                        \
        .name = "model",                                                                     \
        .help = "a model in the --models folder, by its name there; else random weights of " \
                "the shape of that name (headroom help model)",                              \
        .kind = AXIS_WORD, .normal = "smollm2-135m"                                          \
    }
#define LLM_AXIS_DTYPE                                                                            \
    {                                                                                             \
        .name = "dtype",                                                                          \
        .help = "type of the weights: as they are in the file (random ones: q4_1), or made from " \
                "these",                                                                          \
        .kind = AXIS_ENUM, .names = llm_subject_dtype_names, .normal = "file"                     \
    }
#define LLM_AXIS_THREADS                                                            \
    {                                                                               \
        .name = "threads", .help = "one core, or all (one thread a physical core)", \
        .kind = AXIS_ENUM, .names = llm_subject_threads_names, .normal = "all"      \
    }

struct llm_subject {
    struct llm_model *model;
    struct tokenizer *tokenizer;
    bool synthetic;
    /* Set before it is opened: random weights of every type are made from those of
     * llm_subject_open_source(), which takes longer; else each type has its own. */
    bool from_source;
    char path[1200]; /* of the file; "" where it is only in memory */
    void *bytes;     /* owned: a model in memory */
    size_t n_bytes;
    float *expected; /* logits of the reference path after the check's tokens; owned */
};

/* By the axes of c (dtype only where it applies), with the properties of the model in the row.
 * ERR_NOTSUP: no such model, or one that this engine does not run: the row is skipped.  A damaged
 * file is a failed row. */
int llm_subject_open(struct llm_subject *s, struct bench_ctx *c, struct err *e);
/* The weights that other types are made from: the file's own; random ones in F16. */
int llm_subject_open_source(struct llm_subject *s, struct bench_ctx *c, struct err *e);
void llm_subject_close(struct llm_subject *s); /* also half a one */

/* The file that NAME means in folder `models`: false where there is none. */
bool llm_subject_find(const char *models, const char *name, char *path, size_t cap);

/* n tokens of running text, the same every time, all in the model's vocabulary; ERR_NOMEM,
 * ERR_FORMAT where the tokenizer has none or others. */
int llm_subject_tokens(const struct llm_subject *s, size_t n, int32_t *out, struct err *e);
const char *llm_subject_text(void); /* that text: English, about 1,300 tokens */

/* An engine for `sequences` with `context` positions each (or what the check needs, where that is
 * more), threads by the axis.  ERR_NOTSUP where the model has fewer positions. */
int llm_subject_engine(struct llm **out, const struct llm_subject *s, struct bench_ctx *c,
                       size_t context, int sequences, struct err *e);

/* The first tokens of the text on this engine (its sequence 0, emptied) against the reference path:
 * fills c->check, ERR_MISMATCH.  The reference is computed once. */
int llm_subject_check(struct llm_subject *s, struct llm *g, struct bench_ctx *c, struct err *e);

/* May caches keep a part of so many bytes that are read again and again?  False where no cache is
 * known. */
bool llm_subject_in_caches(double bytes);

/* Bounds of `items` a second that move and compute `cost` together: the memory that the bytes come
 * from, and the arithmetic of the matrices, both measured by silicon.* at the same threads.
 * prompt: the matrices are multiplied with many tokens at once. */
int llm_subject_limits(const struct llm_subject *s, struct bench_ctx *c, struct limits *out,
                       const struct llm_cost *cost, double items, bool prompt, struct err *e);

/* The properties of a row that does `cost` for `items` tokens. */
void llm_subject_cost(struct bench_ctx *c, const struct llm_cost *cost, double items);

#endif
