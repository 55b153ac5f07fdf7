/* llm_batch.c - models.llm.batch: tokens a second of several sequences that are decoded together.
 *
 * Each step appends one token to every sequence, so the weights are read once for all of them; the
 * keys and values are each sequence's own.
 *
 * Check  also: a sequence of the batch has the bits that it has alone. */
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "models/llm/llm_subject.h"

enum { BATCH_MAX = 64 };

struct state {
    struct llm_subject subject;
    struct llm *llm;
    int32_t *tokens; /* context + batch */
    size_t context;
    int batch;
    float *logits; /* [batch][vocab] */
    float *alone;  /* [vocab] */
};

static const struct axis axes[] = {
    LLM_AXIS_MODEL,
    LLM_AXIS_DTYPE,
    LLM_AXIS_THREADS,
    { .name = "batch",
      .help = "sequences that are decoded together",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = BATCH_MAX,
      .normal = "8" },
    { .name = "context",
      .help = "positions behind each of them",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1 << 16,
      .normal = "128" },
};

static const struct plan plans[] = {
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "batch=1,2,4,8,16", 1.2 },
};

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    size_t vocab, n;
    int rc = 0;

    s->batch = (int)params_get(c->params, "batch");
    s->context = (size_t)params_get(c->params, "context");
    n = s->context + (size_t)s->batch;
    TRY(llm_subject_open(&s->subject, c, e));
    TRY(llm_subject_engine(&s->llm, &s->subject, c, s->context + 8, s->batch, e));
    vocab = (size_t)llm_model_config(s->subject.model)->vocab;
    s->tokens = mem_calloc(n, sizeof(*s->tokens));
    s->logits = mem_calloc((size_t)s->batch * vocab, sizeof(*s->logits));
    s->alone = mem_calloc(vocab, sizeof(*s->alone));
    if (!s->tokens || !s->logits || !s->alone)
        return ERR(e, ERR_NOMEM, "no memory for %d x %zu logits", s->batch, vocab);
    TRY(llm_subject_tokens(&s->subject, n, s->tokens, e));
out:
    return rc;
}

/* Sequence i has the text from its token i on. */
static int fill(struct bench_ctx *c, struct state *s, struct err *e)
{
    for (int i = 0; i < s->batch; i++) {
        struct llm_prompt p = { .seq = i, .tokens = s->tokens + i, .n = s->context };
        int rc = bench_progress(c, "context", (uint64_t)i, (uint64_t)s->batch);

        llm_truncate(s->llm, i, 0);
        if (rc == 0)
            rc = llm_prefill(s->llm, &p, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int step(struct state *s, int first, int n, float *logits, struct err *e)
{
    struct llm_step steps[BATCH_MAX] = { 0 };
    int rc;

    for (int i = 0; i < n; i++)
        steps[i] = (struct llm_step){ .seq = first + i,
                                      .token = s->tokens[s->context + (size_t)(first + i)] };
    rc = llm_decode(s->llm, steps, n, logits, e);
    for (int i = 0; i < n; i++)
        llm_truncate(s->llm, first + i, s->context);
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    size_t vocab = (size_t)llm_model_config(s->subject.model)->vocab;
    int last = s->batch - 1, rc = 0;

    TRY(llm_subject_check(&s->subject, s->llm, c, e));
    TRY(fill(c, s, e));
    TRY(step(s, 0, s->batch, s->logits, e));
    TRY(step(s, last, 1, s->alone, e));
    if (memcmp(s->alone, s->logits + (size_t)last * vocab, vocab * sizeof(*s->alone)) != 0)
        rc = ERR(e, ERR_MISMATCH, "sequence %d of the batch has other logits than alone", last);
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    (void)c;
    return step(s, 0, s->batch, s->logits, e);
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;
    struct llm_cost cost;

    (void)c;
    llm_decode_cost(s->llm, s->batch, (double)s->context, &cost);
    w->flops = cost.flops;
    w->bytes[WORK_DRAM] = cost.weight_bytes + cost.kv_read_bytes + cost.kv_write_bytes;
    w->items = s->batch;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    struct llm_cost cost;

    llm_decode_cost(s->llm, s->batch, (double)s->context, &cost);
    llm_subject_cost(c, &cost, s->batch);
    return llm_subject_limits(&s->subject, c, out, &cost, s->batch, false, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    llm_free(s->llm);
    mem_free(s->tokens);
    mem_free(s->logits);
    mem_free(s->alone);
    llm_subject_close(&s->subject);
}

const struct bench bench_models_llm_batch = {
    .name = "models.llm.batch",
    .question = "How many tokens a second do several sequences get that are decoded together?",
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
