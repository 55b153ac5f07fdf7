/* test_llm_engine.c - the engine beside its arithmetic: batches, threads, a full context, bad
 * tokens, memory that ends, a file that shrinks, types that are mixed. */
#include "models/llm/llm.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/mem.h"
#include "models/llm/llm_perplexity.h"
#include "models/llm/llm_synth.h"
#include "test.h"

enum { PROMPT = 40, LONG_PROMPT = HEADROOM_INSTRUMENTED ? 60 : 530 /* two passes */ };

static struct llm_model *synth_of(const struct llm_config *shape, enum dtype type)
{
    struct llm_synth s = {
        .shape = shape, .format = MODEL_GGUF, .dtype = type, .head = type, .seed = 7
    };
    struct model_file *f;
    struct llm_model *m = NULL;
    struct err e = { 0 };
    static void *kept[64]; /* models borrow their bytes; freed at exit by the system */
    static int n_kept;
    size_t n;

    CHECK(s.shape != NULL && n_kept < 64);
    if (llm_synth_memory(&s, &kept[n_kept], &n, &e) < 0 ||
        model_file_open_memory(&f, kept[n_kept], n, shape->name, &e) < 0 ||
        llm_model_from_file(&m, f, &e) < 0)
        fprintf(stderr, "%s of %s: %s\n", shape->name, dtype_info(type)->name, e.msg);
    n_kept++;
    CHECK(m != NULL);
    return m;
}

static struct llm_model *synth(const char *shape, enum dtype type)
{
    return synth_of(llm_shape(shape), type);
}

static struct llm *engine(const struct llm_model *m, const struct llm_options *o)
{
    struct err e = { 0 };
    struct llm *g = NULL;

    if (llm_new(&g, m, o, &e) < 0)
        fprintf(stderr, "%s\n", e.msg);
    CHECK(g != NULL);
    return g;
}

static int32_t token_of(const struct llm_model *m, int i)
{
    return (int32_t)((i * 37 + 11) % llm_model_config(m)->vocab);
}

static float *logits_of(const struct llm_model *m, int rows)
{
    return calloc((size_t)rows * (size_t)llm_model_config(m)->vocab, sizeof(float));
}

static int prompt(struct llm *g, int seq, int from, int n, float *logits, struct err *e)
{
    int32_t tokens[2048];
    struct llm_prompt p = { .seq = seq, .tokens = tokens, .n = (size_t)n, .logits = logits };

    for (int i = 0; i < n; i++)
        tokens[i] = token_of(llm_of(g), from + i);
    return llm_prefill(g, &p, e);
}

/* The logits after PROMPT + seq tokens and a few steps, of one sequence by itself. */
static void run_alone(const struct llm_model *m, struct llm_options o, int seq, float *logits)
{
    struct err e = { 0 };
    struct llm *g;

    o.threads = 1;
    o.sequences = 1;
    g = engine(m, &o);
    CHECK_EQ(prompt(g, 0, seq, PROMPT + seq, logits, &e), 0);
    for (int i = 0; i < 3; i++) {
        struct llm_step step = { 0, token_of(m, seq + i) };

        CHECK_EQ(llm_decode(g, &step, 1, logits, &e), 0);
    }
    llm_free(g);
}

/* A batch of 9 on 3 threads, in which each row must have the bits that it has alone. */
static void check_batch(const struct llm_model *m, struct llm_options o, const char *what)
{
    enum { N = 9 };
    size_t vocab = (size_t)llm_model_config(m)->vocab;
    float *all = logits_of(m, N), *one = logits_of(m, 1);
    struct llm_step steps[N];
    struct err e = { 0 };
    struct llm *g;
    int bad = 0;

    o.threads = 3;
    o.sequences = N;
    o.context = N * 128;
    g = engine(m, &o);
    for (int s = 0; s < N; s++)
        CHECK_EQ(prompt(g, s, s, PROMPT + s, NULL, &e), 0);
    for (int i = 0; i < 3; i++) {
        for (int s = 0; s < N; s++)
            steps[s] = (struct llm_step){ s, token_of(m, s + i) };
        CHECK_EQ(llm_decode(g, steps, N, all, &e), 0);
    }
    o.context = 128;
    for (int s = 0; s < N; s++) {
        run_alone(m, o, s, one);
        bad += memcmp(one, all + (size_t)s * vocab, vocab * sizeof(float)) != 0;
    }
    if (bad > 0)
        fprintf(stderr, "%s: %d of %d rows of a batch differ from the sequence alone\n", what, bad,
                N);
    CHECK_EQ(bad, 0);
    llm_free(g);
    free(all);
    free(one);
}

