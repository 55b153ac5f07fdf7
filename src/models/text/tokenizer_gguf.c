/* tokenizer_gguf.c - a tokenizer from GGUF's tokenizer.ggml.* keys. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/size.h"
#include "models/text/tokenizer_parts.h"
#include "models/text/utf8.h"

#define KEY(name) "tokenizer.ggml." name

static bool equal(struct span s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static int read_pre(struct tokenizer *t, const struct model_file *m, struct err *e)
{
    static const struct {
        const char *name;
        enum pre_tokenizer_kind kind;
    } names[] = {
        { "gpt-2", PRE_GPT2 },       { "qwen2", PRE_QWEN2 },   { "smollm", PRE_SMOLLM },
        { "llama-bpe", PRE_LLAMA3 }, { "llama3", PRE_LLAMA3 }, { "llama-v3", PRE_LLAMA3 }
    };
    struct span pre = { "", 0 }, architecture;

    if (!model_file_string(m, KEY("pre"), &pre) &&
        model_file_string(m, "general.architecture", &architecture) && equal(architecture, "gpt2"))
        pre = (struct span){ "gpt-2", 5 }; /* files of this family are older than the key */
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (equal(pre, names[i].name)) {
            t->pre = names[i].kind;
            t->whole_words = t->pre == PRE_LLAMA3;
            return 0;
        }
    if (pre.n == 0)
        return ERR(e, ERR_FORMAT, "%s: no %s", model_file_path(m), KEY("pre"));
    return ERR(e, ERR_NOTSUP,
               "%s: pre-tokenizer \"%.*s\"; there are gpt-2, qwen2, smollm, llama-bpe",
               model_file_path(m), (int)(pre.n < 40 ? pre.n : 40), pre.p);
}

static int read_kind(struct tokenizer *t, const struct model_file *m, struct err *e)
{
    struct span model;
    int rc = 0;

    if (!model_file_string(m, KEY("model"), &model))
        return ERR(e, ERR_FORMAT, "%s: no tokenizer (no %s)", model_file_path(m), KEY("model"));
    if (equal(model, "gpt2"))
        TRY(read_pre(t, m, e));
    else if (equal(model, "llama"))
        t->spm = true;
    else
        rc = ERR(e, ERR_NOTSUP, "%s: tokenizer \"%.*s\"; there are gpt2 (BPE) and llama (SPM)",
                 model_file_path(m), (int)(model.n < 40 ? model.n : 40), model.p);
out:
    return rc;
}

/* A list that there must be, of n elements where n is not 0. */
static int list_of(const struct model_file *m, const char *key, size_t n, size_t *got,
                   struct err *e)
{
    enum gguf_type of;

    if (!model_file_array(m, key, &of, got))
        return ERR(e, ERR_FORMAT, "%s: no list %s", model_file_path(m), key);
    if (n && *got != n)
        return ERR(e, ERR_FORMAT, "%s: %s has %zu elements for %zu tokens", model_file_path(m), key,
                   *got, n);
    return 0;
}

static int read_pieces(struct tokenizer *t, const struct model_file *m, struct err *e)
{
    size_t n = 0, n_types = 0;
    bool typed = model_file_has(m, KEY("token_type"));
    int rc = 0;

    TRY(list_of(m, KEY("tokens"), 0, &n, e));
    if (n == 0 || n > INT32_MAX / 2)
        return ERR(e, ERR_FORMAT, "%s: a vocabulary of %zu tokens", model_file_path(m), n);
    if (typed)
        TRY(list_of(m, KEY("token_type"), n, &n_types, e));
    for (size_t i = 0; i < n; i++) {
        enum piece_kind kind;
        struct span s;
        int64_t type = 1;

        if (!model_file_array_string(m, KEY("tokens"), i, &s))
            return ERR(e, ERR_FORMAT, "%s: token %zu is no text", model_file_path(m), i);
        if (typed && (!model_file_array_int(m, KEY("token_type"), i, &type) || type < 1 ||
                      type > PIECE_KINDS))
            return ERR(e, ERR_FORMAT, "%s: token %zu has no type from 1 to %d", model_file_path(m),
                       i, PIECE_KINDS);
        kind = (enum piece_kind)(type - 1);
        if (kind == PIECE_USER)
            kind = tokenizer_added_kind(s.p, s.n);
        if (t->spm || kind != PIECE_NORMAL)
            TRY(vocabulary_add(&t->v, s.p, s.n, kind, e));
        else
            TRY(vocabulary_add_letters(&t->v, s.p, s.n, kind, e));
    }
    TRY(vocabulary_finish(&t->v, e));
out:
    return rc;
}

static int read_merges(struct tokenizer *t, const struct model_file *m, struct err *e)
{
    size_t n = 0;
    int rc = 0;

    TRY(list_of(m, KEY("merges"), 0, &n, e));
    TRY(bpe_init(&t->merges, n, e));
    for (size_t i = 0; i < n; i++) {
        struct span s;

        if (!model_file_array_string(m, KEY("merges"), i, &s))
            return ERR(e, ERR_FORMAT, "%s: merge %zu is no text", model_file_path(m), i);
        TRY(tokenizer_add_merge_text(t, s, (int32_t)i, e));
    }
out:
    return rc;
}

