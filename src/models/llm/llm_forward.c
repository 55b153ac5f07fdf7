/* llm_forward.c - one pass: tokens in, logits out, all threads together.
 *
 * Five phases a layer, with a barrier after each:
 *   norm, q|k|v, bias, RoPE, write K and V | attention | o, residual | norm, gate|up, activation |
 *   down, residual
 * A thread takes chunks of rows of the matrices (or rows of the pass, or items of attention) as it
 * becomes free.  For a few rows every thread prepares the vectors for itself: normalising them
 * twice costs less than waiting for them.  For many rows preparing, RoPE and merging are phases of
 * their own.
 *
 * Who may write what: in a phase each chunk writes its own part of a buffer, which nobody reads
 * before the barrier. */
#include "models/llm/llm_forward.h"

#include <math.h>
#include <string.h>

#include "models/llm/llm_linear.h"

enum {
    COUNTERS_LAYER = 12,
    COUNTERS_OUTSIDE = 3,
    CHUNKS_A_THREAD = 4 /* so that the last one to end is late by little */
};

/* A thread's view of the pass. */
struct task {
    struct llm *g;
    struct llm_scratch *scratch;
    size_t thread;
    int first, n; /* rows that this part of the pass is about */
    bool many;
    int phase; /* the same in all threads at the same barrier */
};

int llm_forward_counters(const struct llm_config *c)
{
    return COUNTERS_LAYER * c->layers + COUNTERS_OUTSIDE;
}

/* ---- phases ---- */

static void phase_end(struct task *t)
{
    t->phase++;
    pool_barrier(t->g->pool);
}

/* The next of `all` pieces of this phase; `all` when there are no more.  A thread has a stretch of
 * neighbouring pieces of its own, so that what is read ahead at the end of one is the beginning of
 * its next, and then helps the others with theirs. */
static size_t take(const struct task *t, size_t all)
{
    size_t n = (size_t)t->g->threads;
    struct llm_counter *counters = t->g->counters + (size_t)t->phase * n;

    for (size_t k = 0; k < n; k++) {
        size_t whose = (t->thread + k) % n;
        size_t first = all * whose / n, mine = all * (whose + 1) / n - first, i;

        if (__atomic_load_n(&counters[whose].next, __ATOMIC_RELAXED) >= mine)
            continue;
        i = __atomic_fetch_add(&counters[whose].next, 1, __ATOMIC_RELAXED);
        if (i < mine)
            return first + i;
    }
    return all;
}

/* What several matrices that read the same vectors make of them. */
struct part {
    const struct llm_linear *l;
    float *y; /* [rows of the pass][ldy] */
    size_t ldy;
};

struct chunk {
    int part;
    size_t row0, row1;
};

static size_t chunks_of(const struct part *p, size_t rows)
{
    return (p->l->w.rows + rows - 1) / rows;
}

/* The next chunk of the rows of n parts, none across two of them; false when there are no more. */
static bool take_chunk(const struct task *t, const struct part *p, int n, size_t rows,
                       struct chunk *out)
{
    size_t all = 0, i;
    int k = 0;

    for (int j = 0; j < n; j++)
        all += chunks_of(&p[j], rows);
    i = take(t, all);
    if (i == all)
        return false;
    for (; i >= chunks_of(&p[k], rows); k++)
        i -= chunks_of(&p[k], rows);
    *out = (struct chunk){ k, i * rows, (i + 1) * rows };
    if (out->row1 > p[k].l->w.rows)
        out->row1 = p[k].l->w.rows;
    return true;
}

static size_t common_multiple(size_t a, size_t b)
{
    size_t x = a, y = b;

    while (y != 0) {
        size_t rest = x % y;

        x = y;
        y = rest;
    }
    return a / x * b;
}

/* Rows of a chunk: a multiple of what the kernels and `align` ask for. */
static size_t chunk_rows(const struct task *t, const struct part *p, int n, size_t align)
{
    size_t all = 0, want;

    for (int k = 0; k < n; k++) {
        align = common_multiple(align, llm_linear_panel(&t->g->k, p[k].l, t->many));
        all += p[k].l->w.rows;
    }
    want = all / ((size_t)t->g->threads * CHUNKS_A_THREAD);
    return want <= align ? align : want / align * align;
}

