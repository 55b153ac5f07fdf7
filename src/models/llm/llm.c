/* llm.c - an engine: make it, append tokens, take some back. */
#include "models/llm/llm.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/size.h"
#include "models/llm/llm_engine.h"
#include "models/llm/llm_forward.h"
#include "models/llm/llm_layout.h"

enum {
    PROMPT_ROWS = 512, /* of one pass, at most */
    THREADS_A_CPU = 4, /* more are a mistake */
    SEQUENCES_MAX = 4096
};

/* ---- options ---- */

static int choose_threads(const struct llm_options *o, const struct cpu_info *cpu, int *n,
                          const int **cpus, struct err *e)
{
    *n = o->threads > 0 ? o->threads : cpu->n_cores_all;
    *cpus = NULL;
    if (o->threads < 0 || *n > THREADS_A_CPU * cpu->n_allowed)
        return ERR(e, ERR_ARG, "%d threads on %d CPUs; expected 1 to %d, or 0 for one a core",
                   o->threads, cpu->n_allowed, THREADS_A_CPU * cpu->n_allowed);
    if (*n <= cpu->n_cores)
        *cpus = cpu->cores;
    else if (*n <= cpu->n_allowed)
        *cpus = cpu->allowed;
    return 0;
}

static int check_options(const struct llm_options *o, const struct llm_config *c, struct err *e)
{
    if (o->context < 0 || (o->context == 0 ? c->context : o->context) > 1 << 28)
        return ERR(e, ERR_ARG, "a context of %d positions; expected 1 to %d, or 0 for the model's",
                   o->context, 1 << 28);
    if (o->sequences < 0 || o->sequences > SEQUENCES_MAX)
        return ERR(e, ERR_ARG, "%d sequences; expected 1 to %d", o->sequences, SEQUENCES_MAX);
    if (c->rope == ROPE_NONE && o->context > c->context && o->sequences <= 1)
        return ERR(e, ERR_ARG, "a context of %d: %s has %d learned positions", o->context, c->name,
                   c->context);
    if (o->kv_dtype != DTYPE_F16 && o->kv_dtype != DTYPE_F32)
        return ERR(e, ERR_ARG, "a KV cache of %s; expected F16 or F32",
                   dtype_info(o->kv_dtype)->name);
    return 0;
}

/* ---- life ---- */

static void set_frequencies(struct llm *g)
{
    const struct llm_config *c = g->c;
    const struct llm_weights *w = &g->model->weights;
    const float *factors = llm_context(g) > (size_t)c->rope_original ? w->rope_long : w->rope_short;

    for (int i = 0; i < c->rot / 2; i++) {
        double f = pow((double)c->theta, -2.0 * i / c->rot);

        g->freq[i] = (float)(factors ? f / (double)factors[i] : f);
    }
}

static void choose_rows(struct llm *g)
{
    g->prompt_rows = PROMPT_ROWS;
    if ((size_t)g->prompt_rows > g->kv.context)
        g->prompt_rows = (int)g->kv.context;
    g->max_rows = g->prompt_rows > g->kv.n_seqs ? g->prompt_rows : g->kv.n_seqs;
}

int llm_new(struct llm **out, const struct llm_model *m, const struct llm_options *o, struct err *e)
{
    const struct cpu_info *cpu = cpu_here();
    struct llm *g = NULL;
    const int *cpus;
    int rc = 0;

    *out = NULL;
    TRY(check_options(o, &m->config, e));
    g = mem_calloc(1, sizeof(*g));
    if (!g)
        return ERR(e, ERR_NOMEM, "no memory for an engine");
    g->model = m;
    g->c = &m->config;
    llm_kernels_choose(&g->k, m, cpu, o->path, o->variant);
    TRY(choose_threads(o, cpu, &g->threads, &cpus, e));
    TRY(llm_kv_init(&g->kv, g->c, o->path == LLM_REFERENCE ? DTYPE_F32 : o->kv_dtype,
                    (size_t)(o->context > 0 ? o->context : g->c->context),
                    o->sequences > 0 ? o->sequences : 1, e));
    choose_rows(g);
    TRY(llm_layout_make(g, e));
    set_frequencies(g);
    TRY(pool_new(&g->pool, g->threads, cpus, e));
    *out = g;
out:
    if (rc < 0)
        llm_free(g);
    return rc;
}

