/* llm_linear.h - y = W x for the rows of a pass, by the kernels that were chosen. */
#ifndef MODELS_LLM_LLM_LINEAR_H
#define MODELS_LLM_LLM_LINEAR_H

#include "models/llm/llm_engine.h"

/* One bit for each kind of activation that these matrices read. */
unsigned llm_linear_kinds(const struct llm_kernels *k, bool many, const struct llm_linear *const *l,
                          int n);

/* Row r of what the matrices read: x [cols], normalised where there is a norm. */
void llm_linear_prepare(const struct llm *g, struct llm_inputs *in, int r, const float *x,
                        size_t cols, const struct llm_norm *norm, unsigned kinds);

/* A call of llm_linear_run: n vectors, from row `first` of in. */
struct llm_call {
    const struct llm_inputs *in;
    int first, n;
    bool many;
    const struct llm_scratch *scratch;
};

/* Output rows row0 .. row1 - 1 of l for all vectors: y[t * ldy + r], without the bias. */
void llm_linear_run(const struct llm_kernels *k, const struct llm_call *call,
                    const struct llm_linear *l, size_t row0, size_t row1, float *y, size_t ldy);

/* Rows that go together: row0 must be a multiple of it. */
size_t llm_linear_panel(const struct llm_kernels *k, const struct llm_linear *l, bool many);

#endif
