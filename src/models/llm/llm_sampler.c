#include "models/llm/llm_sampler.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/softmax/softmax.h"

const struct llm_sampler_options llm_sampler_greedy = { .top_p = 1, .repeat_penalty = 1 };

struct candidate {
    float p; /* a logit while the largest are looked for, then a weight */
    int32_t id;
};

struct llm_sampler {
    struct llm_sampler_options o;
    size_t vocab;
    struct rng rng;
    const struct softmax_variant *softmax;
    int32_t *recent; /* [o.repeat_last], a ring */
    size_t n_recent, next_recent;
    float *logit;        /* [vocab], with the penalty; then probabilities */
    struct candidate *c; /* [vocab] */
};

static int check(const struct llm_sampler_options *o, int vocab, struct err *e)
{
    if (vocab < 1)
        return ERR(e, ERR_ARG, "a vocabulary of %d tokens", vocab);
    if (!(o->temperature >= 0 && o->temperature <= 1e6))
        return ERR(e, ERR_ARG, "temperature %g is not from 0 to 1e6", o->temperature);
    if (o->top_k < 0)
        return ERR(e, ERR_ARG, "top-k %d is negative", o->top_k);
    if (!(o->top_p > 0 && o->top_p <= 1))
        return ERR(e, ERR_ARG, "top-p %g is not above 0 and at most 1", o->top_p);
    if (!(o->min_p >= 0 && o->min_p < 1))
        return ERR(e, ERR_ARG, "min-p %g is not from 0 to below 1", o->min_p);
    if (!(o->repeat_penalty > 0 && o->repeat_penalty <= 1e6))
        return ERR(e, ERR_ARG, "repetition penalty %g is not above 0 and at most 1e6",
                   o->repeat_penalty);
    if (o->repeat_last < 0)
        return ERR(e, ERR_ARG, "a repetition penalty over the last %d tokens", o->repeat_last);
    return 0;
}

int llm_sampler_new(struct llm_sampler **out, const struct llm_sampler_options *o, int vocab,
                    struct err *e)
{
    struct llm_sampler *s = NULL;
    int rc = 0;

    TRY(check(o, vocab, e));
    s = mem_calloc(1, sizeof(*s));
    if (s) {
        *s = (struct llm_sampler){
            .o = *o,
            .vocab = (size_t)vocab,
            .softmax = softmax_best(cpu_here(), NULL),
            .recent = mem_calloc((size_t)o->repeat_last, sizeof(*s->recent)),
            .logit = mem_calloc((size_t)vocab, sizeof(*s->logit)),
            .c = mem_calloc((size_t)vocab, sizeof(*s->c)),
        };
        rng_init(&s->rng, o->seed, 0);
    }
    if (!s || !s->recent || !s->logit || !s->c)
        TRY(ERR(e, ERR_NOMEM, "a sampler of %d tokens", vocab));
    *out = s;
out:
    if (rc < 0)
        llm_sampler_free(s);
    return rc;
}

void llm_sampler_free(struct llm_sampler *s)
{
    if (!s)
        return;
    mem_free(s->recent);
    mem_free(s->logit);
    mem_free(s->c);
    mem_free(s);
}

void llm_sampler_accept(struct llm_sampler *s, int32_t token)
{
    size_t cap = (size_t)s->o.repeat_last;

    if (cap == 0 || token < 0 || (size_t)token >= s->vocab)
        return;
    s->recent[s->next_recent] = token;
    s->next_recent = (s->next_recent + 1) % cap;
    if (s->n_recent < cap)
        s->n_recent++;
}

/* Into s->logit; a token counts once, however often it is among the recent ones. */
static const float *penalised(struct llm_sampler *s, const float *logits)
{
    float penalty = (float)s->o.repeat_penalty;

    if (s->o.repeat_penalty == 1 || s->n_recent == 0)
        return logits;
    memcpy(s->logit, logits, s->vocab * sizeof(*logits));
    for (size_t i = 0; i < s->n_recent; i++) {
        float x = logits[s->recent[i]];

        s->logit[s->recent[i]] = x > 0 ? x / penalty : x * penalty;
    }
    return s->logit;
}

/* The largest, the first where several are equal. */
static int largest(const float *x, size_t n, int32_t *at, struct err *e)
{
    float most = -INFINITY;
    bool nan = false;

    *at = -1;
    for (size_t i = 0; i < n; i++) {
        nan |= isnan(x[i]);
        if (x[i] > most) {
            most = x[i];
            *at = (int32_t)i;
        }
    }
    if (nan)
        return ERR(e, ERR_MISMATCH, "there is NaN among the logits");
    if (*at < 0 || isinf(most))
        return ERR(e, ERR_MISMATCH, "the largest logit is infinite");
    return 0;
}

/* ---- partial selection: expected linear time, whatever the order ---- */

/* A strict order: no two are equal. */
static inline bool before(const struct candidate *a, const struct candidate *b)
{
    return a->p > b->p || (a->p == b->p && a->id < b->id);
}

static void swap(struct candidate *a, struct candidate *b)
{
    struct candidate x = *a;

    *a = *b;
    *b = x;
}

/* Put those before a pivot in front of it; gives its place.  The pivot is drawn, so that no input
 * makes this slow, from a state that starts the same each time. */
static size_t partition(struct candidate *c, size_t n, uint64_t *draw)
{
    struct candidate pivot;
    size_t place = 0;

    *draw = *draw * 6364136223846793005u + 1442695040888963407u;
    swap(&c[(size_t)(*draw >> 33) % n], &c[n - 1]);
    pivot = c[n - 1];
    for (size_t i = 0; i + 1 < n; i++)
        if (before(&c[i], &pivot))
            swap(&c[i], &c[place++]);
    swap(&c[place], &c[n - 1]);
    return place;
}

