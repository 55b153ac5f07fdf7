#include "models/text/pre_tokenizer.h"

#include <stdbool.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/mem.h"
#include "models/text/utf8.h"

/* Unicode's White_Space, spelt out: PCRE2's \s also holds U+180E, which left it long ago. */
#define SPACE                                                                                    \
    "\\x09-\\x0d\\x20\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}" \
    "\\x{3000}"
#define S         "[" SPACE "]"
#define NOT_S     "[^" SPACE "]"
#define OTHER     "[^" SPACE "\\p{L}\\p{N}]"
#define SHORT     "'s|'t|'re|'ve|'m|'ll|'d"
#define ANY_SHORT "(?i:" SHORT ")"
#define MODERN(no)                                                                             \
    ANY_SHORT "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" no "| ?" OTHER "+[\\r\\n]*|" S "*[\\r\\n]+|" S \
              "+(?!" NOT_S ")|" S "+"

/* Radford et al., 2019 (encoder.py).  In SmolLM's, every digit is cut out before the rest is split
 * by GPT-2's: white space before a digit is then the end of a text, and taken whole. */
static const struct {
    const char *name, *pattern;
} kinds[PRE_KINDS] = {
    [PRE_GPT2] = { "gpt-2", SHORT "| ?\\p{L}+| ?\\p{N}+| ?" OTHER "+|" S "+(?!" NOT_S ")|" S "+" },
    [PRE_QWEN2] = { "qwen2", MODERN("\\p{N}") },
    [PRE_SMOLLM] = { "smollm", "\\p{N}|" SHORT "| ?\\p{L}+| ?" OTHER "+|" S "+(?![^" SPACE
                               "\\p{N}])|" S "+" },
    [PRE_LLAMA3] = { "llama-bpe", MODERN("\\p{N}{1,3}") },
};

struct pre_tokenizer {
    pcre2_code *code;
    pcre2_match_context *context;
    bool jit;
};

const char *pre_tokenizer_name(enum pre_tokenizer_kind kind)
{
    return kinds[kind].name;
}

/* PCRE2's memory is counted, and can be made to fail, like all other. */
static void *pcre_alloc(size_t n, void *unused)
{
    (void)unused;
    return mem_calloc(n, 1);
}

static void pcre_free(void *p, void *unused)
{
    (void)unused;
    mem_free(p);
}

int pre_tokenizer_new(struct pre_tokenizer **out, enum pre_tokenizer_kind kind, struct err *e)
{
    struct pre_tokenizer *t = mem_calloc(1, sizeof(*t));
    pcre2_general_context *general = pcre2_general_context_create(pcre_alloc, pcre_free, NULL);
    pcre2_compile_context *compile = general ? pcre2_compile_context_create(general) : NULL;
    PCRE2_SIZE at = 0;
    int why = 0, rc = 0;

    if (!t || !compile) {
        rc = ERR(e, ERR_NOMEM, "the pre-tokenizer \"%s\"", kinds[kind].name);
        goto out;
    }
    t->code = pcre2_compile((PCRE2_SPTR)kinds[kind].pattern, PCRE2_ZERO_TERMINATED,
                            PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED, &why, &at, compile);
    t->context = pcre2_match_context_create(general);
    if (!t->code || !t->context) {
        rc = ERR(e, ERR_NOMEM, "the pre-tokenizer \"%s\" does not compile (PCRE2 error %d at %zu)",
                 kinds[kind].name, why, (size_t)at);
        goto out;
    }
    /* A run of white space is gone through once for each way of splitting it: as many steps as it
     * is long, which is no reason to give up. */
    pcre2_set_match_limit(t->context, UINT32_MAX);
    /* Refused where memory must not be both written and run; then it is interpreted. */
    t->jit = pcre2_jit_compile(t->code, PCRE2_JIT_COMPLETE) == 0;
    *out = t;
out:
    pcre2_compile_context_free(compile);
    pcre2_general_context_free(general);
    if (rc < 0)
        pre_tokenizer_free(t);
    return rc;
}

void pre_tokenizer_free(struct pre_tokenizer *t)
{
    if (!t)
        return;
    pcre2_code_free(t->code);
    pcre2_match_context_free(t->context);
    mem_free(t);
}

/* The length of the word at `at` of n bytes of UTF-8. */
static int next_word(const struct pre_tokenizer *t, pcre2_match_data *data, const char *p, size_t n,
                     size_t at, size_t *length, struct err *e)
{
    int found = t->jit ? pcre2_jit_match(t->code, (PCRE2_SPTR)p, n, at, 0, data, t->context)
                       : PCRE2_ERROR_JIT_BADOPTION;

    if (!t->jit || found == PCRE2_ERROR_JIT_STACKLIMIT)
        found = pcre2_match(t->code, (PCRE2_SPTR)p, n, at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data,
                            t->context);
    if (found == PCRE2_ERROR_NOMEMORY || found == PCRE2_ERROR_HEAPLIMIT)
        return ERR(e, ERR_NOMEM, "splitting %zu bytes of text into words", n);
    BUG_ON(found < 0); /* each pattern matches every text */
    *length = pcre2_get_ovector_pointer(data)[1] - at;
    BUG_ON(*length == 0);
    return 0;
}

static int split_valid(const struct pre_tokenizer *t, pcre2_match_data *data, const char *p,
                       size_t n, const struct pre_tokenizer_sink *sink, struct err *e)
{
    size_t length = 0;
    int rc = 0;

    for (size_t at = 0; at < n; at += length) {
        TRY(next_word(t, data, p, n, at, &length, e));
        TRY(sink->word(sink->self, p + at, length, e));
    }
out:
    return rc;
}

/* How many bytes from p on begin no character. */
static size_t invalid(const char *p, size_t n)
{
    size_t at = 0;
    uint32_t cp;

    while (at < n && utf8_get(p + at, n - at, &cp) == 0)
        at++;
    return at;
}

int pre_tokenizer_split(const struct pre_tokenizer *t, const char *text, size_t n,
                        const struct pre_tokenizer_sink *sink, struct err *e)
{
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(t->code, NULL);
    int rc = 0;

    if (!data)
        return ERR(e, ERR_NOMEM, "splitting %zu bytes of text into words", n);
    for (size_t at = 0; at < n;) {
        size_t good = utf8_valid(text + at, n - at), bad = invalid(text + at + good, n - at - good);

        TRY(split_valid(t, data, text + at, good, sink, e));
        if (bad)
            TRY(sink->word(sink->self, text + at + good, bad, e));
        at += good + bad;
    }
out:
    pcre2_match_data_free(data);
    return rc;
}
