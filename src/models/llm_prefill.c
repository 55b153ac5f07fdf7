/* llm_prefill.c - models.llm.prefill: tokens a second of a prompt, all known at once.
 *
 * Work   n tokens through every matrix, attention among them, the logits of the last one.
 * Limit  the arithmetic of the matrices; reading the weights once (models.llm.touch). */
#include <stdio.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "models/llm/llm_subject.h"

struct state {
    struct llm_subject subject;
    struct llm *llm;
    int32_t *tokens; /* n */
    size_t n;
    float *logits;
};

static const struct axis axes[] = {
    LLM_AXIS_MODEL,
    LLM_AXIS_DTYPE,
    LLM_AXIS_THREADS,
    { .name = "tokens",
      .help = "length of the prompt",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1 << 17,
      .normal = "512" },
};

static const struct plan plans[] = {
    { SUITE_QUICK, DEVICE_CPU, "tokens=128", 0.6 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "tokens=32,128,512,1024", 1.5 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "tokens=512 threads=one", 1.5 },
};

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    size_t vocab;
    int rc = 0;

    s->n = (size_t)params_get(c->params, "tokens");
    TRY(llm_subject_open(&s->subject, c, e));
    TRY(llm_subject_engine(&s->llm, &s->subject, c, s->n, 1, e));
    vocab = (size_t)llm_model_config(s->subject.model)->vocab;
    s->tokens = mem_calloc(s->n, sizeof(*s->tokens));
    s->logits = mem_calloc(vocab, sizeof(*s->logits));
    if (!s->tokens || !s->logits)
        return ERR(e, ERR_NOMEM, "no memory for %zu tokens and %zu logits", s->n, vocab);
    TRY(llm_subject_tokens(&s->subject, s->n, s->tokens, e));
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    return llm_subject_check(&s->subject, s->llm, c, e);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    struct llm_prompt p = { .tokens = s->tokens, .n = s->n, .logits = s->logits };
    int rc = llm_prefill(s->llm, &p, e);

    (void)c;
    llm_truncate(s->llm, 0, 0);
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;
    struct llm_cost cost;

    (void)c;
    llm_prefill_cost(s->llm, s->n, &cost);
    w->flops = cost.flops;
    w->bytes[WORK_DRAM] = cost.weight_bytes + cost.kv_read_bytes + cost.kv_write_bytes;
    w->items = (double)s->n;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    struct llm_cost cost;

    llm_prefill_cost(s->llm, s->n, &cost);
    llm_subject_cost(c, &cost, (double)s->n);
    return llm_subject_limits(&s->subject, c, out, &cost, (double)s->n, true, e);
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

const struct bench bench_models_llm_prefill = {
    .name = "models.llm.prefill",
    .question = "How many tokens of a prompt a second does a language model read?",
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
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