void llm_free(struct llm *g)
{
    if (!g)
        return;
    pool_free(g->pool);
    llm_kv_release(&g->kv);
    mem_free(g->each);
    mem_free(g->arena);
    mem_free(g);
}

const struct llm_model *llm_of(const struct llm *g)
{
    return g->model;
}

int llm_threads(const struct llm *g)
{
    return g->threads;
}

size_t llm_context(const struct llm *g)
{
    return g->kv.context / (size_t)g->kv.n_seqs;
}

size_t llm_length(const struct llm *g, int seq)
{
    return g->kv.seqs[seq].length;
}

void llm_truncate(struct llm *g, int seq, size_t length)
{
    llm_kv_truncate(&g->kv, seq, length);
}

/* ---- append ---- */

static int check_seq(const struct llm *g, int seq, struct err *e)
{
    if (seq < 0 || seq >= g->kv.n_seqs)
        return ERR(e, ERR_ARG, "sequence %d; the engine has %d", seq, g->kv.n_seqs);
    return 0;
}

static int check_token(const struct llm *g, int32_t token, struct err *e)
{
    if (token < 0 || token >= g->c->vocab)
        return ERR(e, ERR_ARG, "token %d is outside of the vocabulary of %d", token, g->c->vocab);
    return 0;
}

/* Learned positions end; a sequence may not be longer even if the context, which all share, is. */
static int grow(struct llm *g, int seq, size_t n, struct err *e)
{
    size_t length = g->kv.seqs[seq].length;

    if (g->c->rope == ROPE_NONE && n > (size_t)g->c->context - length)
        return ERR(e, ERR_NOMEM,
                   "the context is full: %s has %d positions, %zu are taken, %zu "
                   "more are wanted",
                   g->c->name, g->c->context, length, n);
    return llm_kv_grow(&g->kv, seq, n, e);
}

static void plan_attention(struct llm *g, int n, int tokens)
{
    float *partial = g->partial;

    g->pass.n_attention = n;
    g->attention_first[0] = g->merge_first[0] = 0;
    for (int i = 0; i < n; i++) {
        struct attention_args *a = &g->attention[i];

        llm_layout_attention(g, i, tokens, a);
        a->partial = partial;
        partial += attention_partial_floats(a);
        g->attention_first[i + 1] = g->attention_first[i] + attention_items(a);
        g->merge_first[i + 1] = g->merge_first[i] + attention_merges(a);
    }
    BUG_ON((size_t)(partial - g->partial) > g->n_partial);
}

/* Run what g->rows and g->pass say, and hold the result against what must not be. */
static int run_pass(struct llm *g, struct err *e)
{
    int rc = 0;

    g->pass.not_finite = false;
    llm_forward_run(g);
    TRY(model_file_check(g->model->file, e));
    if (g->pass.not_finite)
        rc = ERR(e, ERR_MISMATCH, "%s: NaN or infinity among the logits",
                 model_file_path(g->model->file));
out:
    return rc;
}

/* The logits of rows first .. of the pass that has run, to the caller one by one. */
static int give_each(struct llm *g, const struct llm_prompt *p, size_t at, int n, struct err *e)
{
    size_t vocab = (size_t)g->c->vocab;
    int rc = 0;

    for (int r = 0; r < n; r += LLM_HEAD_ROWS) {
        int k = n - r < LLM_HEAD_ROWS ? n - r : LLM_HEAD_ROWS;

        llm_forward_head(g, r, k, g->each);
        if (g->pass.not_finite)
            return ERR(e, ERR_MISMATCH, "%s: NaN or infinity among the logits",
                       model_file_path(g->model->file));
        for (int i = 0; i < k; i++)
            TRY(p->each_logits(p->self, at + (size_t)(r + i), g->each + (size_t)i * vocab, e));
        if (p->logits && at + (size_t)(r + k) == p->n)
            memcpy(p->logits, g->each + (size_t)(k - 1) * vocab, vocab * sizeof(*g->each));
    }
out:
    return rc;
}

static int prefill_pass(struct llm *g, const struct llm_prompt *p, size_t pos, size_t at, int n,
                        struct err *e)
{
    bool last = at + (size_t)n == p->n;
    bool many = n > GEMV_TOKENS;
    int rc = 0;