/* Pages that went back to the pool belong to one sequence at a time when they are taken again. */
static void check_pages(void)
{
    struct llm_model *m = synth("tiny-llama", DTYPE_F16);
    size_t vocab = (size_t)llm_model_config(m)->vocab;
    struct llm_options o = { .threads = 1, .context = 256, .sequences = 2, .kv_dtype = DTYPE_F16 };
    struct llm *g = engine(m, &o);
    float *both = logits_of(m, 2), *one = logits_of(m, 1);
    struct llm_step steps[] = { { 0, 5 }, { 1, 9 } };
    struct err e = { 0 };

    for (int round = 0; round < 3; round++) {
        llm_truncate(g, 0, 0);
        llm_truncate(g, 1, 0);
        CHECK_EQ(prompt(g, 0, 0, 90, NULL, &e), 0);
        CHECK_EQ(prompt(g, 1, 100, 120 - round, NULL, &e), 0);
    }
    CHECK_EQ(llm_decode(g, steps, 2, both, &e), 0);
    for (int s = 0; s < 2; s++) {
        llm_truncate(g, 0, 0);
        llm_truncate(g, 1, 0);
        CHECK_EQ(prompt(g, 0, 100 * s, s ? 118 : 90, NULL, &e), 0);
        CHECK_EQ(llm_decode(g, &(struct llm_step){ 0, steps[s].token }, 1, one, &e), 0);
        CHECK(memcmp(one, both + (size_t)s * vocab, vocab * sizeof(*one)) == 0);
    }
    free(both);
    free(one);
    llm_free(g);
    llm_model_close(m);
}

/* Normalised mean square error of the fast path against the reference, over a prompt of two passes
 * and some decoding. */
static double error_of(const struct llm_model *m)
{
    size_t vocab = (size_t)llm_model_config(m)->vocab;
    float *want = logits_of(m, 1), *got = logits_of(m, 1);
    double error = 0, square = 0;
    struct llm_options o = { .path = LLM_REFERENCE, .threads = 2, .context = 600 };
    struct llm *r = engine(m, &o), *f;
    struct err e = { 0 };

    o.path = LLM_FAST;
    o.kv_dtype = DTYPE_F16;
    f = engine(m, &o);
    CHECK_EQ(prompt(r, 0, 0, LONG_PROMPT, want, &e), 0);
    CHECK_EQ(prompt(f, 0, 0, LONG_PROMPT, got, &e), 0);
    for (int i = 0; i < 4; i++) {
        struct llm_step step = { 0, token_of(m, i) };

        for (size_t k = 0; k < vocab; k++) {
            error += ((double)got[k] - (double)want[k]) * ((double)got[k] - (double)want[k]);
            square += (double)want[k] * (double)want[k];
        }
        CHECK_EQ(llm_decode(r, &step, 1, want, &e), 0);
        CHECK_EQ(llm_decode(f, &step, 1, got, &e), 0);
    }
    llm_free(r);
    llm_free(f);
    free(want);
    free(got);
    return error / square;
}

static void check_types(void)
{
    static const enum dtype types[] = { DTYPE_F32,  DTYPE_F16,  DTYPE_Q4_0,
                                        DTYPE_Q4_1, DTYPE_Q6_K, DTYPE_TQ2_0 };
    const struct llm_options o = { .kv_dtype = DTYPE_F16, .context = 128 };

    const size_t step = HEADROOM_INSTRUMENTED ? 3 : 1; /* slow there */

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i += step) {
        struct llm_model *m = synth("tiny-llama", types[i]);
        /* A group of 256 normal values rounded to 127 steps of its largest has a relative error of
         * 2 ln(256) / (12 * 127^2) = 5.7e-5 (mean square); 12 such products follow each other here,
         * and where two of them are multiplied (scores, gate and up) their errors add up.  F16 and
         * F32 weights read floats: what is left is the F16 cache. */
        double error = error_of(m), bar = types[i] <= DTYPE_F16 ? 1e-5 : 12 * 4 * 5.7e-5;

        if (!(error <= bar)) {
            fprintf(stderr, "%s: NMSE %.3g\n", llm_model_types(m), error);
            test_failures++;
        }
        check_batch(m, o, llm_model_types(m));
        llm_model_close(m);
    }
}

