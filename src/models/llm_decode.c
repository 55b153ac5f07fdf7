/* llm_decode.c - models.llm.decode: tokens a second, one after another, with a context behind them.
 *
 * The context is really there: that many tokens of running text go through the model before the
 * first is timed, and after each timed step the new position is forgotten, so that all steps are
 * the same.  kv=off answers what the cache of keys and values buys: every token then takes the
 * whole context through the model again.
 *
 * Work   one token: every weight once, the keys and values of the context, and what the matrices
 *        multiply.
 * Limit  reading these weights (models.llm.touch), the memory, the arithmetic. */
#include <stdio.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "models/llm/llm_subject.h"

enum { KV_ON, KV_OFF };

struct state {
    struct llm_subject subject;
    struct llm *llm;
    int32_t *tokens; /* context and one more */
    size_t context;
    bool off;
    float *logits;
};

static const char *const kv_names[] = { "on", "off", NULL };

static const struct axis axes[] = {
    LLM_AXIS_MODEL,
    LLM_AXIS_DTYPE,
    LLM_AXIS_THREADS,
    { .name = "context",
      .help = "positions behind the token",
      .kind = AXIS_INT,
      .lo = 0,
      .hi = 1 << 17,
      .normal = "0" },
    { .name = "kv",
      .help = "keys and values of the context kept (on), or computed again for each token (off)",
      .kind = AXIS_ENUM,
      .names = kv_names,
      .normal = "on" },
};

static const struct plan plans[] = {
    { SUITE_QUICK, DEVICE_CPU, "context=0", 0.9 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "context=0 threads=one,all", 1.5 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "context=512,1024,4096", 1.5 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "context=512 kv=off", 1.5 },
    { SUITE_FULL, DEVICE_CPU, "context=8000,16000", 2 },
};

/* In steps, with a sign of life between them. */
static int fill(struct bench_ctx *c, struct state *s, struct err *e)
{
    enum { STEP = 256 };

    for (size_t at = 0; at < s->context; at += STEP) {
        size_t n = s->context - at < STEP ? s->context - at : STEP;
        struct llm_prompt p = { .tokens = s->tokens + at, .n = n };
        int rc = bench_progress(c, "context", at, s->context);

        if (rc == 0)
            rc = llm_prefill(s->llm, &p, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    size_t vocab;
    int rc = 0;

    s->context = (size_t)params_get(c->params, "context");
    s->off = params_get(c->params, "kv") == KV_OFF;
    TRY(llm_subject_open(&s->subject, c, e));
    TRY(llm_subject_engine(&s->llm, &s->subject, c, s->context + 8, 1, e));
    vocab = (size_t)llm_model_config(s->subject.model)->vocab;
    s->tokens = mem_calloc(s->context + 1, sizeof(*s->tokens));
    s->logits = mem_calloc(vocab, sizeof(*s->logits));
    if (!s->tokens || !s->logits)
        return ERR(e, ERR_NOMEM, "no memory for %zu tokens and %zu logits", s->context, vocab);
    TRY(llm_subject_tokens(&s->subject, s->context + 1, s->tokens, e));
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    int rc = 0;

    TRY(llm_subject_check(&s->subject, s->llm, c, e));
    if (!s->off)
        TRY(fill(c, s, e));
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct llm_step step = { .token = s->tokens[s->context] };
    int rc;

    (void)c;
    if (s->off) {
        struct llm_prompt p = { .tokens = s->tokens, .n = s->context + 1, .logits = s->logits };

        rc = llm_prefill(s->llm, &p, e);
        llm_truncate(s->llm, 0, 0);
        return rc;
    }
    rc = llm_decode(s->llm, &step, 1, s->logits, e);
    llm_truncate(s->llm, 0, s->context);
    return rc;
}

static void cost_of(const struct state *s, struct llm_cost *cost)
{
    if (s->off)
        llm_prefill_cost(s->llm, s->context + 1, cost);
    else
        llm_decode_cost(s->llm, 1, (double)s->context, cost);
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    struct llm_cost cost;

    (void)c;
    cost_of(state, &cost);
    w->flops = cost.flops;
    w->bytes[WORK_DRAM] = cost.weight_bytes + cost.kv_read_bytes + cost.kv_write_bytes;
    w->items = 1;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    struct llm_cost cost;

    cost_of(s, &cost);
    llm_subject_cost(c, &cost, 1);
    return llm_subject_limits(&s->subject, c, out, &cost, 1, s->off, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    llm_free(s->llm);
    mem_free(s->tokens);
    mem_free(s->logits);
    llm_subject_close(&s->subject);
}

const struct bench bench_models_llm_decode = {
    .name = "models.llm.decode",
    .question = "How many tokens a second does a language model write, one after another?",
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
    .item = "token",
    .slope_axis = "context",
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