static struct llm_call call_of(const struct task *t, const struct llm_inputs *in)
{
    return (struct llm_call){ in, in == &t->g->in ? t->first : 0, t->n, t->many, t->scratch };
}

/* The vectors of this part of the pass as these matrices read them. */
static const struct llm_inputs *prepare(struct task *t, const float *x, size_t cols,
                                        const struct llm_norm *norm,
                                        const struct llm_linear *const *l, int n)
{
    struct llm *g = t->g;
    unsigned kinds = llm_linear_kinds(&g->k, t->many, l, n);

    if (t->n <= GEMV_TOKENS) {
        for (int r = 0; r < t->n; r++)
            llm_linear_prepare(g, &t->scratch->in, r, x + (size_t)(t->first + r) * cols, cols, norm,
                               kinds);
        return &t->scratch->in;
    }
    for (size_t r; (r = take(t, (size_t)t->n)) < (size_t)t->n;)
        llm_linear_prepare(g, &g->in, t->first + (int)r, x + (t->first + r) * cols, cols, norm,
                           kinds);
    phase_end(t);
    return &g->in;
}

/* ---- into the layers ---- */

static void rope_angles(const struct llm *g, int r)
{
    size_t half = (size_t)g->c->rot / 2;
    float *c = g->cos + (size_t)r * half, *s = g->sin + (size_t)r * half;

    for (size_t i = 0; i < half; i++) {
        double angle = (double)g->rows[r].pos * (double)g->freq[i];

        c[i] = (float)cos(angle) * g->c->rope_attn;
        s[i] = (float)sin(angle) * g->c->rope_attn;
    }
}

static void embed_row(const struct llm *g, int r)
{
    const struct llm_weights *w = &g->model->weights;
    size_t dim = (size_t)g->c->dim;
    float *x = g->x + (size_t)r * dim, *pos = g->y + (size_t)r * dim;

    dtype_to_f32(w->embed.dtype,
                 (const char *)w->embed.data + (size_t)g->rows[r].token * w->embed.row_bytes, x,
                 dim);
    if (w->pos.data) {
        dtype_to_f32(w->pos.dtype, (const char *)w->pos.data + g->rows[r].pos * w->pos.row_bytes,
                     pos, dim);
        for (size_t i = 0; i < dim; i++)
            x[i] += pos[i];
    }
    rope_angles(g, r);
}

static void embed(struct task *t)
{
    for (size_t r; (r = take(t, (size_t)t->n)) < (size_t)t->n;)
        embed_row(t->g, (int)r);
    phase_end(t);
}

/* ---- attention ---- */

/* Turn `heads` heads of row r, which begin at x. */
static void turn(const struct llm *g, int r, float *x, size_t n)
{
    size_t half = (size_t)g->c->rot / 2;
    struct rope_args a = { .kind = g->c->rope,
                           .heads = (int)(n / (size_t)g->c->head_dim),
                           .head_dim = g->c->head_dim,
                           .rot = g->c->rot,
                           .cos = g->cos + (size_t)r * half,
                           .sin = g->sin + (size_t)r * half };

    if (a.kind != ROPE_NONE)
        g->k.rope->run(&a, x);
}

static void add_bias(const float *bias, float *y, size_t n)
{
    if (bias)
        for (size_t i = 0; i < n; i++)
            y[i] += bias[i];
}

/* q, k and v are side by side in a row of g->qkv. */
struct qkv {
    const struct llm_layer *y;
    size_t q, kv, ld; /* rows of q, of k and of v, of all */
};

static struct qkv qkv_of(const struct llm *g, int layer)
{
    const struct llm_layer *y = &g->model->weights.layers[layer];

    return (struct qkv){ y, y->q.w.rows, y->k.w.rows, y->q.w.rows + 2 * y->k.w.rows };
}

