/* llm_perplexity.c - how well a model predicts a text, and how far it is from another. */
#include "models/llm/llm_perplexity.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "kernels/softmax/softmax.h"

/* Sum and sum of squares of what is averaged. */
struct sums {
    double x, xx;
};

struct scoring {
    const struct llm_perplexity_job *j;
    const struct softmax_variant *softmax;
    const int32_t *window; /* of tokens, as the text has them */
    size_t vocab, n;
    struct sums nll, kl, same;
    double kl_max;
    float *log_p, *base, *p; /* [vocab] */
};

static void add(struct sums *s, double x)
{
    s->x += x;
    s->xx += x * x;
}

static struct llm_mean mean_of(const struct sums *s, size_t n)
{
    double mean = s->x / (double)n;
    double variance = s->xx / (double)n - mean * mean;

    return (struct llm_mean){ mean, n > 1 && variance > 0 ? sqrt(variance / (double)(n - 1)) : 0 };
}

static size_t top_of(const float *x, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

/* The distribution that the file holds sums to 1 within its rounding; that is taken out, so that a
 * model's distance from itself is 0 within the square of it. */
static int compare(struct scoring *s, struct err *e)
{
    double kl = 0, log_sum;
    int rc = 0;

    TRY(llm_logits_read(s->j->base, s->base, e));
    log_sum = s->softmax->log_sum_exp(s->base, s->vocab);
    s->softmax->softmax(s->base, 1, s->p, s->vocab);
    for (size_t i = 0; i < s->vocab; i++)
        kl += (double)s->p[i] * ((double)s->base[i] - log_sum - (double)s->log_p[i]);
    add(&s->kl, kl);
    s->kl_max = kl > s->kl_max ? kl : s->kl_max;
    add(&s->same, top_of(s->base, s->vocab) == top_of(s->log_p, s->vocab));
out:
    return rc;
}

/* The logits at token `at` of a window predict the next. */
static int score(void *self, size_t at, const float *logits, struct err *e)
{
    struct scoring *s = self;
    size_t context = (size_t)s->j->context;
    double log_sum;
    int rc = 0;

    if (at < context / 2 || at + 1 >= context)
        return 0;
    log_sum = s->softmax->log_sum_exp(logits, s->vocab);
    add(&s->nll, log_sum - (double)logits[s->window[at + 1]]);
    s->n++;
    if (!s->j->save && !s->j->base)
        return 0;
    for (size_t i = 0; i < s->vocab; i++)
        s->log_p[i] = (float)((double)logits[i] - log_sum);
    if (s->j->save)
        TRY(llm_logits_write(s->j->save, s->log_p, e));
    if (s->j->base)
        TRY(compare(s, e));
out:
    return rc;
}

static int run_window(struct scoring *s, int32_t *tokens, struct err *e)
{
    size_t context = (size_t)s->j->context;
    struct llm_prompt p = { .tokens = tokens, .n = context, .each_logits = score, .self = s };

    memcpy(tokens, s->window, context * sizeof(*tokens));
    if (s->j->bos >= 0)
        tokens[0] = s->j->bos;
    llm_truncate(s->j->llm, 0, 0);
    return llm_prefill(s->j->llm, &p, e);
}

static int run_windows(struct scoring *s, int32_t *tokens, size_t windows, struct err *e)
{
    const struct llm_perplexity_job *j = s->j;
    int rc = 0;

    for (size_t i = 0; i < windows; i++) {
        s->window = j->tokens + i * (size_t)j->context;
        TRY(run_window(s, tokens, e));
        if (j->progress)
            TRY(j->progress(j->self, i + 1, windows, exp(mean_of(&s->nll, s->n).value), e));
    }
out:
    llm_truncate(j->llm, 0, 0);
    return rc;
}

static size_t windows_of(const struct llm_perplexity_job *j)
{
    return j->n / (size_t)j->context;
}

static size_t scored_of(const struct llm_perplexity_job *j)
{
    size_t context = (size_t)j->context;

    return windows_of(j) * (context - context / 2 - 1);
}

struct llm_logits_of llm_perplexity_logits(const struct llm_perplexity_job *j)
{
    return (struct llm_logits_of){ .vocab = (uint32_t)llm_model_config(llm_of(j->llm))->vocab,
                                   .context = (uint32_t)j->context,
                                   .rows = scored_of(j),
                                   .tokens_hash = llm_logits_tokens_hash(j->tokens, j->n) };
}

static void sum_up(const struct scoring *s, size_t windows, struct llm_perplexity *out)
{
    *out = (struct llm_perplexity){ .windows = windows,
                                    .scored = s->n,
                                    .nll = mean_of(&s->nll, s->n),
                                    .kl = mean_of(&s->kl, s->n),
                                    .same_top = mean_of(&s->same, s->n),
                                    .kl_max = s->kl_max };
    out->perplexity.value = exp(out->nll.value);
    out->perplexity.error = out->perplexity.value * out->nll.error;
}

int llm_perplexity_run(const struct llm_perplexity_job *j, struct llm_perplexity *out,
                       struct err *e)
{
    struct scoring s = { .j = j, .softmax = softmax_best(cpu_here(), NULL) };
    size_t windows = windows_of(j);
    int32_t *tokens;
    int rc = 0;

    *out = (struct llm_perplexity){ 0 };
    if (windows < 2)
        return ERR(e, ERR_ARG,
                   "the text has %zu tokens; at a context of %d perplexity wants %d or more", j->n,
                   j->context, 2 * j->context);
    s.vocab = (size_t)llm_model_config(llm_of(j->llm))->vocab;
    tokens = mem_calloc((size_t)j->context, sizeof(*tokens));
    s.log_p = mem_calloc(3 * s.vocab, sizeof(*s.log_p));
    if (!tokens || !s.log_p) {
        rc = ERR(e, ERR_NOMEM, "no memory for a window of %d tokens", j->context);
        goto out;
    }
    s.base = s.log_p + s.vocab;
    s.p = s.base + s.vocab;
    TRY(run_windows(&s, tokens, windows, e));
    sum_up(&s, windows, out);
out:
    mem_free(tokens);
    mem_free(s.log_p);
    return rc;
}
