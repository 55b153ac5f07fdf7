/* test_generation.c - from tokens to text: ends, stop strings across tokens, whole characters.
 *
 * The engine is a stand-in that says what a script tells it to: its functions are defined here, and
 * so the archive's are not linked. */
#include "test.h"

#include <jansson.h>
#include <stdbool.h>

#include "core/mem.h"
#include "models/llm/generation.h"
#include "models/text/tokenizer_parts.h"

/* ---- the stand-in: the next token is the script's next, whatever came before ---- */

enum { SCRIPT_MAX = 64, CONTEXT = 24 };

struct llm_model {
    struct llm_config config;
};

struct llm {
    struct llm_model model;
    int32_t script[SCRIPT_MAX];
    int n_script, said;
    size_t length;
    int32_t heard[SCRIPT_MAX]; /* what was decoded */
    int n_heard;
    int fail; /* what the next decode gives */
};

const struct llm_model *llm_of(const struct llm *g)
{
    return &g->model;
}

const struct llm_config *llm_model_config(const struct llm_model *m)
{
    return &m->config;
}

static void say(struct llm *g, float *logits)
{
    for (int i = 0; i < g->model.config.vocab; i++)
        logits[i] = 0;
    CHECK(g->said < g->n_script);
    logits[g->script[g->said++]] = 1;
}

int llm_prefill(struct llm *g, const struct llm_prompt *p, struct err *e)
{
    if (p->n > CONTEXT - g->length)
        return ERR(e, ERR_NOMEM, "the context is full");
    g->length += p->n;
    if (p->logits)
        say(g, p->logits);
    return 0;
}

int llm_decode(struct llm *g, const struct llm_step *steps, int n, float *logits, struct err *e)
{
    CHECK_EQ(n, 1);
    if (g->fail)
        return ERR(e, g->fail, "as told");
    if (g->length == CONTEXT)
        return ERR(e, ERR_NOMEM, "the context is full");
    g->length++;
    g->heard[g->n_heard++] = steps[0].token;
    say(g, logits);
    return 0;
}

uint64_t llm_logits_hash(const float *logits, size_t n)
{
    return logits && n > 0;
}

/* ---- ---- */

static struct tokenizer *bpe, *spm;

static struct tokenizer *open_family(const char *family)
{
    struct tokenizer *t = NULL;
    char path[256];
    json_t *root;

    snprintf(path, sizeof(path), "test/data/tokenizers/%s.json", family);
    root = json_load_file(path, 0, NULL);
    if (!root || tokenizer_from_json(&t, root, NULL, family, NULL) < 0)
        exit(1);
    json_decref(root);
    return t;
}

struct seen {
    char text[512];
    size_t n;
    int calls, tokens;
    int interrupt_at; /* the call that ends it; 0: none */
    bool cut;         /* something passed on was no whole characters */
};

static int on_text(void *self, const char *p, size_t n, struct err *e)
{
    struct seen *s = self;

    memcpy(s->text + s->n, p, n);
    s->n += n;
    s->text[s->n] = '\0';
    s->calls++;
    if (n > 0 && ((unsigned char)p[0] & 0xc0) == 0x80)
        s->cut = true;
    return s->calls == s->interrupt_at ? ERR(e, ERR_INTERRUPT, "stopped") : 0;
}

static void on_token(void *self, size_t index, int32_t id)
{
    struct seen *s = self;

    CHECK_EQ(index, s->tokens);
    CHECK(id >= 0);
    s->tokens++;
}

/* One generation: the model says `text` (special tokens by name), token by token. */
struct script {
    struct tokenizer *t;
    const char *prompt, *says;
    const char *stop[3];
    size_t max_tokens;
    bool ignore_eos;
    int fail, interrupt_at;
};

#define SCRIPT(...) (&(struct script){ __VA_ARGS__ })

static int play(const struct script *x, struct seen *s, struct generation *g, struct err *e)
{
    struct llm llm = { .fail = x->fail };
    struct tokens says = { 0 }, prompt = { 0 };
    struct llm_sampler *sampler = NULL;
    int rc;

    llm.model.config.vocab = tokenizer_size(x->t) + 5; /* padded, as vocabularies are */
    CHECK_EQ(tokenizer_encode(x->t, x->says, strlen(x->says), TOKENIZE_SPECIAL, &says, NULL), 0);
    CHECK_EQ(tokenizer_encode(x->t, x->prompt, strlen(x->prompt), TOKENIZE_SPECIAL, &prompt, NULL),
             0);
    CHECK(says.n < SCRIPT_MAX);
    for (size_t i = 0; i < says.n && i < SCRIPT_MAX; i++)
        llm.script[llm.n_script++] = says.id[i];
    llm.script[llm.n_script++] = tokenizer_size(x->t) + 2; /* a token that has no text */
    CHECK_EQ(llm_sampler_new(&sampler, &llm_sampler_greedy, llm.model.config.vocab, NULL), 0);
    *s = (struct seen){ .interrupt_at = x->interrupt_at };
    *g = (struct generation){
        .llm = &llm,
        .tokenizer = x->t,
        .sampler = sampler,
        .prompt = prompt.id,
        .n_prompt = prompt.n,
        .max_tokens = x->max_tokens ? x->max_tokens : says.n,
        .stop = x->stop,
        .ignore_eos = x->ignore_eos,
        .text = on_text,
        .token = on_token,
        .self = s,
    };
    while (g->n_stop < 3 && x->stop[g->n_stop])
        g->n_stop++;
    rc = generation_run(g, e);
    CHECK_EQ(s->tokens, g->n_tokens);
    /* What was drawn is what was decoded next. */
    for (int i = 0; i < llm.n_heard; i++)
        CHECK_EQ(llm.heard[i], llm.script[i]);
    llm_sampler_free(sampler);
    tokens_release(&says);
    tokens_release(&prompt);
    return rc;
}