static void check_families(void)
{
    static const char *const shapes[] = { "tiny-gpt2", "tiny-qwen2", "tiny-phi3", "tiny-bitnet" };

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct llm_model *m = synth(shapes[i], DTYPE_Q8_0);

        check_batch(m, (struct llm_options){ .kv_dtype = DTYPE_F16, .context = 128 }, shapes[i]);
        if (i == 0)
            check_batch(m, (struct llm_options){ .path = LLM_REFERENCE, .context = 128 },
                        "tiny-gpt2, reference");
        llm_model_close(m);
    }
}

static void expect(int got, int want, const struct err *e, const char *text)
{
    CHECK_EQ(got, want);
    if (!strstr(e->msg, text))
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", e->msg, text);
    CHECK(strstr(e->msg, text) != NULL);
}

/* What cannot be says so, and the engine is as it was. */
static void check_refusals(void)
{
    struct llm_model *m = synth("tiny-llama", DTYPE_Q8_0);
    struct llm_options o = { .threads = 1, .context = 50, .sequences = 2, .kv_dtype = DTYPE_F16 };
    struct llm *g = engine(m, &o);
    float *logits = logits_of(m, 2), *before = logits_of(m, 1);
    size_t bytes = (size_t)llm_model_config(m)->vocab * sizeof(float);
    struct llm_step step = { 0, 1 };
    struct err e = { 0 };

    CHECK_EQ(prompt(g, 0, 0, 30, before, &e), 0);
    CHECK_EQ(prompt(g, 1, 0, 20, logits, &e), 0);
    expect(llm_decode(g, &step, 1, logits, &e), ERR_NOMEM, &e, "the context is full: 50 of 50");
    e = (struct err){ 0 };
    llm_truncate(g, 1, 0);
    expect(prompt(g, 1, 0, 21, logits, &e), ERR_NOMEM, &e, "21 more are wanted");
    CHECK_EQ(llm_length(g, 1), 0);
    CHECK_EQ(llm_length(g, 0), 30);
    e = (struct err){ 0 };
    expect(llm_decode(g, &(struct llm_step){ 0, -1 }, 1, logits, &e), ERR_ARG, &e, "token -1");
    e = (struct err){ 0 };
    step.token = llm_model_config(m)->vocab;
    expect(llm_decode(g, &step, 1, logits, &e), ERR_ARG, &e, "outside of the vocabulary");
    e = (struct err){ 0 };
    expect(llm_decode(g, &(struct llm_step){ 2, 1 }, 1, logits, &e), ERR_ARG, &e, "sequence 2");
    e = (struct err){ 0 };
    expect(llm_decode(g, (struct llm_step[]){ { 0, 1 }, { 0, 1 } }, 2, logits, &e), ERR_ARG, &e,
           "sequence 0 twice");
    e = (struct err){ 0 };
    expect(prompt(g, 0, 0, 0, logits, &e), ERR_ARG, &e, "a prompt of 0 tokens");
    /* The last token again gives the bits that it gave. */
    e = (struct err){ 0 };
    llm_truncate(g, 0, 29);
    CHECK_EQ(llm_decode(g, &(struct llm_step){ 0, token_of(m, 29) }, 1, logits, &e), 0);
    llm_truncate(g, 0, 0);
    CHECK_EQ(prompt(g, 0, 0, 30, logits, &e), 0);
    CHECK(memcmp(logits, before, bytes) == 0);
    llm_free(g);

    o = (struct llm_options){ .threads = 1 << 20 };
    expect(llm_new(&g, m, &o, &e), ERR_ARG, &e, "1048576 threads");
    e = (struct err){ 0 };
    o = (struct llm_options){ .kv_dtype = DTYPE_Q8_0 };
    expect(llm_new(&g, m, &o, &e), ERR_ARG, &e, "a KV cache of Q8_0");
    e = (struct err){ 0 };
    o = (struct llm_options){ .kv_dtype = DTYPE_F16, .context = 1 << 28, .sequences = 64 };
    expect(llm_new(&g, m, &o, &e), ERR_NOMEM, &e, "no memory for a KV cache");
    CHECK(g == NULL);
    free(logits);
    free(before);
    llm_model_close(m);
}