/* ---- SentencePiece: any two pieces may become one that is a piece; the best score first ---- */

struct scored {
    float score;
    int32_t id;
};

static int best_first(const void *x, const void *y)
{
    const struct scored *a = x, *b = y;

    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

/* No piece that was trained is longer; a file with longer ones would let loading take forever. */
enum { SPM_PIECE_MAX_BYTES = 256 };

/* Every way to make a piece from two.  Gives their number, or adds them. */
static int split_piece(struct tokenizer *t, int32_t id, int32_t rank, struct err *e)
{
    const struct piece *piece = &t->v.piece[id];
    const char *p = t->v.bytes + piece->at;
    int rc = 0;

    if (piece->n > SPM_PIECE_MAX_BYTES)
        return ERR(e, ERR_NOTSUP, "token %d: a piece of %u bytes, more than %d", id, piece->n,
                   SPM_PIECE_MAX_BYTES);
    for (uint32_t k = 1; k < piece->n; k++) {
        int32_t left, right;

        if (((unsigned char)p[k] & 0xc0) == 0x80)
            continue;
        left = vocabulary_find(&t->v, p, k);
        right = left < 0 ? -1 : vocabulary_find(&t->v, p + k, piece->n - k);
        if (right >= 0)
            TRY(bpe_add(&t->merges, left, right, rank, id, e));
    }
out:
    return rc;
}

static int read_scores(struct tokenizer *t, const struct model_file *m, struct err *e)
{
    size_t n = 0, splits = 0, used = 0;
    struct scored *by_score = NULL;
    int32_t rank = 0;
    int rc = 0;

    TRY(list_of(m, KEY("scores"), (size_t)t->v.n, &n, e));
    by_score = mem_calloc(n, sizeof(*by_score));
    if (!by_score)
        TRY(ERR(e, ERR_NOMEM, "the scores of %zu tokens", n));
    for (size_t i = 0; i < n; i++) {
        double score;

        if (!model_file_array_float(m, KEY("scores"), i, &score) || isnan(score))
            TRY(ERR(e, ERR_FORMAT, "%s: token %zu has no score", model_file_path(m), i));
        if (t->v.piece[i].kind != PIECE_NORMAL)
            continue;
        by_score[used++] = (struct scored){ (float)score, (int32_t)i };
        splits += t->v.piece[i].n;
    }
    qsort(by_score, used, sizeof(*by_score), best_first);
    TRY(bpe_init(&t->merges, splits, e));
    for (size_t i = 0; i < used; i++) {
        if (i > 0 && by_score[i].score != by_score[i - 1].score)
            rank = (int32_t)i;
        TRY(split_piece(t, by_score[i].id, rank, e));
    }
out:
    mem_free(by_score);
    return rc;
}

/* ---- */

static int read_id(const struct model_file *m, const char *key, int32_t *out, struct err *e)
{
    int64_t id;

    if (!model_file_has(m, key))
        return 0;
    /* Some converters write -1 for none. */
    if (!model_file_int(m, key, &id) || id < -1 || id > INT32_MAX)
        return ERR(e, ERR_FORMAT, "%s: %s is no token", model_file_path(m), key);
    *out = (int32_t)id;
    return 0;
}

static int read_rest(struct tokenizer *t, const struct model_file *m, struct err *e)
{
    int32_t unknown = -1;
    int rc = 0;

    t->add_bos = t->spm || t->pre == PRE_LLAMA3;
    t->space_prefix = t->spm;
    model_file_bool(m, KEY("add_bos_token"), &t->add_bos);
    model_file_bool(m, KEY("add_eos_token"), &t->add_eos);
    if (t->spm)
        model_file_bool(m, KEY("add_space_prefix"), &t->space_prefix);
    TRY(read_id(m, KEY("bos_token_id"), &t->bos, e));
    TRY(read_id(m, KEY("eos_token_id"), &t->eos, e));
    TRY(read_id(m, KEY("unknown_token_id"), &unknown, e));
    if (t->spm) /* byte-level BPE has none in its encoder, whatever the file names for padding */
        t->unknown = unknown;
out:
    return rc;
}

int tokenizer_from_gguf(struct tokenizer **out, const struct model_file *m, struct err *e)
{
    struct tokenizer *t = tokenizer_alloc(e);
    int rc = 0;

    if (!t)
        return ERR_NOMEM;
    TRY(read_kind(t, m, e));
    TRY(read_pieces(t, m, e));
    TRY(t->spm ? read_scores(t, m, e) : read_merges(t, m, e));
    TRY(read_rest(t, m, e));
    TRY(added_init(&t->added, &t->v, e));
    TRY(tokenizer_finish(t, e));
    *out = t;
out:
    if (rc < 0)
        tokenizer_close(t);
    return rc;
}
