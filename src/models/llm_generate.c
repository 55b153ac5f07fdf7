/* llm_generate.c - models.llm.generate: from a text to a text, tokenizer and sampling included.
 *
 * until=end    tokens a second of the whole: the prompt is tokenized and read, then `tokens` of
 *              them are drawn and written as text.  The latency of single operations is the time
 *              from one token to the next.
 * until=first  the time to the first token.
 *
 * Check  the tokens of a second generation are those of the first; the logits as in decode. */
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "models/llm/generation.h"
#include "models/llm/llm_subject.h"

enum until { UNTIL_END, UNTIL_FIRST };
enum { TOKENS_MAX = 4096, PROMPT_BYTES = 160 };

struct state {
    struct llm_subject subject;
    struct llm *llm;
    struct tokens prompt;
    size_t n;
    int32_t *got, *first; /* n */
    size_t n_got;
    size_t text_bytes;
    const struct bench_ctx *ctx; /* of the repetition that runs */
    uint64_t since;
};

static const char *const until_names[] = { "end", "first", NULL };

static const struct axis axes[] = {
    LLM_AXIS_MODEL,
    LLM_AXIS_DTYPE,
    LLM_AXIS_THREADS,
    { .name = "tokens",
      .help = "tokens to generate",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = TOKENS_MAX,
      .normal = "50" },
    { .name = "until",
      .help = "the last token (tokens a second of the whole), or the first (the time until it)",
      .kind = AXIS_ENUM,
      .names = until_names,
      .normal = "end" },
};

static const struct plan plans[] = {
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "tokens=10,50,100", 1.5 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "until=first", 1 },
};

#define THROUGHPUT                                                                      \
    {                                                                                   \
        .name = "throughput", .unit = "tok/s", .basis = METRIC_ITEMS_PER_S, .scale = 1, \
        .direction = HIGHER_IS_BETTER                                                   \
    }
static const struct metric throughput = THROUGHPUT;

static const struct metric to_first = { .name = "latency",
                                        .unit = "ms",
                                        .basis = METRIC_TIME_PER_ITEM,
                                        .scale = 1e3,
                                        .direction = LOWER_IS_BETTER };

static const struct metric *metric_of(const struct params *p)
{
    return params_get(p, "until") == UNTIL_FIRST ? &to_first : &throughput;
}

static bool applies(const struct params *p, const struct axis *a)
{
    return strcmp(a->name, "tokens") != 0 || params_get(p, "until") == UNTIL_END;
}

static int on_text(void *self, const char *p, size_t n, struct err *e)
{
    struct state *s = self;

    (void)p;
    (void)e;
    s->text_bytes += n;
    return 0;
}

static void on_token(void *self, size_t index, int32_t id)
{
    struct state *s = self;

    if (index > 0 && s->ctx)
        op_done(s->ctx, s->since);
    if (s->ctx)
        s->since = op_start(s->ctx);
    s->got[index] = id;
}

static int generate(struct state *s, struct err *e)
{
    struct generation g = { .llm = s->llm,
                            .tokenizer = s->subject.tokenizer,
                            .max_tokens = s->n,
                            .ignore_eos = true,
                            .text = on_text,
                            .token = on_token,
                            .self = s };
    const char *text = llm_subject_text();
    int rc = 0;

    s->text_bytes = 0;
    s->prompt.n = 0;
    TRY(tokenizer_encode(s->subject.tokenizer, text, PROMPT_BYTES, TOKENIZE_ADD, &s->prompt, e));
    TRY(llm_sampler_new(&g.sampler, &llm_sampler_greedy, llm_model_config(s->subject.model)->vocab,
                        e));
    g.prompt = s->prompt.id;
    g.n_prompt = s->prompt.n;
    TRY(generation_run(&g, e));
    s->n_got = g.n_tokens;
out:
    llm_sampler_free(g.sampler);
    llm_truncate(s->llm, 0, 0);
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const char *text = llm_subject_text();
    int rc = 0;

    s->n =
        params_get(c->params, "until") == UNTIL_FIRST ? 1 : (size_t)params_get(c->params, "tokens");
    TRY(llm_subject_open(&s->subject, c, e));
    TRY(tokenizer_encode(s->subject.tokenizer, text, PROMPT_BYTES, TOKENIZE_ADD, &s->prompt, e));
    TRY(llm_subject_engine(&s->llm, &s->subject, c, s->prompt.n + s->n + 8, 1, e));
    s->got = mem_calloc(s->n, sizeof(*s->got));
    s->first = mem_calloc(s->n, sizeof(*s->first));
    if (!s->got || !s->first)
        return ERR(e, ERR_NOMEM, "no memory for %zu tokens", s->n);
    result_property(c->result, "prompt_tokens", (double)s->prompt.n, "");
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    bool again = s->n_got > 0;
    int rc = 0;

    s->ctx = NULL;
    TRY(llm_subject_check(&s->subject, s->llm, c, e));
    TRY(generate(s, e));
    if (!again)
        memcpy(s->first, s->got, s->n_got * sizeof(*s->got));
    if (s->n_got != s->n || memcmp(s->first, s->got, s->n * sizeof(*s->got)) != 0)
        rc = ERR(e, ERR_MISMATCH, "%zu tokens, other ones than the first time", s->n_got);
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;

    s->ctx = c;
    return generate(s, e);
}

static void cost_of(const struct state *s, struct llm_cost *cost)
{
    llm_prefill_cost(s->llm, s->prompt.n, cost);
    for (size_t i = 1; i < s->n; i++) {
        struct llm_cost one;

        llm_decode_cost(s->llm, 1, (double)(s->prompt.n + i - 1), &one);
        cost->weight_bytes += one.weight_bytes;
        cost->kv_read_bytes += one.kv_read_bytes;
        cost->kv_write_bytes += one.kv_write_bytes;
        cost->flops += one.flops;
    }
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct state *s = state;
    struct llm_cost cost;

    (void)c;
    cost_of(s, &cost);
    w->flops = cost.flops;
    w->bytes[WORK_DRAM] = cost.weight_bytes + cost.kv_read_bytes + cost.kv_write_bytes;
    w->items = (double)s->n;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct state *s = state;
    struct llm_cost cost;

    cost_of(s, &cost);
    llm_subject_cost(c, &cost, (double)s->n);
    if (params_get(c->params, "until") == UNTIL_FIRST) {
        limit_none(out, "the prompt's limit is models.llm.prefill's");
        return 0;
    }
    return llm_subject_limits(&s->subject, c, out, &cost, (double)s->n, false, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    llm_free(s->llm);
    tokens_release(&s->prompt);
    mem_free(s->got);
    mem_free(s->first);
    llm_subject_close(&s->subject);
}

const struct bench bench_models_llm_generate = {
    .name = "models.llm.generate",
    .question = "How fast is a text answered, tokenizer and sampling included?",
    .devices = DEVICE_CPU,
    .metric = THROUGHPUT,
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .setup_timeout_s = 120,
    .allocates = true,
    .item = "token",
    .ops_latency = true,
    .applies = applies,
    .metric_of = metric_of,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