/* Two sequences of which neither may leave the original context have the short factors, as one has
 * by itself, though together they have a longer context. */
static void check_longrope(void)
{
    struct llm_model *m = synth("tiny-phi3-long", DTYPE_F32);
    int context = llm_model_config(m)->rope_original;
    struct llm_options o = { .threads = 1, .context = context, .kv_dtype = DTYPE_F32 };
    float *alone = logits_of(m, 1), *beside = logits_of(m, 1);
    struct llm *one = engine(m, &o), *two;
    struct err e = { 0 };

    o.sequences = 2;
    o.context = 2 * context;
    two = engine(m, &o);
    CHECK_EQ(llm_context(two), context);
    CHECK_EQ(prompt(one, 0, 0, PROMPT, alone, &e), 0);
    CHECK_EQ(prompt(two, 1, 0, PROMPT, beside, &e), 0);
    CHECK(memcmp(alone, beside, (size_t)llm_model_config(m)->vocab * sizeof(*alone)) == 0);
    free(alone);
    free(beside);
    llm_free(one);
    llm_free(two);
    llm_model_close(m);
}

/* Behind a cut of attention (256 positions): a prompt in short pieces has the bits that it has at
 * once. */
static void check_pieces(void)
{
    enum { ALL = 352, PIECE = 32 };
    struct llm_model *m = synth("tiny-llama", DTYPE_Q8_0);
    struct llm_options o = { .threads = 2, .context = ALL, .kv_dtype = DTYPE_F16 };
    float *once = logits_of(m, 1), *pieces = logits_of(m, 1);
    struct llm *a = engine(m, &o), *b = engine(m, &o);
    struct err e = { 0 };

    CHECK_EQ(prompt(a, 0, 0, ALL, once, &e), 0);
    for (int at = 0; at < ALL; at += PIECE)
        CHECK_EQ(prompt(b, 0, at, PIECE, pieces, &e), 0);
    CHECK(memcmp(once, pieces, (size_t)llm_model_config(m)->vocab * sizeof(*once)) == 0);
    free(once);
    free(pieces);
    llm_free(a);
    llm_free(b);
    llm_model_close(m);
}

/* A sliding window touches more cuts at some positions than at others: a step of many sequences has
 * room for the most (the engine aborts where it has not). */
static void check_windows(void)
{
    enum { N = 40, WINDOW = 300, AT = 513 /* sees 214 .. 513: three cuts */ };
    struct llm_config shape = *llm_shape("tiny-phi3");
    struct llm_options o = { .sequences = N, .context = N * (AT + 87), .kv_dtype = DTYPE_F16 };
    struct llm_step steps[N], first = { 0 };
    struct llm_model *m;
    struct err e = { 0 };
    float *all, *one;
    struct llm *g;

    if (HEADROOM_INSTRUMENTED)
        return; /* 20,000 tokens */
    shape.window = WINDOW;
    m = synth_of(&shape, DTYPE_Q8_0);
    all = logits_of(m, N);
    one = logits_of(m, 1);
    g = engine(m, &o);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(prompt(g, i, i, AT, NULL, &e), 0);
        steps[i] = (struct llm_step){ i, token_of(m, i) };
    }
    CHECK_EQ(llm_decode(g, steps, N, all, &e), 0);
    first.token = steps[0].token;
    llm_truncate(g, 0, AT);
    CHECK_EQ(llm_decode(g, &first, 1, one, &e), 0);
    CHECK(memcmp(one, all, (size_t)llm_model_config(m)->vocab * sizeof(*one)) == 0);
    free(all);
    free(one);
    llm_free(g);
    llm_model_close(m);
}

