/* llm_quant.c - models.llm.quant: what a type of weights costs and brings: the speed of decoding,
 * and beside it the size and the quality.
 *
 * Quality, in the properties: the perplexity of a text, and how far the distributions of the next
 * token are from those of the weights that this type was made from (mean Kullback-Leibler
 * divergence in nats, and how often both think the same token the likeliest).  Of random weights
 * there is no perplexity worth the name, only the divergence. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "models/llm/llm_subject.h"

enum { TEXT_TOKENS = 384, UNCOUNTED = 64, PIECE = 32 };

struct state {
    struct llm_subject subject;
    struct llm *llm;
    int32_t tokens[TEXT_TOKENS];
    size_t n; /* of them: what the model has positions for */
    float *logits;
    bool judged;
};

static const struct axis axes[] = { LLM_AXIS_MODEL, LLM_AXIS_DTYPE, LLM_AXIS_THREADS };

static const struct plan plans[] = {
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "dtype=f16,q8_0,q4_0", 0.8 },
    { SUITE_FULL, DEVICE_CPU, "dtype=f32,bf16,q6_k,q5_k,q5_1,q5_0,q4_k,q4_1,tq2_64,tq1_0,tq2_0",
      0.8 },
};

/* Logits of a piece of the text, of one model. */
struct piece {
    float *logits; /* [PIECE][vocab] */
    size_t vocab, from;
};

static int keep(void *self, size_t at, const float *logits, struct err *e)
{
    struct piece *p = self;

    (void)e;
    memcpy(p->logits + at * p->vocab, logits, p->vocab * sizeof(*logits));
    return 0;
}

/* log sum exp */
static double log_partition(const float *x, size_t n)
{
    double most = x[0], sum = 0;

    for (size_t i = 1; i < n; i++)
        most = fmax(most, (double)x[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i] - most);
    return n > 0 ? most + log(sum) : -(double)INFINITY;
}

