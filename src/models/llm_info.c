/* llm_info.c - models.llm.info: what asking an open model for a property costs.
 *
 * A repetition asks for each kind of property once: the configuration, the number of parameters, a
 * key of the file, a tensor by its name, a token's text, a special token by its name.
 *
 * Check  the answers against the list of the file's tensors and the tokenizer's size. */
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "models/llm/llm_subject.h"

enum { QUESTIONS = 6 };

struct state {
    struct llm_subject subject;
    const char *tensor; /* the last one's name */
    uint64_t answers;   /* so that nothing is dropped */
};

static const struct axis axes[] = { LLM_AXIS_MODEL };

static const struct plan plans[] = {
    { SUITE_STANDARD | SUITE_FULL, DEVICE_CPU, "", 0.4 },
};

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct tensor *t;
    size_t n;
    int rc = 0;

    TRY(llm_subject_open(&s->subject, c, e));
    t = model_file_tensors(llm_model_file(s->subject.model), &n);
    s->tensor = t[n - 1].name;
    snprintf(c->variant, sizeof(c->variant), "mapped");
out:
    return rc;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct model_file *f = llm_model_file(s->subject.model);
    const struct tensor *t;
    int64_t blocks = 0;
    char piece[64];

    (void)c;
    (void)e;
    s->answers += (uint64_t)llm_model_config(s->subject.model)->layers;
    s->answers += llm_model_parameters(s->subject.model);
    model_file_int(f, "general.alignment", &blocks);
    t = model_file_tensor(f, s->tensor);
    s->answers += (uint64_t)blocks + (t ? t->bytes : 0);
    s->answers += tokenizer_piece(s->subject.tokenizer, 3, true, piece, sizeof(piece));
    s->answers += (uint64_t)(tokenizer_find(s->subject.tokenizer, "<|im_end|>") >= 0);
    return 0;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct state *s = state;
    const struct model_file *f = llm_model_file(s->subject.model);
    const struct llm_config *cfg = llm_model_config(s->subject.model);
    uint64_t sum = 0, parameters = llm_model_parameters(s->subject.model);
    const struct tensor *t;
    size_t n, wrong = 0;

    t = model_file_tensors(f, &n);
    for (size_t i = 0; i < n; i++) {
        uint64_t one = 1;

        wrong += model_file_tensor(f, t[i].name) != &t[i];
        for (int k = 0; k < t[i].n_dims; k++)
            one *= t[i].dims[k];
        sum += one;
    }
    wrong += parameters > sum || 2 * parameters < sum; /* tables of rope may be beside them */
    wrong += tokenizer_size(s->subject.tokenizer) > cfg->vocab;
    snprintf(c->check.reference, sizeof(c->check.reference),
             "%zu tensors by name, their elements, the vocabulary", n);
    c->check.error = (double)wrong;
    c->check.tolerance = 0;
    return wrong ? ERR(e, ERR_MISMATCH, "%zu properties are wrong", wrong) : 0;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    (void)c;
    (void)state;
    w->items = QUESTIONS;
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    limit_none(out, "a look-up has no physical limit worth naming");
    return 0;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct state *s = state;

    (void)c;
    llm_subject_close(&s->subject);
}

const struct bench bench_models_llm_info = {
    .name = "models.llm.info",
    .question = "What does asking an open model for a property cost?",
    .devices = DEVICE_CPU,
    .metric = { .name = "latency",
                .unit = "ns",
                .basis = METRIC_TIME_PER_ITEM,
                .scale = 1e9,
                .direction = LOWER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct state),
    .setup_timeout_s = 120,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