    for (int i = 0; i < n; i++)
        g->rows[i] = (struct llm_row){ p->seq, p->tokens[at + (size_t)i], pos + at + (size_t)i };
    g->pass.n = n;
    g->pass.many = many;
    g->pass.want = p->each_logits ? n : last && p->logits ? 1 : 0;
    g->pass.want_first = n - g->pass.want;
    g->pass.logits = p->each_logits ? NULL : last ? p->logits : NULL;
    plan_attention(g, 1, n);
    TRY(run_pass(g, e));
    if (p->each_logits)
        TRY(give_each(g, p, at, n, e));
out:
    return rc;
}

static int make_each(struct llm *g, struct err *e)
{
    if (!g->each)
        g->each = mem_calloc((size_t)LLM_HEAD_ROWS * (size_t)g->c->vocab, sizeof(*g->each));
    if (!g->each)
        return ERR(e, ERR_NOMEM, "no memory for the logits of %d tokens", LLM_HEAD_ROWS);
    return 0;
}

int llm_prefill(struct llm *g, const struct llm_prompt *p, struct err *e)
{
    size_t length, n;
    int rc = 0;

    TRY(check_seq(g, p->seq, e));
    if (p->n == 0)
        return ERR(e, ERR_ARG, "a prompt of 0 tokens has no next one");
    for (size_t i = 0; i < p->n; i++)
        TRY(check_token(g, p->tokens[i], e));
    if (p->each_logits)
        TRY(make_each(g, e));
    length = llm_length(g, p->seq);
    TRY(grow(g, p->seq, p->n, e));
    for (size_t at = 0; at < p->n && rc == 0; at += n) {
        n = p->n - at < (size_t)g->prompt_rows ? p->n - at : (size_t)g->prompt_rows;
        rc = prefill_pass(g, p, length, at, (int)n, e);
    }
    if (rc < 0)
        llm_truncate(g, p->seq, length);
out:
    return rc;
}

static int check_steps(const struct llm *g, const struct llm_step *steps, int n, struct err *e)
{
    int rc = 0;

    if (n < 1 || n > g->kv.n_seqs)
        return ERR(e, ERR_ARG, "a step of %d sequences; expected 1 to %d", n, g->kv.n_seqs);
    for (int i = 0; i < n; i++) {
        TRY(check_seq(g, steps[i].seq, e));
        TRY(check_token(g, steps[i].token, e));
        for (int k = 0; k < i; k++)
            if (steps[k].seq == steps[i].seq)
                return ERR(e, ERR_ARG, "sequence %d twice in one step", steps[i].seq);
    }
out:
    return rc;
}

int llm_decode(struct llm *g, const struct llm_step *steps, int n, float *logits, struct err *e)
{
    int grown = 0;
    int rc = 0;

    TRY(check_steps(g, steps, n, e));
    for (; grown < n; grown++) {
        int seq = steps[grown].seq;

        g->rows[grown] = (struct llm_row){ seq, steps[grown].token, llm_length(g, seq) };
        TRY(grow(g, seq, 1, e));
    }
    g->pass.n = n;
    g->pass.many = false;
    g->pass.want_first = 0;
    g->pass.want = n;
    g->pass.logits = logits;
    plan_attention(g, n, 1);
    TRY(run_pass(g, e));
out:
    for (int i = 0; rc < 0 && i < grown; i++)
        llm_truncate(g, steps[i].seq, llm_length(g, steps[i].seq) - 1);
    return rc;
}

/* ---- what it is ---- */

size_t llm_kv_bytes(const struct llm *g)
{
    return llm_kv_position_bytes(&g->kv);
}

uint64_t llm_memory_bytes(const struct llm *g)
{
    return g->kv.bytes + g->arena_bytes + g->model->weights.copied_bytes;
}

const char *llm_path_text(const struct llm *g)
{
    return g->k.path;
}

const char *llm_activations_text(const struct llm *g)
{
    return g->k.activations;
}

uint64_t llm_logits_hash(const float *logits, size_t n)
{
    const unsigned char *p = (const unsigned char *)logits;
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < n * sizeof(*logits); i++)
        h = (h ^ p[i]) * 1099511628211u;
    return h;
}