/* Rows row0 .. row1 - 1 of one of the three, for all rows of the pass. */
static void project_heads(const struct task *t, const struct llm_call *call,
                          const struct llm_linear *l, const struct chunk *c, float *y, size_t ld)
{
    llm_linear_run(&t->g->k, call, l, c->row0, c->row1, y, ld);
    for (int r = 0; l->bias && r < t->n; r++)
        add_bias(l->bias + c->row0, y + (size_t)r * ld + c->row0, c->row1 - c->row0);
}

/* K and V of some heads, which these rows are, into the cache. */
static void store_heads(const struct llm *g, int layer, const struct chunk *c)
{
    size_t hd = (size_t)g->c->head_dim, head0 = c->row0 / hd;

    for (int i = 0; i < g->pass.n_attention; i++) {
        struct attention_args a = g->attention[i];

        a.k += c->row0;
        a.v += c->row0;
        a.heads = a.kv_heads = (int)((c->row1 - c->row0) / hd);
        a.k_offset += (size_t)layer * g->kv.layer_bytes + head0 * g->kv.head_bytes;
        a.v_offset += (size_t)layer * g->kv.layer_bytes + head0 * g->kv.head_bytes;
        for (int item = 0; item < attention_stores(&a); item++)
            g->k.attention->store(&a, item);
    }
}

/* Whole heads, so that RoPE and the cache follow at once.  A chunk of k is one of v too. */
static void qkv_few(struct task *t, int layer, const struct llm_inputs *in)
{
    struct llm *g = t->g;
    const struct qkv s = qkv_of(g, layer);
    const struct part parts[] = { { &s.y->k, g->qkv + s.q, s.ld }, { &s.y->q, g->qkv, s.ld } };
    const struct llm_call call = call_of(t, in);
    size_t rows = chunk_rows(t, parts, 2, (size_t)g->c->head_dim);
    struct chunk c;

    while (take_chunk(t, parts, 2, rows, &c)) {
        const struct part *p = &parts[c.part];

        project_heads(t, &call, p->l, &c, p->y, s.ld);
        for (int r = 0; r < t->n; r++)
            turn(g, r, p->y + (size_t)r * s.ld + c.row0, c.row1 - c.row0);
        if (c.part > 0)
            continue;
        project_heads(t, &call, &s.y->v, &c, p->y + s.kv, s.ld);
        store_heads(g, layer, &c);
    }
    phase_end(t);
}

static void qkv_many(struct task *t, int layer, const struct llm_inputs *in)
{
    struct llm *g = t->g;
    const struct qkv s = qkv_of(g, layer);
    const struct part parts[] = { { &s.y->q, g->qkv, s.ld },
                                  { &s.y->k, g->qkv + s.q, s.ld },
                                  { &s.y->v, g->qkv + s.q + s.kv, s.ld } };
    const struct llm_call call = call_of(t, in);
    size_t rows = chunk_rows(t, parts, 3, 1);
    struct attention_args a = g->attention[0];
    size_t stores;
    struct chunk c;

    while (take_chunk(t, parts, 3, rows, &c))
        project_heads(t, &call, parts[c.part].l, &c, parts[c.part].y, s.ld);
    phase_end(t);
    for (size_t r; (r = take(t, (size_t)t->n)) < (size_t)t->n;)
        turn(g, (int)r, g->qkv + r * s.ld, s.q + s.kv);
    phase_end(t);
    a.k_offset += (size_t)layer * g->kv.layer_bytes;
    a.v_offset += (size_t)layer * g->kv.layer_bytes;
    stores = (size_t)attention_stores(&a);
    for (size_t i; (i = take(t, stores)) < stores;)
        g->k.attention->store(&a, (int)i);
    phase_end(t);
}

static void qkv(struct task *t, int layer)
{
    const struct llm_layer *y = &t->g->model->weights.layers[layer];
    const struct llm_linear *const l[] = { &y->q, &y->k, &y->v };
    const struct llm_inputs *in = prepare(t, t->g->x, (size_t)t->g->c->dim, &y->attn_norm, l, 3);

    if (t->many)
        qkv_many(t, layer, in);
    else
        qkv_few(t, layer, in);
}

