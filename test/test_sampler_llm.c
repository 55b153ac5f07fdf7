/* test_sampler_llm.c - the next token from logits: frequencies against exact probabilities, what
 * each cut leaves, and the same with the same seed.
 *
 * Frequencies are held by Pearson's chi-squared with its critical value for one false alarm in a
 * million a distribution (seeded: it either always passes or never). */
#include "test.h"

#include <stdbool.h>

#include "core/mem.h"
#include "core/rng.h"
#include "models/llm/llm_sampler.h"

enum {
    SMALL = 12,
    DRAWS = HEADROOM_INSTRUMENTED ? 10000 : 100000,
    LARGE = HEADROOM_INSTRUMENTED ? 2000 : 20000, /* a vocabulary */
    LARGE_DRAWS = 500
};

static struct llm_sampler *sampler(const struct llm_sampler_options *o, int vocab)
{
    struct llm_sampler *s = NULL;
    struct err e = { 0 };

    if (llm_sampler_new(&s, o, vocab, &e) < 0) {
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    return s;
}

/* ---- the reference: sort everything, then cut, in F64 ---- */

static const float *sort_by;

static int larger_first(const void *a, const void *b)
{
    int i = *(const int *)a, k = *(const int *)b;

    if (sort_by[i] != sort_by[k])
        return sort_by[i] > sort_by[k] ? -1 : 1;
    return (i > k) - (i < k);
}

static void exact(const float *x, int n, const struct llm_sampler_options *o, double *p)
{
    int *order = calloc((size_t)n, sizeof(*order)), kept = n;
    double sum = 0, left = 0, reach = 0;

    for (int i = 0; i < n; i++)
        order[i] = i;
    sort_by = x;
    qsort(order, (size_t)n, sizeof(*order), larger_first);
    memset(p, 0, (size_t)n * sizeof(*p));
    if (o->top_k && o->top_k < n)
        kept = o->top_k;
    for (int i = 0; i < kept; i++)
        sum += p[order[i]] = exp(((double)x[order[i]] - (double)x[order[0]]) / o->temperature);
    for (int i = 0; i < kept; i++) {
        bool out = reach >= o->top_p * sum || p[order[i]] < o->min_p;

        reach += p[order[i]];
        if (out)
            p[order[i]] = 0;
        left += p[order[i]];
    }
    for (int i = 0; i < n; i++)
        p[i] /= left;
    free(order);
}

/* Wilson and Hilferty's normal approximation of chi-squared; -z for 1e-6 is 4.7534. */
static double chi2_limit(int freedom)
{
    double k = freedom, a = 1 - 2 / (9 * k) + 4.7534 * sqrt(2 / (9 * k));

    return k * a * a * a;
}

/* Pearson's statistic above its limit; tokens that are expected less than 5 times are together. */
static bool differs(const int *seen, const double *p, int n, int draws)
{
    double chi2 = 0, rare = 0, rare_seen = 0;
    int cells = 0;

    for (int i = 0; i < n; i++) {
        double want = p[i] * draws;

        if (p[i] == 0 && seen[i])
            return true;
        if (want >= 5) {
            chi2 += (seen[i] - want) * (seen[i] - want) / want;
            cells++;
        } else {
            rare += want;
            rare_seen += seen[i];
        }
    }
    if (rare > 0) {
        chi2 += (rare_seen - rare) * (rare_seen - rare) / rare;
        cells++;
    }
    return cells > 1 && !(chi2 <= chi2_limit(cells - 1));
}

static bool wrong(const float *x, int n, const struct llm_sampler_options *o,
                  const struct llm_sampler_options *claimed, int draws)
{
    struct llm_sampler *s = sampler(o, n);
    int *seen = calloc((size_t)n, sizeof(*seen));
    double *p = calloc((size_t)n, sizeof(*p));
    bool bad;

    for (int i = 0; i < draws; i++) {
        int32_t t = -1;

        CHECK_EQ(llm_sampler_next(s, x, &t, NULL), 0);
        CHECK(t >= 0 && t < n);
        seen[t]++;
    }
    exact(x, n, claimed, p);
    bad = differs(seen, p, n, draws);
    free(p);
    free(seen);
    llm_sampler_free(s);
    return bad;
}

static const float logits[SMALL] = { 1.5f, -0.25f, 3,     0.125f, 3, -7,
                                     2,    0.5f,   -1.5f, 2.75f,  0, -0.75f };

static void test_frequencies(void)
{
    static const struct llm_sampler_options cases[] = {
        { .temperature = 1, .top_p = 1 },
        { .temperature = 0.5, .top_p = 1 },
        { .temperature = 2, .top_p = 1 },
        { .temperature = 1, .top_p = 1, .top_k = 3 },
        { .temperature = 1, .top_p = 1, .top_k = 100 },
        { .temperature = 1.5, .top_p = 0.9 },
        { .temperature = 1, .top_p = 0.05 },
        { .temperature = 1, .top_p = 1, .min_p = 0.3 },
        { .temperature = 0.8, .top_p = 0.8, .min_p = 0.1, .top_k = 6 },
        { .temperature = 3, .top_p = 0.95, .min_p = 0.25 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct llm_sampler_options o = cases[i];

        o.repeat_penalty = 1;
        o.seed = i + 1;
        if (wrong(logits, SMALL, &o, &o, DRAWS)) {
            fprintf(stderr, "case %zu does not have its frequencies\n", i);
            test_failures++;
        }
    }
}

/* The test sees a temperature that is 10 % off, and a cut that is one token too wide. */
static void test_planted(void)
{
    struct llm_sampler_options o = llm_sampler_greedy, claimed;

    o.temperature = 1;
    claimed = o;
    claimed.temperature = 1.1;
    CHECK(wrong(logits, SMALL, &o, &claimed, DRAWS));
    claimed = o;
    o.top_k = 4;
    claimed.top_k = 3;
    CHECK(wrong(logits, SMALL, &o, &claimed, DRAWS));
}

/* A large vocabulary: the kept set is the reference's, however it is found. */
static void test_large(void)
{
    float *x = calloc(LARGE, sizeof(*x));
    struct rng r;

    for (int shape = 0; shape < 4; shape++) {
        struct llm_sampler_options o = { .temperature = 1, .top_p = 0.9, .repeat_penalty = 1 };

        rng_init(&r, 7, (uint64_t)shape);
        for (int i = 0; i < LARGE; i++)
            x[i] = shape == 0   ? (float)rng_normal(&r) * 4
                   : shape == 1 ? (float)(i % 7) /* many equal */
                   : shape == 2 ? (float)i * 1e-3f
                                : (i == 777 ? 30 : (float)-i * 1e-4f);
        CHECK(!wrong(x, LARGE, &o, &o, LARGE_DRAWS));
        o.top_k = LARGE / 20;
        CHECK(!wrong(x, LARGE, &o, &o, LARGE_DRAWS));
        o.top_p = 1;
        o.top_k = 0;
        o.min_p = 0.02;
        CHECK(!wrong(x, LARGE, &o, &o, LARGE_DRAWS));
        o.top_k = LARGE - 1;
        CHECK(!wrong(x, LARGE, &o, &o, LARGE_DRAWS));
    }
    free(x);
}

static void test_greedy(void)
{
    struct llm_sampler *s = sampler(&llm_sampler_greedy, SMALL);
    float x[SMALL];
    struct err e = { 0 };
    int32_t t;

    for (int i = 0; i < 10; i++) {
        CHECK_EQ(llm_sampler_next(s, logits, &t, NULL), 0);
        CHECK_EQ(t, 2); /* 4 is as large */
    }
    memcpy(x, logits, sizeof(x));
    x[11] = NAN;
    CHECK_EQ(llm_sampler_next(s, x, &t, &e), ERR_MISMATCH);
    CHECK(strstr(e.msg, "NaN"));
    x[11] = INFINITY;
    CHECK_EQ(llm_sampler_next(s, x, &t, NULL), ERR_MISMATCH);
    for (int i = 0; i < SMALL; i++)
        x[i] = -INFINITY;
    CHECK_EQ(llm_sampler_next(s, x, &t, NULL), ERR_MISMATCH);
    x[3] = -5;
    CHECK_EQ(llm_sampler_next(s, x, &t, NULL), 0);
    CHECK_EQ(t, 3);
    llm_sampler_free(s);
}

static void test_penalty(void)
{
    struct llm_sampler_options o = llm_sampler_greedy;
    float x[4] = { 2, 1.5f, -1, -2 };
    struct llm_sampler *s;
    int32_t t;

    o.repeat_penalty = 2;
    o.repeat_last = 2;
    s = sampler(&o, 4);
    llm_sampler_accept(s, 0);
    llm_sampler_accept(s, 0); /* counts once: 2 / 2, not 2 / 4 */
    CHECK_EQ(llm_sampler_next(s, x, &t, NULL), 0);
    CHECK_EQ(t, 1);
    x[1] = 0.75f;
    CHECK_EQ(llm_sampler_next(s, x, &t, NULL), 0);
    CHECK_EQ(t, 0);
    llm_sampler_accept(s, 1);
    llm_sampler_accept(s, 3); /* 0 is forgotten */
    llm_sampler_accept(s, -1);
    llm_sampler_accept(s, 4); /* no tokens */
    x[0] = -1.5f;
    x[1] = -1; /* becomes -2 */
    CHECK_EQ(llm_sampler_next(s, x, &t, NULL), 0);
    CHECK_EQ(t, 2);
    x[2] = -3;
    CHECK_EQ(llm_sampler_next(s, x, &t, NULL), 0);
    CHECK_EQ(t, 0);
    llm_sampler_free(s);
}

static void test_seed(void)
{
    struct llm_sampler_options o = {
        .temperature = 1, .top_p = 0.9, .repeat_penalty = 1, .seed = 5
    };
    struct llm_sampler *a = sampler(&o, SMALL), *b = sampler(&o, SMALL), *c;
    int same = 0;
    int32_t x, y;

    for (int i = 0; i < 200; i++) {
        CHECK(llm_sampler_next(a, logits, &x, NULL) == 0 &&
              llm_sampler_next(b, logits, &y, NULL) == 0);
        CHECK_EQ(x, y);
    }
    o.seed = 6;
    c = sampler(&o, SMALL);
    for (int i = 0; i < 200; i++) {
        CHECK(llm_sampler_next(a, logits, &x, NULL) == 0 &&
              llm_sampler_next(c, logits, &y, NULL) == 0);
        same += x == y;
    }
    CHECK(same < 150);
    llm_sampler_free(a);
    llm_sampler_free(b);
    llm_sampler_free(c);
}

static void test_refused(void)
{
    static const struct llm_sampler_options bad[] = {
        { .temperature = -1, .top_p = 1, .repeat_penalty = 1 },
        { .temperature = NAN, .top_p = 1, .repeat_penalty = 1 },
        { .temperature = 1, .top_p = 0, .repeat_penalty = 1 },
        { .temperature = 1, .top_p = 1.5, .repeat_penalty = 1 },
        { .temperature = 1, .top_p = 1, .min_p = 1, .repeat_penalty = 1 },
        { .temperature = 1, .top_p = 1, .top_k = -1, .repeat_penalty = 1 },
        { .temperature = 1, .top_p = 1, .repeat_penalty = 0 },
        { .temperature = 1, .top_p = 1, .repeat_penalty = 1, .repeat_last = -1 },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct llm_sampler *s = NULL;
        struct err e = { 0 };

        CHECK_EQ(llm_sampler_new(&s, &bad[i], 10, &e), ERR_ARG);
        CHECK(!s && e.msg[0]);
    }
    for (uint64_t n = 1; n <= 4; n++) {
        struct llm_sampler *s = NULL;

        mem_fail_at(n);
        CHECK_EQ(llm_sampler_new(&s, &llm_sampler_greedy, 10, NULL), ERR_NOMEM);
        mem_fail_at(0);
        CHECK(!s);
    }
}

int main(void)
{
    test_greedy();
    test_penalty();
    test_frequencies();
    test_planted();
    test_large();
    test_seed();
    test_refused();
    TEST_DONE();
}
