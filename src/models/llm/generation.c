#include "models/llm/generation.h"

#include <string.h>

#include "core/mem.h"

/* Tokens of a prompt between two looks at whether to go on; whole passes of the engine. */
enum { PROMPT_STEP = 512 };

/* Text on its way out: what may yet become a character, then what may yet become a stop string. */
struct flow {
    struct generation *g;
    struct utf8_stream utf8;
    char *held; /* n_held of cap */
    size_t n_held, cap;
    char *piece; /* of one token, and behind it the whole characters of it: cap_piece each */
    size_t cap_piece;
    bool strip_space; /* the next text begins with a space that nobody wrote */
};

static int reserve(char **p, size_t *cap, size_t want, struct err *e)
{
    size_t n = *cap ? *cap : 256;
    char *grown;

    if (want <= *cap)
        return 0;
    while (n < want)
        n *= 2;
    grown = mem_realloc(*p, n, 1);
    if (!grown)
        return ERR(e, ERR_NOMEM, "%zu bytes of text", n);
    *p = grown;
    *cap = n;
    return 0;
}

static int pass_on(struct flow *f, size_t n, struct err *e)
{
    int rc = f->g->text ? f->g->text(f->g->self, f->held, n, e) : 0;

    memmove(f->held, f->held + n, f->n_held - n);
    f->n_held -= n;
    return rc;
}

/* Where the first stop string begins; n_held when there is none. */
static size_t find_stop(const struct flow *f)
{
    size_t first = f->n_held;

    for (int i = 0; i < f->g->n_stop; i++) {
        size_t n = strlen(f->g->stop[i]);
        const char *at = n ? memmem(f->held, f->n_held, f->g->stop[i], n) : NULL;

        if (at && (size_t)(at - f->held) < first)
            first = (size_t)(at - f->held);
    }
    return first;
}

/* How many bytes at the end may be the beginning of a stop string. */
static size_t may_stop(const struct flow *f)
{
    size_t longest = 0;

    for (int i = 0; i < f->g->n_stop; i++)
        for (size_t n = strlen(f->g->stop[i]); n-- > longest + 1;)
            if (n <= f->n_held && memcmp(f->held + f->n_held - n, f->g->stop[i], n) == 0)
                longest = n;
    return longest;
}

/* What came in, out as far as it may; *stopped when it holds a stop string. */
static int release(struct flow *f, bool *stopped, struct err *e)
{
    size_t stop = find_stop(f);

    *stopped = stop < f->n_held;
    if (*stopped) {
        f->n_held = stop;
        return pass_on(f, stop, e);
    }
    return pass_on(f, f->n_held - may_stop(f), e);
}

static int take_token(struct flow *f, int32_t id, bool *stopped, struct err *e)
{
    size_t n = tokenizer_piece(f->g->tokenizer, id, false, f->piece, f->cap_piece), skip = 0;
    int rc = 0;

    if (n > f->cap_piece) {
        TRY(reserve(&f->piece, &f->cap_piece, n, e));
        n = tokenizer_piece(f->g->tokenizer, id, false, f->piece, f->cap_piece);
    }
    if (n > 0) {
        skip = f->strip_space && f->piece[0] == ' ';
        f->strip_space = false;
    }
    TRY(reserve(&f->held, &f->cap, f->n_held + n + sizeof(f->utf8.held), e));
    f->n_held += utf8_stream_push(&f->utf8, f->piece + skip, n - skip, f->held + f->n_held);
    TRY(release(f, stopped, e));
out:
    return rc;
}

/* Nothing more comes: what was held back is text. */
static int take_rest(struct flow *f, bool *stopped, struct err *e)
{
    int rc = 0;

    TRY(reserve(&f->held, &f->cap, f->n_held + sizeof(f->utf8.held), e));
    f->n_held += utf8_stream_end(&f->utf8, f->held + f->n_held);
    TRY(release(f, stopped, e));
    if (!*stopped)
        TRY(pass_on(f, f->n_held, e));
out:
    return rc;
}

static int read_prompt(struct flow *f, float *logits, struct err *e)
{
    struct generation *g = f->g;
    int rc = 0;

    for (size_t at = 0; at < g->n_prompt;) {
        size_t n = g->n_prompt - at < PROMPT_STEP ? g->n_prompt - at : PROMPT_STEP;
        struct llm_prompt p = { .seq = g->seq,
                                .tokens = g->prompt + at,
                                .n = n,
                                .logits = at + n == g->n_prompt ? logits : NULL };

        TRY(llm_prefill(g->llm, &p, e));
        TRY(pass_on(f, 0, e));
        at += n;
    }
    for (size_t i = 0; i < g->n_prompt; i++)
        llm_sampler_accept(g->sampler, g->prompt[i]);
out:
    return rc;
}

/* The next logits; false at the end of the context, which is no failure. */
static int step(struct generation *g, int32_t id, float *logits, bool *full, struct err *e)
{
    const struct llm_step s = { g->seq, id };
    struct err why = { 0 };
    int rc = llm_decode(g->llm, &s, 1, logits, &why);

    *full = rc == ERR_NOMEM;
    return rc < 0 && !*full ? ERR(e, rc, "%s", why.msg) : 0;
}

static int generate(struct flow *f, float *logits, struct err *e)
{
    struct generation *g = f->g;
    bool stopped = false, full = false;
    int rc = 0;

    g->end = GENERATION_LENGTH;
    while (g->n_tokens < g->max_tokens) {
        int32_t id = -1;

        TRY(llm_sampler_next(g->sampler, logits, &id, e));
        llm_sampler_accept(g->sampler, id);
        if (g->token)
            g->token(g->self, g->n_tokens, id);
        g->n_tokens++;
        if (tokenizer_ends(g->tokenizer, id) && !g->ignore_eos) {
            g->end = GENERATION_EOS;
            break;
        }
        TRY(take_token(f, id, &stopped, e));
        if (stopped) {
            g->end = GENERATION_STOP;
            return 0;
        }
        if (g->n_tokens == g->max_tokens)
            break;
        TRY(step(g, id, logits, &full, e));
        if (full) {
            g->end = GENERATION_CONTEXT;
            break;
        }
    }
    TRY(take_rest(f, &stopped, e));
    if (stopped)
        g->end = GENERATION_STOP;
out:
    return rc;
}

int generation_run(struct generation *g, struct err *e)
{
    struct flow f = { .g = g };
    float *logits = NULL;
    int rc = 0;

    g->n_tokens = 0;
    g->logits_hash = 0;
    if (g->n_prompt == 0)
        return ERR(e, ERR_ARG, "a prompt of no tokens");
    logits = mem_calloc((size_t)llm_model_config(llm_of(g->llm))->vocab, sizeof(*logits));
    if (!logits)
        TRY(ERR(e, ERR_NOMEM, "the logits of %d tokens", llm_model_config(llm_of(g->llm))->vocab));
    f.strip_space = tokenizer_space_after(g->tokenizer, g->prompt[g->n_prompt - 1]);
    TRY(reserve(&f.held, &f.cap, 1, e));
    TRY(reserve(&f.piece, &f.cap_piece, 1, e));
    TRY(read_prompt(&f, logits, e));
    rc = generate(&f, logits, e);
    g->logits_hash = llm_logits_hash(logits, (size_t)llm_model_config(llm_of(g->llm))->vocab);
out:
    mem_free(f.held);
    mem_free(f.piece);
    mem_free(logits);
    return rc;
}
