/* llm_cost.c - the bytes and operations of a token or a prompt, from the shapes of the weights.
 *
 * A step of `batch` sequences reads every matrix once (and of the embedding one row a token), and
 * the whole cache of each sequence; a multiply-add is two operations.  Attention to p positions is
 * 4 * heads * head_dim * p: the products with K and with V. */
#include "models/llm/llm.h"
#include "models/llm/llm_engine.h"

struct matrices {
    double bytes, values; /* of the layers and the head */
};

static void count(void *self, const struct weight *w)
{
    struct matrices *m = self;

    m->bytes += (double)w->rows * (double)w->row_bytes;
    m->values += (double)w->rows * (double)w->cols;
}

static struct matrices matrices_of(const struct llm *g)
{
    struct matrices m = { 0 };

    llm_model_each_matrix(g->model, count, &m);
    return m;
}

/* Norms and biases, which are F32. */
static double vector_bytes(const struct llm *g)
{
    const struct llm_config *c = g->c;
    const struct llm_layer *y = &g->model->weights.layers[0]; /* all are alike */
    const struct llm_linear *const l[] = { &y->q, &y->k, &y->v, &y->o, &y->gate, &y->up, &y->down };
    double norms = (c->layer_norm ? 2.0 : 1.0) * c->dim;
    double layer = 2 * norms;

    if (c->sub_norm)
        layer += (double)c->heads * c->head_dim + c->ff;
    for (size_t i = 0; i < sizeof(l) / sizeof(l[0]); i++)
        layer += l[i]->bias ? (double)l[i]->w.rows : 0;
    return 4 * (c->layers * layer + norms);
}

static double embedding_bytes(const struct llm *g)
{
    const struct llm_weights *w = &g->model->weights;

    return (double)w->embed.row_bytes + (w->pos.data ? (double)w->pos.row_bytes : 0);
}

/* Positions that a token at `pos` attends to, itself among them. */
static double attended(const struct llm_config *c, double pos)
{
    double n = pos + 1;

    return c->window > 0 && n > c->window ? c->window : n;
}

static double attention_flops(const struct llm_config *c, double positions)
{
    return 4.0 * c->layers * c->heads * c->head_dim * positions;
}

void llm_decode_cost(const struct llm *g, int batch, double context, struct llm_cost *out)
{
    struct matrices m = matrices_of(g);
    double positions = attended(g->c, context);

    *out = (struct llm_cost){
        .weight_bytes = m.bytes + vector_bytes(g) + batch * embedding_bytes(g),
        .kv_read_bytes = batch * positions * (double)llm_kv_bytes(g),
        .kv_write_bytes = batch * (double)llm_kv_bytes(g),
        .flops = batch * (2 * m.values + attention_flops(g->c, positions)),
    };
}

void llm_prefill_cost(const struct llm *g, size_t n, struct llm_cost *out)
{
    struct matrices m = matrices_of(g);
    double head = 2.0 * g->c->vocab * g->c->dim, positions = 0;

    for (size_t i = 0; i < n; i++)
        positions += attended(g->c, (double)i);
    *out = (struct llm_cost){
        .weight_bytes = m.bytes + vector_bytes(g) + (double)n * embedding_bytes(g),
        .kv_read_bytes = attended(g->c, (double)n - 1) * (double)llm_kv_bytes(g),
        .kv_write_bytes = (double)n * (double)llm_kv_bytes(g),
        .flops = (double)n * (2 * m.values - head) + head + attention_flops(g->c, positions),
    };
}