/* The arguments of attention that item i belongs to; *i becomes its number among theirs. */
static struct attention_args attention_of(const struct llm *g, int layer, const int *first,
                                          size_t *i)
{
    struct attention_args a;
    int k = 0;

    while (*i >= (size_t)first[k + 1])
        k++;
    *i -= (size_t)first[k];
    a = g->attention[k];
    a.k_offset += (size_t)layer * g->kv.layer_bytes;
    a.v_offset += (size_t)layer * g->kv.layer_bytes;
    return a;
}

static void attend(struct task *t, int layer)
{
    struct llm *g = t->g;
    size_t items = (size_t)g->attention_first[g->pass.n_attention];
    size_t merges = (size_t)g->merge_first[g->pass.n_attention];

    for (size_t i; (i = take(t, items)) < items;) {
        struct attention_args a = attention_of(g, layer, g->attention_first, &i);

        g->k.attention->run(&a, (int)i);
    }
    phase_end(t);
    if (merges == 0)
        return;
    for (size_t i; (i = take(t, merges)) < merges;) {
        struct attention_args a = attention_of(g, layer, g->merge_first, &i);

        g->k.attention->merge(&a, (int)i);
    }
    phase_end(t);
}

/* ---- the matrices that add to the residual stream ---- */

static void add_residual(const struct task *t, const struct llm_linear *l, const struct chunk *c)
{
    size_t dim = (size_t)t->g->c->dim;

    for (int r = t->first; r < t->first + t->n; r++) {
        float *x = t->g->x + (size_t)r * dim, *y = t->g->y + (size_t)r * dim;

        if (l->bias)
            add_bias(l->bias + c->row0, y + c->row0, c->row1 - c->row0);
        for (size_t i = c->row0; i < c->row1; i++)
            x[i] += y[i];
    }
}

/* x += W f(src) + b */
static void project(struct task *t, const struct llm_linear *l, const float *src,
                    const struct llm_norm *norm)
{
    struct llm *g = t->g;
    size_t dim = (size_t)g->c->dim;
    const struct llm_inputs *in = prepare(t, src, l->w.cols, norm, &l, 1);
    const struct part part = { l, g->y + (size_t)t->first * dim, dim };
    const struct llm_call call = call_of(t, in);
    size_t rows = chunk_rows(t, &part, 1, 1);
    struct chunk c;

    while (take_chunk(t, &part, 1, rows, &c)) {
        llm_linear_run(&g->k, &call, l, c.row0, c.row1, part.y, dim);
        add_residual(t, l, &c);
    }
    phase_end(t);
}

/* ---- the feed-forward block ---- */

static void activate(const struct task *t, const struct llm_layer *y, const struct chunk *c)
{
    const struct llm *g = t->g;
    size_t ff = (size_t)g->c->ff, n = c->row1 - c->row0;

    for (int r = t->first; r < t->first + t->n; r++) {
        float *up = g->up + (size_t)r * ff + c->row0, *gate = NULL;

        add_bias(y->up.bias ? y->up.bias + c->row0 : NULL, up, n);
        if (g->c->gated) {
            gate = g->gate + (size_t)r * ff + c->row0;
            add_bias(y->gate.bias ? y->gate.bias + c->row0 : NULL, gate, n);
        }
        g->k.activation->run(g->c->act, gate, up, up, n);
    }
}

