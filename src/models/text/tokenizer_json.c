/* tokenizer_json.c - a tokenizer from a Hugging Face tokenizer.json. */
#include <string.h>

#include "core/mem.h"
#include "models/text/tokenizer_parts.h"

/* One file being read. */
struct reading {
    struct tokenizer *t;
    const json_t *root, *model, *config;
    const char *name;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : "";
}

static bool is_type(const json_t *object, const char *type)
{
    return strcmp(text_of(object, "type"), type) == 0;
}

static int refuse(const struct reading *r, const char *what, const char *which, struct err *e)
{
    return ERR(e, ERR_NOTSUP, "%s: %s \"%.100s\" is not one that we have", r->name, what, which);
}

/* ---- what is done before merging ---- */

/* As the files write them. */
#define MODERN(no)                                                   \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" no \
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static int read_pattern(struct reading *r, const json_t *split, struct err *e)
{
    const char *pattern = text_of(json_object_get(split, "pattern"), "Regex");

    if (!is_type(split, "Split") || strcmp(text_of(split, "behavior"), "Isolated") != 0 ||
        json_is_true(json_object_get(split, "invert")))
        return refuse(r, "pre-tokenizer", text_of(split, "type"), e);
    if (strcmp(pattern, MODERN("\\p{N}")) == 0)
        r->t->pre = PRE_QWEN2;
    else if (strcmp(pattern, MODERN("\\p{N}{1,3}")) == 0)
        r->t->pre = PRE_LLAMA3;
    else
        return refuse(r, "pre-tokenizer pattern", pattern, e);
    return 0;
}

static int read_byte_level(const struct reading *r, const json_t *pre, bool regex, struct err *e)
{
    const json_t *use_regex = json_object_get(pre, "use_regex"); /* absent: true */

    if (!is_type(pre, "ByteLevel"))
        return refuse(r, "pre-tokenizer", text_of(pre, "type"), e);
    if (json_is_true(json_object_get(pre, "add_prefix_space")) || json_is_false(use_regex) == regex)
        return refuse(r, "pre-tokenizer", "ByteLevel with a prefix space or another split", e);
    return 0;
}

static int read_pre_tokenizer(struct reading *r, struct err *e)
{
    const json_t *pre = json_object_get(r->root, "pre_tokenizer");
    const json_t *steps = json_object_get(pre, "pretokenizers"), *first = json_array_get(steps, 0);
    int rc = 0;

    if (!is_type(pre, "Sequence")) {
        TRY(read_byte_level(r, pre, true, e));
        r->t->pre = PRE_GPT2;
        return 0;
    }
    if (json_array_size(steps) != 2)
        return refuse(r, "pre-tokenizer", "Sequence of another length than 2", e);
    if (is_type(first, "Digits")) {
        if (!json_is_true(json_object_get(first, "individual_digits")))
            return refuse(r, "pre-tokenizer", "Digits together", e);
        r->t->pre = PRE_SMOLLM;
        TRY(read_byte_level(r, json_array_get(steps, 1), true, e));
    } else {
        TRY(read_pattern(r, first, e));
        TRY(read_byte_level(r, json_array_get(steps, 1), false, e));
    }
out:
    return rc;
}

/* SentencePiece's: spaces become U+2581, one is put in front.  Byte-level: nothing, or NFC, which
 * is not applied (tokenizer.h). */
static int read_normalizer(struct reading *r, struct err *e)
{
    const json_t *norm = json_object_get(r->root, "normalizer"), *step;
    const json_t *pre = json_object_get(r->root, "pre_tokenizer");
    bool replaced = false;
    size_t i;

    if (!r->t->spm) {
        if (json_is_object(norm) && !is_type(norm, "NFC"))
            return refuse(r, "normalizer", text_of(norm, "type"), e);
        return 0;
    }
    if (json_is_object(pre))
        return refuse(r, "pre-tokenizer", text_of(pre, "type"), e);
    json_array_foreach(json_object_get(norm, "normalizers"), i, step)
    {
        if (is_type(step, "Prepend") && strcmp(text_of(step, "prepend"), "\xe2\x96\x81") == 0)
            r->t->space_prefix = true;
        else if (is_type(step, "Replace") &&
                 strcmp(text_of(json_object_get(step, "pattern"), "String"), " ") == 0 &&
                 strcmp(text_of(step, "content"), "\xe2\x96\x81") == 0)
            replaced = true;
        else
            return refuse(r, "normalizer", text_of(step, "type"), e);
    }
    return replaced ? 0 : refuse(r, "normalizer", text_of(norm, "type"), e);
}

