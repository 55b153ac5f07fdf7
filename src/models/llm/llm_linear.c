/* llm_linear.c - y = W x for the rows of a pass, by the kernels that were chosen. */
#include "models/llm/llm_linear.h"

enum {
    LANES = 16, /* partial sums of a reference dot product */
    GEMV_ROWS = 8
};

unsigned llm_linear_kinds(const struct llm_kernels *k, bool many, const struct llm_linear *const *l,
                          int n)
{
    unsigned kinds = 0;

    for (int i = 0; i < n; i++)
        kinds |= 1u << llm_kernels_act(k, l[i]->w.dtype, many);
    return kinds;
}

void llm_linear_prepare(const struct llm *g, struct llm_inputs *in, int r, const float *x,
                        size_t cols, const struct llm_norm *norm, unsigned kinds)
{
    float *y = in->normed + (size_t)r * cols;

    if (norm && norm->gain) {
        if (norm->shift)
            g->k.norm->layer(x, norm->gain, norm->shift, g->c->eps, y, cols);
        else
            g->k.norm->rms(x, norm->gain, g->c->eps, y, cols);
        x = y;
    }
    for (unsigned k = 0; k < LLM_ACT_KINDS; k++)
        if (kinds & 1u << k)
            act_quantize((enum act_kind)k, x, cols,
                         in->buffer[k] + (size_t)r * act_bytes((enum act_kind)k, cols),
                         &in->of[k][r]);
}

static float dot(const float *a, const float *b, size_t n)
{
    float sum[LANES] = { 0 }, all = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            sum[j] += a[i + j] * b[i + j];
    for (; i < n; i++)
        all += a[i] * b[i];
    for (int j = 0; j < LANES; j++)
        all += sum[j];
    return all;
}

static void reference(const struct weight *w, size_t row0, size_t row1, const struct act *x, int n,
                      float *y, size_t ldy, float *row)
{
    for (size_t r = row0; r < row1; r++) {
        dtype_to_f32(w->dtype, (const char *)w->data + r * w->row_bytes, row, w->cols);
        for (int t = 0; t < n; t++)
            y[(size_t)t * ldy + r] = dot(row, x[t].x, w->cols);
    }
}

void llm_linear_run(const struct llm_kernels *k, const struct llm_call *call,
                    const struct llm_linear *l, size_t row0, size_t row1, float *y, size_t ldy)
{
    const struct weight *w = &l->w;
    const struct act *x = call->in->of[llm_kernels_act(k, w->dtype, call->many)] + call->first;

    if (k->reference) {
        reference(w, row0, row1, x, call->n, y, ldy, call->scratch->row);
    } else if (call->many) {
        k->matmul[w->dtype]->run(w, row0, row1, x, (size_t)call->n, y, ldy, call->scratch->matmul);
    } else {
        for (int t = 0; t < call->n; t += GEMV_TOKENS) {
            int n = call->n - t < GEMV_TOKENS ? call->n - t : GEMV_TOKENS;

            k->gemv[w->dtype]->run(w, row0, row1, x + t, n, y + (size_t)t * ldy, ldy);
        }
    }
}

size_t llm_linear_panel(const struct llm_kernels *k, const struct llm_linear *l, bool many)
{
    return many && !k->reference ? k->matmul[l->w.dtype]->rows : GEMV_ROWS;
}