/* The k that are before all others come first, in any order; 0 < k <= n. */
static void select_first(struct candidate *c, size_t n, size_t k)
{
    uint64_t draw = 1;

    while (n > k && k > 0) {
        size_t place = partition(c, n, &draw);

        if (place >= k) {
            n = place;
        } else {
            c += place + 1;
            n -= place + 1;
            k -= place + 1;
        }
    }
}

/* How many must be taken, the largest first, for their weights to reach `need`; they come first. */
static size_t select_mass(struct candidate *c, size_t n, double need)
{
    size_t lo = 0, hi = n; /* [0, lo) is in, [hi, n) is out */
    uint64_t draw = 1;

    while (lo < hi) {
        size_t place = lo + partition(c + lo, hi - lo, &draw);
        double front = 0; /* of [lo, place) */

        for (size_t i = lo; i < place; i++)
            front += (double)c[i].p;
        if (front >= need) {
            hi = place;
        } else {
            need -= front + (double)c[place].p;
            lo = place + 1;
            if (need <= 0)
                return lo;
        }
    }
    return hi;
}

/* ---- the steps ---- */

/* The k largest of x into s->c.  They are gathered in a buffer of a few k; each time that it is
 * full the k best stay, and the worst of them is the bar for what comes. */
static size_t top_k(struct llm_sampler *s, const float *x, size_t k)
{
    size_t cap = k < s->vocab / 4 ? k * 4 : s->vocab, n = 0;
    float bar = -INFINITY;

    for (size_t i = 0; i < s->vocab; i++) {
        if (!(x[i] > bar))
            continue;
        s->c[n++] = (struct candidate){ x[i], (int32_t)i };
        if (n < cap || n <= k)
            continue;
        select_first(s->c, n, k);
        n = k;
        bar = s->c[0].p;
        for (size_t j = 1; j < k; j++)
            bar = s->c[j].p < bar ? s->c[j].p : bar;
    }
    if (n > k) {
        select_first(s->c, n, k);
        n = k;
    }
    return n;
}

/* The largest k, weighed; gives their sum. */
static double weigh_top_k(struct llm_sampler *s, const float *x, float most, size_t *n)
{
    double sum = 0;

    *n = top_k(s, x, (size_t)s->o.top_k);
    for (size_t i = 0; i < *n; i++) {
        s->c[i].p = (float)exp(((double)s->c[i].p - (double)most) / s->o.temperature);
        sum += (double)s->c[i].p;
    }
    return sum;
}

/* What is below this is surely dropped by min-p or top-p: all that are each below a share of
 * (1 - p) / n are together below 1 - p, so the others reach p without them. */
static float bar_of(const struct llm_sampler *s, size_t n, double sum, double most)
{
    double floor = s->o.min_p * most, rest = (1 - s->o.top_p) * sum / (double)n;
    float bar = (float)(floor > rest ? floor : rest);

    return (double)bar > most ? (float)most : bar; /* rounding must not drop the largest */
}

/* The same two of n candidates, exactly; gives how many are left. */
static size_t cut(struct llm_sampler *s, size_t n, double sum, double most)
{
    float bar = bar_of(s, n, sum, most);
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct candidate x = s->c[i];

        s->c[kept] = x;
        kept += x.p >= bar;
    }
    return s->o.top_p < 1 ? select_mass(s->c, kept, s->o.top_p * sum) : kept;
}

/* All tokens that cut() would keep, from probabilities. */
static size_t gather(struct llm_sampler *s, double most)
{
    float bar = bar_of(s, s->vocab, 1, most);
    size_t kept = 0;

    for (size_t i = 0; i < s->vocab; i++) {
        s->c[kept] = (struct candidate){ s->logit[i], (int32_t)i };
        kept += s->logit[i] >= bar;
    }
    return s->o.top_p < 1 ? select_mass(s->c, kept, s->o.top_p) : kept;
}

static int32_t draw(struct llm_sampler *s, size_t n)
{
    double sum = 0, at;
    size_t i = 0;

    for (size_t k = 0; k < n; k++)
        sum += (double)s->c[k].p;
    at = rng_uniform(&s->rng) * sum;
    while (i + 1 < n && at >= (double)s->c[i].p)
        at -= (double)s->c[i++].p;
    return s->c[i].id;
}

/* From probabilities, which add up to 1 but for rounding; `best` where that leaves nothing. */
static int32_t draw_all(struct llm_sampler *s, int32_t best)
{
    double at = rng_uniform(&s->rng);

    for (size_t i = 0; i < s->vocab; i++) {
        at -= (double)s->logit[i];
        if (at < 0)
            return (int32_t)i;
    }
    return best;
}

int llm_sampler_next(struct llm_sampler *s, const float *logits, int32_t *token, struct err *e)
{
    const float *x = penalised(s, logits);
    int32_t best = -1;
    size_t n = 0;
    int rc = 0;

    TRY(largest(x, s->vocab, &best, e));
    *token = best;
    if (s->o.temperature < (double)FLT_MIN) /* 0, or one that F32 has no inverse of */
        return 0;
    if (s->o.top_k > 0 && (size_t)s->o.top_k < s->vocab) {
        double sum = weigh_top_k(s, x, x[best], &n);

        *token = draw(s, cut(s, n, sum, 1));
        return 0;
    }
    s->softmax->softmax(x, (float)(1 / s->o.temperature), s->logit, s->vocab);
    if (s->o.top_p == 1 && s->o.min_p == 0)
        *token = draw_all(s, best);
    else
        *token = draw(s, gather(s, (double)s->logit[best]));
out:
    return rc;
}