static int read_model(struct reading *r, struct err *e)
{
    r->model = json_object_get(r->root, "model");
    if (!json_is_object(r->model))
        return ERR(e, ERR_FORMAT, "%s: no \"model\"", r->name);
    /* Files of 2020 do not name the type of the only one that has merges. */
    if (!is_type(r->model, "BPE") &&
        !(is_type(r->model, "") && json_is_array(json_object_get(r->model, "merges"))))
        return refuse(r, "model", text_of(r->model, "type"), e);
    if (text_of(r->model, "continuing_subword_prefix")[0] ||
        text_of(r->model, "end_of_word_suffix")[0])
        return refuse(r, "model", "BPE with prefixes or suffixes of words", e);
    if (json_number_value(json_object_get(r->model, "dropout")) != 0)
        return refuse(r, "model", "BPE with dropout", e);
    r->t->spm = json_is_true(json_object_get(r->model, "byte_fallback"));
    r->t->whole_words = json_is_true(json_object_get(r->model, "ignore_merges"));
    return 0;
}

/* ---- the pieces: by id, which a file may list in any order ---- */

struct entry {
    const char *p;
    size_t n;
    enum piece_kind kind;
    bool lstrip, rstrip, added;
};

static int check_id(const struct reading *r, const json_t *id, size_t cap, size_t *out,
                    struct err *e)
{
    json_int_t i = json_integer_value(id);

    if (!json_is_integer(id) || i < 0 || (size_t)i >= cap)
        return ERR(e, ERR_FORMAT, "%s: a token's id is not a number from 0 to %zu", r->name,
                   cap - 1);
    *out = (size_t)i;
    return 0;
}

static int read_vocab(struct reading *r, struct entry *entry, size_t cap, struct err *e)
{
    json_t *vocab = json_object_get(r->model, "vocab"), *id;
    const char *unknown = text_of(r->model, "unk_token"), *key;
    size_t at;

    json_object_foreach(vocab, key, id)
    {
        enum piece_kind kind = PIECE_NORMAL;
        int rc = check_id(r, id, cap, &at, e);

        if (rc < 0)
            return rc;
        if (r->t->spm && byte_of_name(key, strlen(key)) >= 0)
            kind = PIECE_BYTE;
        if (unknown[0] && strcmp(key, unknown) == 0)
            r->t->unknown = (int32_t)at;
        entry[at] = (struct entry){ .p = key, .n = strlen(key), .kind = kind };
    }
    return 0;
}

static int read_added(struct reading *r, struct entry *entry, size_t cap, struct err *e)
{
    const json_t *token;
    size_t i, at;

    json_array_foreach(json_object_get(r->root, "added_tokens"), i, token)
    {
        const char *content = text_of(token, "content");
        size_t n = json_string_length(json_object_get(token, "content"));
        int rc = check_id(r, json_object_get(token, "id"), cap, &at, e);

        if (rc < 0)
            return rc;
        if (n == 0)
            return ERR(e, ERR_FORMAT, "%s: added token %zu has no content", r->name, at);
        if (json_is_true(json_object_get(token, "single_word")))
            return refuse(r, "added token with single_word", content, e);
        entry[at] = (struct entry){
            .p = content,
            .n = n,
            .added = true,
            .kind = json_is_true(json_object_get(token, "special"))
                        ? PIECE_CONTROL
                        : tokenizer_added_kind(content, n),
            .lstrip = json_is_true(json_object_get(token, "lstrip")),
            .rstrip = json_is_true(json_object_get(token, "rstrip")),
        };
    }
    return 0;
}

static int add_pieces(struct reading *r, const struct entry *entry, size_t n, struct err *e)
{
    struct vocabulary *v = &r->t->v;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        const struct entry *x = &entry[i];

        if (!x->p) /* an id that nothing has */
            TRY(vocabulary_add(v, "", 0, PIECE_UNUSED, e));
        else if (r->t->spm || x->added)
            TRY(vocabulary_add(v, x->p, x->n, x->kind, e));
        else
            TRY(vocabulary_add_letters(v, x->p, x->n, x->kind, e));
        v->piece[i].lstrip = x->lstrip;
        v->piece[i].rstrip = x->rstrip;
    }
    TRY(vocabulary_finish(v, e));
out:
    return rc;
}