static void check_learned_positions(void)
{
    struct llm_model *m = synth("tiny-gpt2", DTYPE_Q8_0);
    int context = llm_model_config(m)->context;
    struct llm_options o = { .threads = 1, .context = context + 1, .kv_dtype = DTYPE_F16 };
    struct err e = { 0 };
    struct llm *g;

    expect(llm_new(&g, m, &o, &e), ERR_ARG, &e, "learned positions");
    e = (struct err){ 0 };
    o.sequences = 2; /* together they may have more */
    g = engine(m, &o);
    CHECK(context < 2048);
    expect(prompt(g, 0, 0, context + 1, NULL, &e), ERR_NOMEM, &e, "the context is full");
    llm_free(g);
    llm_model_close(m);
}

/* Each allocation fails in turn: an error or a result, and nothing is lost (the address sanitizer
 * looks). */
static void check_no_memory(void)
{
    struct llm_synth s = { .shape = llm_shape("tiny-llama"),
                           .format = MODEL_GGUF,
                           .dtype = DTYPE_Q4_0,
                           .head = DTYPE_Q8_0,
                           .seed = 1 };
    struct llm_options o = { .threads = 2, .context = 64, .kv_dtype = DTYPE_F16 };
    struct err e = { 0 };
    void *bytes;
    size_t n;
    int rc = ERR_NOMEM;

    CHECK_EQ(llm_synth_memory(&s, &bytes, &n, &e), 0);
    for (uint64_t at = 1; rc != 0 && at < 10000; at++) {
        struct model_file *f;
        struct llm_model *m = NULL;
        struct llm *g = NULL;

        e = (struct err){ 0 };
        mem_fail_at(at);
        rc = model_file_open_memory(&f, bytes, n, "model", &e);
        if (rc == 0)
            rc = llm_model_from_file(&m, f, &e);
        if (rc == 0)
            rc = llm_new(&g, m, &o, &e);
        if (rc == 0)
            rc = prompt(g, 0, 0, 20, NULL, &e);
        mem_fail_at(0);
        CHECK(rc == 0 || rc == ERR_NOMEM);
        llm_free(g);
        llm_model_close(m);
    }
    CHECK_EQ(rc, 0);
    mem_free(bytes);
}

/* A file that loses its tail while it is mapped. */
static void check_shrunk(void)
{
    struct llm_synth s = { .shape = llm_shape("tiny-llama"),
                           .format = MODEL_GGUF,
                           .dtype = DTYPE_F32,
                           .head = DTYPE_F32,
                           .seed = 1 };
    struct llm_options o = { .threads = 2, .context = 64, .kv_dtype = DTYPE_F16 };
    char path[] = "/tmp/headroom-engine-XXXXXX";
    struct llm_model *m;
    struct err e = { 0 };
    struct llm *g;

    close(mkstemp(path));
    CHECK_EQ(llm_synth_write(&s, path, &e), 0);
    CHECK_EQ(llm_model_open(&m, path, &e), 0);
    g = engine(m, &o);
    CHECK_EQ(prompt(g, 0, 0, 10, NULL, &e), 0);
    CHECK_EQ(truncate(path, 8192), 0);
    expect(prompt(g, 0, 0, 10, NULL, &e), ERR_IO, &e, path);
    CHECK_EQ(llm_length(g, 0), 10);
    llm_free(g);
    llm_model_close(m);
    unlink(path);
}

/* Weights that make NaN are an error, not a text. */
static void check_not_finite(void)
{
    struct llm_model *m = synth("tiny-llama", DTYPE_F32);
    struct llm_options o = { .threads = 2, .context = 64, .kv_dtype = DTYPE_F16 };
    struct llm *g = engine(m, &o);
    const struct tensor *t = model_file_tensor(llm_model_file(m), "blk.0.attn_q.weight");
    float *w = (float *)(uintptr_t)t->data; /* our own bytes */
    float *logits = logits_of(m, 1);
    struct err e = { 0 };

    w[5] = NAN;
    expect(prompt(g, 0, 0, 10, logits, &e), ERR_MISMATCH, &e, "NaN or infinity");
    CHECK_EQ(llm_length(g, 0), 0);
    free(logits);
    llm_free(g);
    llm_model_close(m);
}