static void check(const struct script *x, enum generation_end end, const char *want)
{
    struct generation g;
    struct seen s;
    struct err e = { 0 };

    CHECK_EQ(play(x, &s, &g, &e), 0);
    CHECK_EQ(g.end, end);
    CHECK_EQ(g.logits_hash, 1);
    CHECK_STR(s.text, want);
    CHECK(!s.cut);
}

static void test_ends(void)
{
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "Hello world<|im_end|>more"), GENERATION_EOS,
          "Hello world");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "Hello<|im_end|> world", .ignore_eos = true),
          GENERATION_LENGTH, "Hello world");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "Hello world", .max_tokens = 1),
          GENERATION_LENGTH, "Hello");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "<|im_end|>"), GENERATION_EOS, "");
    /* 24 positions, 4 taken by the prompt: 20 tokens are decoded, and one more is drawn. */
    check(SCRIPT(.t = bpe, .prompt = "1111", .says = "11111111111111111111111111111111"),
          GENERATION_CONTEXT, "111111111111111111111");
}

static void test_stops(void)
{
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "One.\n\nTwo", .stop = { "\n\n" }),
          GENERATION_STOP, "One.");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "12345678", .stop = { "456" }), GENERATION_STOP,
          "123");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "12345678", .stop = { "9", "67", "456" }),
          GENERATION_STOP, "123");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "1213121312141", .stop = { "12131214" }),
          GENERATION_STOP, "1213");
    /* A beginning that is none after all, and one that the end leaves. */
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "1245", .stop = { "123" }), GENERATION_LENGTH,
          "1245");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "4512", .stop = { "123" }), GENERATION_LENGTH,
          "4512");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "4512<|im_end|>", .stop = { "123" }),
          GENERATION_EOS, "4512");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "12", .stop = { "12" }), GENERATION_STOP, "");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "12", .stop = { "" }), GENERATION_LENGTH, "12");
    /* In the middle of a token, and of a character's tokens. */
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "Hello world", .stop = { "o w" }),
          GENERATION_STOP, "Hell");
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "x\xf0\x9f\x98\x80y",
                 .stop = { "\xf0\x9f\x98\x80" }),
          GENERATION_STOP, "x");
}

static void test_characters(void)
{
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80!"),
          GENERATION_LENGTH, "\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80!");
    /* Bytes that never become a character come out at the end. */
    check(SCRIPT(.t = bpe, .prompt = "a", .says = "ok\xf0\x9f\x98"), GENERATION_LENGTH,
          "ok\xf0\x9f\x98");
}

/* SentencePiece's space: an answer does not begin with one, a continuation does. */
static void test_spaces(void)
{
    check(SCRIPT(.t = spm, .prompt = "<|user|>Hi<|end|><|assistant|>", .says = "Hello world"),
          GENERATION_LENGTH, "Hello world");
    check(SCRIPT(.t = spm, .prompt = "Once upon", .says = "a time"), GENERATION_LENGTH, " a time");
}

static void test_failures_of_others(void)
{
    struct generation g;
    struct seen s;
    struct err e = { 0 };

    CHECK_EQ(play(SCRIPT(.t = bpe, .prompt = "a", .says = "12", .fail = ERR_IO), &s, &g, &e),
             ERR_IO);
    CHECK_STR(e.msg, "as told");
    CHECK_STR(s.text, "1");
    e = (struct err){ 0 };
    CHECK_EQ(play(SCRIPT(.t = bpe, .prompt = "", .says = "Hello"), &s, &g, &e), ERR_ARG);
    CHECK_EQ(
        play(SCRIPT(.t = bpe, .prompt = "a", .says = "12345", .interrupt_at = 3), &s, &g, NULL),
        ERR_INTERRUPT);
    CHECK_STR(s.text, "12"); /* the first call is the prompt's */
    CHECK_EQ(
        play(SCRIPT(.t = bpe, .prompt = "1111111111111111111111111", .says = "1"), &s, &g, NULL),
        ERR_NOMEM);
}

/* Each allocation of a generation in turn. */
static void test_no_memory(void)
{
    uint64_t n = 0;
    int rc;

    do {
        struct llm llm = { .n_script = 3, .script = { 5, 6, 7 } };
        struct llm_sampler *sampler = NULL;
        struct err e = { 0 };
        struct generation g = { .llm = &llm,
                                .tokenizer = bpe,
                                .prompt = (const int32_t[]){ 1 },
                                .n_prompt = 1,
                                .max_tokens = 3 };

        llm.model.config.vocab = tokenizer_size(bpe);
        CHECK_EQ(llm_sampler_new(&sampler, &llm_sampler_greedy, llm.model.config.vocab, NULL), 0);
        g.sampler = sampler;
        mem_fail_at(++n);
        rc = generation_run(&g, &e);
        mem_fail_at(0);
        CHECK(rc == 0 || (rc == ERR_NOMEM && e.msg[0]));
        llm_sampler_free(sampler);
    } while (rc < 0 && n < 20);
    CHECK(rc == 0 && n > 2);
}

int main(void)
{
    bpe = open_family("qwen2");
    spm = open_family("phi-3");
    test_ends();
    test_stops();
    test_characters();
    test_spaces();
    test_failures_of_others();
    test_no_memory();
    tokenizer_close(bpe);
    tokenizer_close(spm);
    TEST_DONE();
}