static int read_pieces(struct reading *r, struct err *e)
{
    size_t listed = json_object_size(json_object_get(r->model, "vocab"));
    size_t cap = 2 * (listed + json_array_size(json_object_get(r->root, "added_tokens"))), n = 0;
    struct entry *entry = NULL;
    int rc = 0;

    if (listed == 0 || cap > INT32_MAX)
        return ERR(e, ERR_FORMAT, "%s: a vocabulary of %zu tokens", r->name, listed);
    entry = mem_calloc(cap, sizeof(*entry));
    if (!entry)
        return ERR(e, ERR_NOMEM, "a vocabulary of %zu tokens", listed);
    TRY(read_vocab(r, entry, cap, e));
    TRY(read_added(r, entry, cap, e));
    for (size_t i = 0; i < cap; i++)
        if (entry[i].p)
            n = i + 1;
    TRY(add_pieces(r, entry, n, e));
out:
    mem_free(entry);
    return rc;
}

static int read_merges(struct reading *r, struct err *e)
{
    const json_t *merges = json_object_get(r->model, "merges"), *merge;
    size_t i;
    int rc = 0;

    if (!json_is_array(merges))
        return ERR(e, ERR_FORMAT, "%s: no list \"merges\"", r->name);
    TRY(bpe_init(&r->t->merges, json_array_size(merges), e));
    json_array_foreach(merges, i, merge)
    {
        const json_t *a = json_array_get(merge, 0), *b = json_array_get(merge, 1);

        if (json_is_string(merge))
            TRY(tokenizer_add_merge_text(
                r->t, (struct span){ json_string_value(merge), json_string_length(merge) },
                (int32_t)i, e));
        else if (json_is_string(a) && json_is_string(b))
            TRY(tokenizer_add_merge(
                r->t, (struct span){ json_string_value(a), json_string_length(a) },
                (struct span){ json_string_value(b), json_string_length(b) }, (int32_t)i, e));
        else
            TRY(ERR(e, ERR_FORMAT, "%s: merge %zu is neither a text nor two", r->name, i));
    }
out:
    return rc;
}

/* ---- where a text begins and ends ---- */

/* The token that the configuration names, as text or as an object; -1 for none. */
static int32_t named_token(const struct reading *r, const char *key)
{
    const json_t *x = json_object_get(r->config, key);
    const char *name = json_is_object(x) ? text_of(x, "content") : json_string_value(x);

    return name && name[0] ? added_find(&r->t->added, &r->t->v, name, strlen(name)) : -1;
}

static const json_t *template_of(const json_t *post)
{
    const json_t *step;
    size_t i;

    if (is_type(post, "TemplateProcessing"))
        return json_object_get(post, "single");
    json_array_foreach(json_object_get(post, "processors"), i, step)
    {
        if (is_type(step, "TemplateProcessing"))
            return json_object_get(step, "single");
    }
    return NULL;
}

/* The special token at a place of the template, or -1. */
static int32_t template_token(const struct reading *r, const json_t *single, size_t at)
{
    const char *name = text_of(json_object_get(json_array_get(single, at), "SpecialToken"), "id");

    return name[0] ? added_find(&r->t->added, &r->t->v, name, strlen(name)) : -1;
}

static void read_ends(struct reading *r)
{
    const json_t *single = template_of(json_object_get(r->root, "post_processor")), *flag;
    size_t n = json_array_size(single);
    int32_t first = template_token(r, single, 0), last = n ? template_token(r, single, n - 1) : -1;

    r->t->bos = named_token(r, "bos_token");
    r->t->eos = named_token(r, "eos_token");
    r->t->add_bos = first >= 0;
    r->t->add_eos = n > 1 && last >= 0;
    if (first >= 0)
        r->t->bos = first;
    if (r->t->add_eos)
        r->t->eos = last;
    /* The classes that heed these two have templates too, and make them anew. */
    if (json_is_boolean(flag = json_object_get(r->config, "add_bos_token")))
        r->t->add_bos = json_is_true(flag);
    if (json_is_boolean(flag = json_object_get(r->config, "add_eos_token")))
        r->t->add_eos = json_is_true(flag);
}

int tokenizer_from_json(struct tokenizer **out, const json_t *root, const json_t *config,
                        const char *name, struct err *e)
{
    struct reading r = { .t = tokenizer_alloc(e), .root = root, .config = config, .name = name };
    int rc = 0;

    if (!r.t)
        return ERR_NOMEM;
    TRY(read_model(&r, e));
    TRY(read_normalizer(&r, e));
    if (!r.t->spm)
        TRY(read_pre_tokenizer(&r, e));
    TRY(read_pieces(&r, e));
    TRY(read_merges(&r, e));
    TRY(added_init(&r.t->added, &r.t->v, e)); /* by which the ends are named */
    read_ends(&r);
    TRY(tokenizer_finish(r.t, e));
    *out = r.t;
out:
    if (rc < 0)
        tokenizer_close(r.t);
    return rc;
}