static size_t largest(const float *x, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

struct quality {
    double nats, divergence;
    size_t n, agreed;
};

/* One position: q of the type against p of its source, and the token that came next. */
static void judge_one(struct quality *q, const float *ours, const float *source, size_t vocab,
                      int32_t next)
{
    double za = log_partition(source, vocab), zb = log_partition(ours, vocab), divergence = 0;

    for (size_t i = 0; i < vocab; i++)
        divergence +=
            exp((double)source[i] - za) * (((double)source[i] - za) - ((double)ours[i] - zb));
    q->divergence += divergence;
    q->nats += zb - (double)ours[next];
    q->agreed += largest(ours, vocab) == largest(source, vocab);
    q->n++;
}

static int run_piece(struct llm *g, const int32_t *tokens, struct piece *p, struct err *e)
{
    struct llm_prompt prompt = {
        .tokens = tokens + p->from, .n = PIECE, .each_logits = keep, .self = p
    };

    return llm_prefill(g, &prompt, e);
}

static int judge(struct bench_ctx *c, struct state *s, struct llm *source, struct err *e)
{
    size_t vocab = (size_t)llm_model_config(s->subject.model)->vocab;
    struct piece a = { .vocab = vocab }, b = { .vocab = vocab };
    struct quality q = { 0 };
    int rc = 0;

    a.logits = mem_calloc(PIECE * vocab, sizeof(*a.logits));
    b.logits = mem_calloc(PIECE * vocab, sizeof(*b.logits));
    if (!a.logits || !b.logits) {
        rc = ERR(e, ERR_NOMEM, "no memory for 2 x %d x %zu logits", PIECE, vocab);
        goto out;
    }
    for (size_t at = 0; at < s->n; at += PIECE) {
        TRY(bench_progress(c, "quality", at, s->n));
        a.from = b.from = at;
        TRY(run_piece(s->llm, s->tokens, &a, e));
        TRY(run_piece(source, s->tokens, &b, e));
        for (size_t i = at < UNCOUNTED ? UNCOUNTED - at : 0; i < PIECE; i++)
            if (at + i + 1 < s->n)
                judge_one(&q, a.logits + i * vocab, b.logits + i * vocab, vocab,
                          s->tokens[at + i + 1]);
    }
    if (s->subject.synthetic)
        result_property_text(c->result, "perplexity", "random weights have none");
    else
        result_property(c->result, "perplexity", exp(q.nats / (double)q.n), "");
    result_property(c->result, "divergence", q.divergence / (double)q.n, "nat");
    result_property(c->result, "same_top", 100.0 * (double)q.agreed / (double)q.n, "%");
out:
    mem_free(a.logits);
    mem_free(b.logits);
    return rc;
}

static int judge_against_source(struct bench_ctx *c, struct state *s, struct err *e)
{
    struct llm_subject from = { 0 };
    struct llm_options o = { .context = (int)s->n, .kv_dtype = DTYPE_F16 };
    struct llm *g = NULL;
    int rc = 0;

    TRY(llm_subject_open_source(&from, c, e));
    TRY(llm_new(&g, from.model, &o, e));
    result_property_text(c->result, "compared_with", "%s", llm_model_types(from.model));
    llm_truncate(s->llm, 0, 0);
    TRY(judge(c, s, g, e));
    llm_truncate(s->llm, 0, 0);
out:
    llm_free(g);
    llm_subject_close(&from);
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct llm_model *m;
    int rc = 0;

    s->subject.from_source = true;
    TRY(llm_subject_open(&s->subject, c, e));
    m = s->subject.model;
    s->n = (size_t)llm_model_config(m)->context / PIECE * PIECE;
    if (s->n > TEXT_TOKENS)
        s->n = TEXT_TOKENS;
    if (s->n <= UNCOUNTED)
        return ERR(e, ERR_NOTSUP, "%d positions are too few to judge a text by",
                   llm_model_config(m)->context);
    TRY(llm_subject_engine(&s->llm, &s->subject, c, s->n, 1, e));
    s->logits = mem_calloc((size_t)llm_model_config(m)->vocab, sizeof(*s->logits));
    if (!s->logits)
        return ERR(e, ERR_NOMEM, "no memory for the logits");
    TRY(llm_subject_tokens(&s->subject, s->n, s->tokens, e));
    result_property(
        c->result, "bits_per_weight",
        8.0 * (double)model_file_bytes(llm_model_file(m)) / (double)llm_model_parameters(m), "bit");
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = 0;

    TRY(llm_subject_check(&s->subject, s->llm, c, e));
    if (!s->judged)
        TRY(judge_against_source(c, s, e));
    s->judged = true;
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct llm_step step = { .token = s->tokens[0] };
    int rc = llm_decode(s->llm, &step, 1, s->logits, e);

    (void)c;
    llm_truncate(s->llm, 0, 0);
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;
    struct llm_cost cost;

    (void)c;
    llm_decode_cost(s->llm, 1, 0, &cost);
    w->flops = cost.flops;
    w->bytes[WORK_DRAM] = cost.weight_bytes + cost.kv_read_bytes + cost.kv_write_bytes;
    w->items = 1;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    struct llm_cost cost;

    llm_decode_cost(s->llm, 1, 0, &cost);
    llm_subject_cost(c, &cost, 1);
    return llm_subject_limits(&s->subject, c, out, &cost, 1, false, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    llm_free(s->llm);
    mem_free(s->logits);
    llm_subject_close(&s->subject);
}

const struct bench bench_models_llm_quant = {
    .name = "models.llm.quant",
    .question = "What does a type of weights cost, and what does it bring?",
    .devices = DEVICE_CPU,
    .metric = { .name = "throughput",
                .unit = "tok/s",
                .basis = METRIC_ITEMS_PER_S,
                .scale = 1,
                .direction = HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .setup_timeout_s = 120,
    .one_run = DEVICE_CPU,
    .item = "token",
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
