/* llm_vocab.c - the vocabulary of a model that is being written. */
#include "models/llm/llm_vocab.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "models/text/tokenizer_parts.h"
#include "json/jsonio.h"

enum { TOKEN_MAX = 24, TYPE_NORMAL = 1, TYPE_CONTROL = 3, TYPE_UNUSED = 5 };

/* GPT-2's letters for bytes (Radford et al., 2019): printable ones are themselves, the others
 * follow from 256 on. */
static unsigned letter_of(unsigned byte)
{
    unsigned others = 0;

    for (unsigned b = 0; b <= byte; b++) {
        bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;

        if (b == byte && printable)
            return b;
        others += !printable;
    }
    return 255 + others;
}

/* The name of token i of the byte vocabulary. */
static const char *byte_token(int i, char buf[TOKEN_MAX])
{
    unsigned letter;

    if (i == LLM_VOCAB_END)
        return "<|endoftext|>";
    if (i > LLM_VOCAB_END) {
        snprintf(buf, TOKEN_MAX, "<|unused%d|>", i);
        return buf;
    }
    letter = letter_of((unsigned)i);
    if (letter < 0x80) {
        buf[0] = (char)letter;
        buf[1] = '\0';
    } else {
        buf[0] = (char)(0xc0 | letter >> 6);
        buf[1] = (char)(0x80 | (letter & 0x3f));
        buf[2] = '\0';
    }
    return buf;
}

/* The tokens of a model: name, type and score of each. */
struct vocab {
    struct span *name;
    char *text; /* of the names that are ours: TOKEN_MAX each */
    int32_t *type;
    float *score;
    size_t n;
};

static void vocab_release(struct vocab *v)
{
    mem_free(v->name);
    mem_free(v->text);
    mem_free(v->type);
    mem_free(v->score);
}

/* n tokens, all of them those of the byte vocabulary. */
static int vocab_init(struct vocab *v, size_t n, struct err *e)
{
    *v = (struct vocab){ .name = mem_calloc(n, sizeof(*v->name)),
                         .text = mem_calloc(n, TOKEN_MAX),
                         .type = mem_calloc(n, sizeof(*v->type)),
                         .score = mem_calloc(n, sizeof(*v->score)),
                         .n = n };
    if (!v->name || !v->text || !v->type || !v->score)
        return ERR(e, ERR_NOMEM, "no memory for a vocabulary of %zu tokens", n);
    for (size_t i = 0; i < n; i++) {
        const char *s = byte_token((int)i, v->text + i * TOKEN_MAX);

        v->name[i] = (struct span){ s, strlen(s) };
        v->type[i] = i < LLM_VOCAB_END    ? TYPE_NORMAL
                     : i == LLM_VOCAB_END ? TYPE_CONTROL
                                          : TYPE_UNUSED;
    }
    return 0;
}

static int put_string(struct model_writer *w, const char *key, const char *value, struct err *e)
{
    return model_writer_string(w, key, (struct span){ value, strlen(value) }, e);
}

static int put_bytes(struct model_writer *w, const struct vocab *v, struct err *e)
{
    int rc;

    TRY(put_string(w, "tokenizer.ggml.model", "gpt2", e));
    TRY(put_string(w, "tokenizer.ggml.pre", "gpt-2", e));
    TRY(model_writer_strings(w, "tokenizer.ggml.tokens", v->name, v->n, e));
    TRY(model_writer_numbers(w, "tokenizer.ggml.token_type", GGUF_I32, v->type, v->n, e));
    TRY(model_writer_strings(w, "tokenizer.ggml.merges", NULL, 0, e));
    TRY(model_writer_int(w, "tokenizer.ggml.bos_token_id", GGUF_U32, LLM_VOCAB_END, e));
    TRY(model_writer_int(w, "tokenizer.ggml.eos_token_id", GGUF_U32, LLM_VOCAB_END, e));
    TRY(model_writer_bool(w, "tokenizer.ggml.add_bos_token", false, e));
out:
    return rc;
}

/* The first `have` tokens are those of `from`. */
static int take_tokens(struct vocab *v, const struct model_file *from, size_t have, struct err *e)
{
    for (size_t i = 0; i < have; i++) {
        int64_t type = TYPE_NORMAL;
        double score = 0;

        if (!model_file_array_string(from, "tokenizer.ggml.tokens", i, &v->name[i]))
            return ERR(e, ERR_FORMAT, "%s: tokenizer.ggml.tokens are no strings",
                       model_file_path(from));
        model_file_array_int(from, "tokenizer.ggml.token_type", i, &type);
        model_file_array_float(from, "tokenizer.ggml.scores", i, &score);
        v->type[i] = (int32_t)type;
        v->score[i] = (float)score;
    }
    return 0;
}