static void check_cost(void)
{
    struct llm_model *m = synth("tiny-llama", DTYPE_F16);
    const struct llm_config *c = llm_model_config(m);
    struct llm_options o = { .threads = 1, .context = 64, .kv_dtype = DTYPE_F16 };
    struct llm *g = engine(m, &o);
    double dim = c->dim, q = (double)c->heads * c->head_dim, kv = (double)c->kv_heads * c->head_dim;
    double layer = dim * (q + 2 * kv) + dim * q + 3 * dim * c->ff, head = dim * c->vocab;
    struct llm_cost cost;

    llm_decode_cost(g, 1, 9, &cost);
    CHECK_NEAR(cost.flops, 2 * (c->layers * layer + head) + 4 * c->layers * q * 10, 0);
    CHECK_NEAR(cost.weight_bytes,
               2 * (c->layers * layer + head) + 4 * dim * (2 * c->layers + 1) + 2 * dim, 0);
    CHECK_NEAR(cost.kv_read_bytes, 10 * 2 * c->layers * kv * 2, 0);
    CHECK_NEAR(cost.kv_write_bytes, 2 * c->layers * kv * 2, 0);
    llm_prefill_cost(g, 2, &cost);
    CHECK_NEAR(cost.flops, 2 * (2 * c->layers * layer + head) + 4 * c->layers * q * 3, 0);
    llm_free(g);
    llm_model_close(m);
}

/* -log p of a token after the n - 1 before it, from an empty cache. */
static double surprise(struct llm *g, const int32_t *tokens, size_t n, float *logits)
{
    struct llm_prompt p = { .tokens = tokens, .n = n - 1, .logits = logits };
    struct err e = { 0 };
    double sum = 0;

    CHECK_EQ(llm_prefill(g, &p, &e), 0);
    llm_truncate(g, 0, 0);
    for (int i = 0; i < llm_model_config(llm_of(g))->vocab; i++)
        sum += exp((double)logits[i]);
    return log(sum) - (double)logits[tokens[n - 1]];
}

/* Perplexity by its definition: each counted token predicted by itself. */
static void check_perplexity(void)
{
    enum { N = 75, CONTEXT = 25, BOS = 3 }; /* 3 windows of which 13 .. 24 count */
    struct llm_model *m = synth("tiny-llama", DTYPE_F16);
    struct llm_options o = { .path = LLM_REFERENCE, .threads = 2, .context = CONTEXT };
    struct llm *g = engine(m, &o);
    float *logits = logits_of(m, 1);
    int32_t tokens[N], window[CONTEXT];
    struct llm_perplexity_job j = {
        .llm = g, .tokens = tokens, .n = N, .context = CONTEXT, .bos = BOS
    };
    struct llm_perplexity got;
    struct err e = { 0 };
    double sum = 0;
    int scored = 0;

    for (int i = 0; i < N; i++)
        tokens[i] = token_of(m, i * i);
    for (int w = 0; w < N / CONTEXT; w++) {
        memcpy(window, tokens + (ptrdiff_t)w * CONTEXT, sizeof(window));
        window[0] = BOS;
        for (size_t n = CONTEXT / 2 + 1; n < CONTEXT; n++, scored++)
            sum += surprise(g, window, n + 1, logits);
    }
    CHECK_EQ(llm_perplexity_run(&j, &got, &e), 0);
    CHECK_EQ(got.windows, 3);
    CHECK_EQ(got.scored, scored);
    CHECK_NEAR(got.nll.value, sum / scored, 1e-4);
    CHECK_NEAR(got.perplexity.value / exp(sum / scored), 1, 1e-4);
    j.n = 2 * CONTEXT - 1;
    expect(llm_perplexity_run(&j, &got, &e), ERR_ARG, &e, "the text has 49 tokens");
    free(logits);
    llm_free(g);
    llm_model_close(m);
}

int main(void)
{
    check_perplexity();
    check_pages();
    check_types();
    check_families();
    check_refusals();
    check_longrope();
    check_pieces();
    check_windows();
    check_learned_positions();
    check_no_memory();
    check_shrunk();
    check_not_finite();
    check_cost();
    TEST_DONE();
}
