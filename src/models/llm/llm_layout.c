/* llm_layout.c - the memory of an engine besides the KV cache. */
#include "models/llm/llm_layout.h"

#include <math.h>

#include "core/mem.h"
#include "core/size.h"
#include "models/llm/llm_forward.h"

enum { ALIGN = 64 };

/* Pieces of one block, in order.  With base NULL they are only counted. */
struct arena {
    char *base;
    size_t used;
};

static void *piece(struct arena *a, size_t n, size_t size)
{
    char *p = a->base ? a->base + a->used : NULL;

    a->used += (n * size + ALIGN - 1) / ALIGN * ALIGN;
    return p;
}

/* The longest vector that any matrix reads. */
static size_t widest(const struct llm *g)
{
    size_t heads = (size_t)g->c->heads * g->c->head_dim;
    size_t n = (size_t)(g->c->dim > g->c->ff ? g->c->dim : g->c->ff);

    return heads > n ? heads : n;
}

struct need {
    const struct llm_kernels *k;
    size_t rows;
    size_t act[LLM_ACT_KINDS]; /* bytes of one vector of each kind, at most */
    size_t matmul;             /* bytes of scratch */
};

static void need_of(void *self, const struct weight *w)
{
    struct need *n = self;

    for (int many = 0; many < 2; many++) {
        enum act_kind kind = llm_kernels_act(n->k, w->dtype, many);
        size_t bytes = act_bytes(kind, w->cols);

        if (bytes > n->act[kind])
            n->act[kind] = bytes;
    }
    if (!n->k->reference) {
        size_t bytes = n->k->matmul[w->dtype]->scratch(w->cols, n->rows);

        if (bytes > n->matmul)
            n->matmul = bytes;
    }
}

static void inputs(struct arena *a, const struct need *n, size_t rows, size_t cols,
                   struct llm_inputs *out)
{
    out->normed = piece(a, rows * cols, sizeof(*out->normed));
    for (int k = 0; k < LLM_ACT_KINDS; k++) {
        out->of[k] = piece(a, rows, sizeof(*out->of[k]));
        out->buffer[k] = piece(a, rows, n->act[k]);
    }
}

void llm_layout_attention(const struct llm *g, int row, int tokens, struct attention_args *out)
{
    const struct llm_config *c = g->c;
    size_t hd = (size_t)c->head_dim, q = (size_t)c->heads * hd;
    const struct llm_row *first = &g->rows[row];

    *out = (struct attention_args){ .ldq = q + 2 * (size_t)c->kv_heads * hd,
                                    .ldo = q,
                                    .tokens = tokens,
                                    .first = (int)first->pos,
                                    .heads = c->heads,
                                    .kv_heads = c->kv_heads,
                                    .head_dim = c->head_dim,
                                    .scale = 1 / sqrtf((float)hd),
                                    .window = c->window,
                                    .kv_dtype = g->kv.dtype,
                                    .pool = g->kv.pool,
                                    .page_bytes = g->kv.page_bytes,
                                    .v_offset = g->kv.layer_bytes / 2,
                                    .head_bytes = g->kv.head_bytes,
                                    .pages = g->kv.seqs[first->seq].pages };
    out->ldkv = out->ldq;
    out->q = g->qkv + (size_t)row * out->ldq;
    out->k = out->q + q;
    out->v = out->k + (size_t)c->kv_heads * hd;
    out->out = g->attn + (size_t)row * q;
}

/* Partial results of attention: of a prompt's pass, or of one token in each of all sequences,
 * wherever they are: a window that ends at the end of the context may touch a cut less than one
 * before it. */
static size_t partial_floats(const struct llm *g)
{
    struct llm_row at = { 0 };
    struct llm last = *g;
    struct attention_args a;
    size_t prompt, token;

    last.rows = &at;
    llm_layout_attention(&last, 0, 1, &a);
    token = attention_partial_bound(&a, (int)g->kv.context) * (size_t)g->kv.n_seqs;
    a.tokens = g->max_rows;
    prompt = attention_partial_bound(&a, (int)g->kv.context);
    return prompt > token ? prompt : token;
}

static void share_out(struct llm *g, struct arena *a, const struct need *n)
{
    const struct llm_config *c = g->c;
    size_t rows = (size_t)g->max_rows, hd = (size_t)c->head_dim, half = (size_t)c->rot / 2;
    size_t q = (size_t)c->heads * hd, kv = (size_t)c->kv_heads * hd, cols = widest(g);

    g->freq = piece(a, half, sizeof(*g->freq));
    g->x = piece(a, rows * (size_t)c->dim, sizeof(*g->x));
    g->y = piece(a, rows * (size_t)c->dim, sizeof(*g->y));
    g->qkv = piece(a, rows * (q + 2 * kv), sizeof(*g->qkv));
    g->attn = piece(a, rows * q, sizeof(*g->attn));
    g->up = piece(a, rows * (size_t)c->ff, sizeof(*g->up));
    g->gate = piece(a, c->gated ? rows * (size_t)c->ff : 0, sizeof(*g->gate));
    g->cos = piece(a, rows * half, sizeof(*g->cos));
    g->sin = piece(a, rows * half, sizeof(*g->sin));
    g->rows = piece(a, rows, sizeof(*g->rows));
    g->attention = piece(a, rows, sizeof(*g->attention));
    g->attention_first = piece(a, rows + 1, sizeof(*g->attention_first));
    g->merge_first = piece(a, rows + 1, sizeof(*g->merge_first));
    g->n_partial = partial_floats(g);
    g->partial = piece(a, g->n_partial, sizeof(*g->partial));
    g->counters =
        piece(a, (size_t)llm_forward_counters(c) * (size_t)g->threads, sizeof(*g->counters));
    inputs(a, n, rows, cols, &g->in);
    g->scratch = piece(a, (size_t)g->threads, sizeof(*g->scratch));
    for (int i = 0; i < g->threads; i++) {
        struct llm_scratch s = { .matmul = piece(a, 1, n->matmul),
                                 .row = piece(a, cols, sizeof(*s.row)) };

        inputs(a, n, GEMV_TOKENS, cols, &s.in);
        if (a->base)
            g->scratch[i] = s;
    }
}

int llm_layout_make(struct llm *g, struct err *e)
{
    struct need n = { .k = &g->k, .rows = (size_t)g->max_rows };
    struct arena a = { 0 };
    char text[SIZE_TEXT];

    llm_model_each_matrix(g->model, need_of, &n);
    share_out(g, &a, &n);
    g->arena_bytes = a.used + ALIGN;
    g->arena = mem_calloc(1, g->arena_bytes);
    if (!g->arena)
        return ERR(e, ERR_NOMEM, "no memory for the engine's buffers: they want %s",
                   size_text(text, g->arena_bytes));
    a = (struct arena){ (char *)g->arena + (ALIGN - (uintptr_t)g->arena % ALIGN) % ALIGN, 0 };
    share_out(g, &a, &n);
    return 0;
}