static void gate_up(struct task *t, const struct llm_layer *y)
{
    struct llm *g = t->g;
    size_t ff = (size_t)g->c->ff, first = (size_t)t->first * ff;
    const struct llm_linear *const l[] = { &y->up, &y->gate };
    int n = g->c->gated ? 2 : 1;
    const struct llm_inputs *in = prepare(t, g->x, (size_t)g->c->dim, &y->ffn_norm, l, n);
    const struct part parts[] = { { &y->up, g->up + first, ff },
                                  { &y->gate, g->gate + first, ff } };
    const struct llm_call call = call_of(t, in);
    size_t rows = chunk_rows(t, parts, n, 1);
    struct chunk c;

    /* A chunk is the same rows of both, so that the activation follows while they are hot. */
    while (take_chunk(t, parts, 1, rows, &c)) {
        for (int k = 0; k < n; k++)
            llm_linear_run(&g->k, &call, l[k], c.row0, c.row1, parts[k].y, ff);
        activate(t, y, &c);
    }
    phase_end(t);
}

/* ---- out of the layers ---- */

/* NaN and infinity have all bits of the exponent. */
static bool all_finite(const float *x, size_t n)
{
    uint32_t worst = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, x + i, sizeof(bits));
        bits &= 0x7f800000u;
        worst = bits > worst ? bits : worst;
    }
    return worst < 0x7f800000u;
}

static void head(struct task *t, float *logits)
{
    struct llm *g = t->g;
    const struct llm_weights *w = &g->model->weights;
    const struct llm_linear *l = &w->head;
    const struct llm_inputs *in = prepare(t, g->x, (size_t)g->c->dim, &w->norm, &l, 1);
    size_t vocab = (size_t)g->c->vocab;
    const struct part part = { l, logits, vocab };
    const struct llm_call call = call_of(t, in);
    size_t rows = chunk_rows(t, &part, 1, 1);
    struct chunk c;

    while (take_chunk(t, &part, 1, rows, &c)) {
        llm_linear_run(&g->k, &call, l, c.row0, c.row1, logits, vocab);
        for (int r = 0; r < t->n; r++) {
            float *y = logits + (size_t)r * vocab + c.row0;

            if (l->bias)
                add_bias(l->bias + c.row0, y, c.row1 - c.row0);
            if (!all_finite(y, c.row1 - c.row0))
                __atomic_store_n(&g->pass.not_finite, true, __ATOMIC_RELAXED);
        }
    }
    phase_end(t);
}

/* ---- a pass ---- */

/* From here on only the rows whose logits are wanted matter. */
static void narrow(struct task *t)
{
    t->first = t->g->pass.want_first;
    t->n = t->g->pass.want;
}

static void run(void *arg, int thread)
{
    struct llm *g = arg;
    struct task t = { g, &g->scratch[thread], (size_t)thread, 0, g->pass.n, g->pass.many, 0 };

    embed(&t);
    for (int i = 0; i < g->c->layers; i++) {
        const struct llm_layer *y = &g->model->weights.layers[i];

        qkv(&t, i);
        if (i == g->c->layers - 1 && g->pass.want == 0)
            break; /* all that was wanted is in the cache */
        attend(&t, i);
        if (i == g->c->layers - 1)
            narrow(&t);
        project(&t, &y->o, g->attn, &y->attn_sub_norm);
        gate_up(&t, y);
        project(&t, &y->down, g->up, &y->ffn_sub_norm);
    }
    if (g->pass.logits) {
        t.many = false;
        head(&t, g->pass.logits);
    }
    if (thread == 0)
        g->used_counters = t.phase;
}

static void reset_counters(struct llm *g)
{
    for (int i = 0; i < g->used_counters * g->threads; i++)
        __atomic_store_n(&g->counters[i].next, 0, __ATOMIC_RELAXED);
}

void llm_forward_run(struct llm *g)
{
    reset_counters(g);
    pool_run(g->pool, run, g);
}

struct head_job {
    struct llm *g;
    int first, n;
    float *logits;
};

static void run_head(void *arg, int thread)
{
    const struct head_job *j = arg;
    struct task t = { j->g, &j->g->scratch[thread], (size_t)thread, j->first, j->n, true, 0 };

    head(&t, j->logits);
    if (thread == 0)
        j->g->used_counters = t.phase;
}

void llm_forward_head(struct llm *g, int first, int n, float *logits)
{
    struct head_job j = { g, first, n, logits };

    reset_counters(g);
    pool_run(g->pool, run_head, &j);
}