static bool span_is(struct span s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static int put_from(struct model_writer *w, const struct model_file *from, const struct vocab *v,
                    struct err *e)
{
    static const char prefix[] = "tokenizer.";
    int rc = 0;

    for (size_t i = 0; i < model_file_keys(from); i++) {
        enum gguf_type type;
        struct span key = model_file_key(from, i, &type);

        if (key.n < strlen(prefix) || memcmp(key.p, prefix, strlen(prefix)) != 0)
            continue;
        if (span_is(key, "tokenizer.ggml.tokens"))
            TRY(model_writer_strings(w, "tokenizer.ggml.tokens", v->name, v->n, e));
        else if (span_is(key, "tokenizer.ggml.token_type"))
            TRY(model_writer_numbers(w, "tokenizer.ggml.token_type", GGUF_I32, v->type, v->n, e));
        else if (span_is(key, "tokenizer.ggml.scores"))
            TRY(model_writer_numbers(w, "tokenizer.ggml.scores", GGUF_F32, v->score, v->n, e));
        else
            TRY(model_writer_copy(w, from, i, e));
    }
out:
    return rc;
}

int llm_vocab_put(struct model_writer *w, const struct model_file *from, int vocab, struct err *e)
{
    struct vocab v = { 0 };
    enum gguf_type of;
    size_t have = 0;
    int rc;

    if (from && (!model_file_array(from, "tokenizer.ggml.tokens", &of, &have) || have == 0))
        return ERR(e, ERR_ARG, "%s: no vocabulary (tokenizer.ggml.tokens)", model_file_path(from));
    if (have > (size_t)vocab)
        return ERR(e, ERR_ARG, "%s: %zu tokens, where the model has room for %d",
                   model_file_path(from), have, vocab);
    TRY(vocab_init(&v, (size_t)vocab, e));
    if (from)
        TRY(take_tokens(&v, from, have, e));
    TRY(from ? put_from(w, from, &v, e) : put_bytes(w, &v, e));
out:
    vocab_release(&v);
    return rc;
}

/* ---- from tokenizer.json ---- */

/* The tokens as that file spells them, and the kinds that the tokenizer found. */
static int spell_tokens(struct vocab *v, const json_t *root, const struct tokenizer *t,
                        const char *path, struct err *e)
{
    json_t *pieces = json_object_get(json_object_get(root, "model"), "vocab"), *id, *token;
    const char *key;
    size_t i;

    if ((size_t)t->v.n > v->n)
        return ERR(e, ERR_FORMAT, "%s: %d tokens for a model of %zu", path, t->v.n, v->n);
    json_object_foreach(pieces, key, id)
    {
        v->name[json_integer_value(id)] = (struct span){ key, strlen(key) };
    }
    json_array_foreach(json_object_get(root, "added_tokens"), i, token)
    {
        const json_t *content = json_object_get(token, "content");

        v->name[json_integer_value(json_object_get(token, "id"))] =
            (struct span){ json_string_value(content), json_string_length(content) };
    }
    for (i = 0; i < v->n; i++)
        v->type[i] = i < (size_t)t->v.n ? t->v.piece[i].kind + 1 : TYPE_UNUSED;
    return 0;
}

/* "left right": older files have it so, newer ones as an array. */
static int merge_text(const json_t *merge, char *buf, size_t cap, struct span *out, struct err *e)
{
    const char *left = json_string_value(json_array_get(merge, 0));
    const char *right = json_string_value(json_array_get(merge, 1));
    int n;

    if (json_is_string(merge)) {
        *out = (struct span){ json_string_value(merge), json_string_length(merge) };
        return 0;
    }
    if (!left || !right)
        return ERR(e, ERR_FORMAT, "a merge of tokenizer.json is not two texts");
    n = snprintf(buf, cap, "%s %s", left, right);
    *out = (struct span){ buf, (size_t)n };
    return (size_t)n < cap ? 0 : ERR(e, ERR_NOTSUP, "a merge of %d bytes", n);
}

enum { MERGE_MAX = 1024 };

static int put_merges(struct model_writer *w, const json_t *merges, struct err *e)
{
    size_t n = json_array_size(merges), used = 0;
    struct span *s = mem_calloc(n + 1, sizeof(*s));
    char *text = NULL;
    int rc = 0;

    for (size_t i = 0; i < n; i++) /* room for those that are arrays */
        used += json_is_array(json_array_get(merges, i));
    text = mem_calloc(used + 1, MERGE_MAX);
    if (!s || !text) {
        rc = ERR(e, ERR_NOMEM, "no memory for %zu merges", n);
        goto out;
    }
    used = 0;
    for (size_t i = 0; i < n; i++) {
        TRY(merge_text(json_array_get(merges, i), text + used * MERGE_MAX, MERGE_MAX, &s[i], e));
        used += json_is_array(json_array_get(merges, i));
    }
    TRY(model_writer_strings(w, "tokenizer.ggml.merges", s, n, e));
out:
    mem_free(s);
    mem_free(text);
    return rc;
}

/* SentencePiece: the earlier a merge, the better the score of what it makes. */
static void score_merges(struct vocab *v, const struct bpe *merges)
{
    for (size_t i = 0; i < v->n; i++)
        v->score[i] = -1e9F;
    for (size_t i = 0; i < merges->slots; i++) {
        const struct bpe_rule *rule = &merges->slot[i];

        if (rule->left >= 0 && -(float)rule->rank > v->score[rule->id])
            v->score[rule->id] = -(float)rule->rank;
    }
}

static int put_id(struct model_writer *w, const char *key, int32_t id, struct err *e)
{
    return id < 0 ? 0 : model_writer_int(w, key, GGUF_U32, id, e);
}

static int put_ends(struct model_writer *w, const struct tokenizer *t, const json_t *config,
                    struct err *e)
{
    const char *chat = json_string_value(json_object_get(config, "chat_template"));
    int rc;

    TRY(put_id(w, "tokenizer.ggml.bos_token_id", t->bos, e));
    TRY(put_id(w, "tokenizer.ggml.eos_token_id", t->eos, e));
    TRY(put_id(w, "tokenizer.ggml.unknown_token_id", t->unknown, e));
    TRY(model_writer_bool(w, "tokenizer.ggml.add_bos_token", t->add_bos, e));
    TRY(model_writer_bool(w, "tokenizer.ggml.add_eos_token", t->add_eos, e));
    if (t->spm)
        TRY(model_writer_bool(w, "tokenizer.ggml.add_space_prefix", t->space_prefix, e));
    if (chat)
        TRY(put_string(w, "tokenizer.chat_template", chat, e));
out:
    return rc;
}

int llm_vocab_convert(struct model_writer *w, const struct model_file *from, int vocab,
                      struct err *e)
{
    const json_t *root = model_file_json(from, "tokenizer.json");
    struct tokenizer *t = NULL;
    struct vocab v = { 0 };
    int rc;

    TRY(tokenizer_open(&t, from, e));
    TRY(vocab_init(&v, (size_t)vocab, e));
    TRY(spell_tokens(&v, root, t, model_file_path(from), e));
    TRY(put_string(w, "tokenizer.ggml.model", t->spm ? "llama" : "gpt2", e));
    TRY(put_string(w, "tokenizer.ggml.pre", t->spm ? "default" : pre_tokenizer_name(t->pre), e));
    TRY(model_writer_strings(w, "tokenizer.ggml.tokens", v.name, v.n, e));
    TRY(model_writer_numbers(w, "tokenizer.ggml.token_type", GGUF_I32, v.type, v.n, e));
    if (t->spm) {
        score_merges(&v, &t->merges);
        TRY(model_writer_numbers(w, "tokenizer.ggml.scores", GGUF_F32, v.score, v.n, e));
    } else {
        TRY(put_merges(w, json_object_get(json_object_get(root, "model"), "merges"), e));
    }
    TRY(put_ends(w, t, model_file_json(from, "tokenizer_config.json"), e));
out:
    tokenizer_close(t);
    vocab_release(&v);
    return rc;
}

/* ---- tokenizer.json ---- */

static json_t *added_token(int id)
{
    char buf[TOKEN_MAX];

    return json_pack("{s:i, s:s, s:b, s:b, s:b, s:b, s:b}", "id", id, "content",
                     byte_token(id, buf), "single_word", 0, "lstrip", 0, "rstrip", 0, "normalized",
                     0, "special", 1);
}

json_t *llm_vocab_json(int vocab)
{
    json_t *pieces, *added, *all;
    bool lost = false;

    jsonio_init();
    pieces = json_object();
    added = json_array();
    for (int i = 0; i < vocab; i++) {
        char buf[TOKEN_MAX];

        jsonio_put(pieces, byte_token(i, buf), json_integer(i), &lost);
    }
    jsonio_append(added, added_token(LLM_VOCAB_END), &lost);
    all = json_pack("{s:s, s:n, s:n, s:o, s:n, s:{s:s, s:b, s:b, s:b}, s:n, "
                    "s:{s:s, s:b, s:b, s:b}, s:{s:s, s:n, s:b, s:o, s:[]}}",
                    "version", "1.0", "truncation", "padding", "added_tokens", added, "normalizer",
                    "pre_tokenizer", "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets", 1,
                    "use_regex", 1, "post_processor", "decoder", "type", "ByteLevel",
                    "add_prefix_space", 0, "trim_offsets", 1, "use_regex", 1, "model", "type",
                    "BPE", "unk_token", "byte_fallback", 0, "vocab", pieces, "merges");
    return jsonio_done(all, lost || !all);
}

json_t *llm_vocab_config_json(void)
{
    char buf[TOKEN_MAX];
    const char *end = byte_token(LLM_VOCAB_END, buf);

    jsonio_init();
    return json_pack("{s:s, s:s, s:s}", "tokenizer_class", "PreTrainedTokenizerFast", "bos_token",
                     end, "eos_token", end);
}
